/** A deployment's `status`: counts over its ReplicaSets, and the two conditions that `kubectl rollout status` reads. */
import { timestamp, type Condition, type Deployment, type DeploymentStatus, type ReplicaSet } from './objects.js';
import { limitsOf } from './rolling-update.js';

export type RolloutPhase = 'progressing' | 'complete' | 'timed-out' | 'paused';

export function deploymentStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  phase: RolloutPhase,
): DeploymentStatus {
  const replicas = sum(sets, (set) => set.status.replicas);
  const ready = sum(sets, (set) => set.status.readyReplicas ?? 0);
  const { desired, maxUnavailable } = limitsOf(deployment);
  const conditions = [
    availability(ready >= desired - maxUnavailable),
    progress(phase, current?.metadata.name ?? deployment.metadata.name),
  ];
  const missing = Math.max(0, desired - ready);
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    // Go's omitempty: a count of zero is absent from the JSON.
    ...(replicas > 0 && { replicas }),
    ...(current && current.status.replicas > 0 && { updatedReplicas: current.status.replicas }),
    ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
    ...(missing > 0 && { unavailableReplicas: missing }),
    conditions: conditions.map((condition) => withTimes(condition, deployment.status.conditions ?? [])),
  };
}

type Finding = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

function availability(enough: boolean): Finding {
  return {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  };
}

function progress(phase: RolloutPhase, replicaSet: string): Finding {
  const type = 'Progressing';
  switch (phase) {
    case 'progressing':
      return { type, status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet "${replicaSet}" is progressing.` };
    case 'complete':
      return {
        type,
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `ReplicaSet "${replicaSet}" has successfully progressed.`,
      };
    case 'timed-out':
      return {
        type,
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: `ReplicaSet "${replicaSet}" has timed out progressing.`,
      };
    case 'paused':
      return { type, status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  }
}

/** An unchanged condition keeps its times, so that writing the same status again is no change. */
function withTimes(finding: Finding, known: readonly Condition[]): Condition {
  const before = known.find((condition) => condition.type === finding.type);
  const sameStatus = before?.status === finding.status;
  const same = sameStatus && before?.reason === finding.reason && before.message === finding.message;
  return {
    ...finding,
    lastUpdateTime: same ? before.lastUpdateTime : timestamp(),
    lastTransitionTime: sameStatus ? before.lastTransitionTime : timestamp(),
  };
}

function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0);
}
