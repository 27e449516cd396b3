/**
 * Which ReplicaSet belongs to a deployment's current template, and under which revision.
 *
 * As in Kubernetes' deployment util: a template that was run before takes up its old ReplicaSet (same name, hash and UID),
 * whose revision is then renumbered to one above all others. So a revision number is no lasting name of a template.
 */
import type { ObjectStore } from './object-store.js';
import {
  REVISION,
  REVISION_HISTORY,
  revisionOf,
  TEMPLATE_HASH,
  type Deployment,
  type DraftObject,
  type PodTemplate,
  type ReplicaSet,
} from './objects.js';
import { sameTemplate, templateHash, withHash } from './pod-template.js';
import type { PodCount } from './rolling-update.js';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export function matchingReplicaSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return sets.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
}

/** Takes up the ReplicaSet of the deployment's template, or creates it, and sees to it that its revision is the highest. */
export function chooseReplicaSet(
  store: ObjectStore,
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): { current: ReplicaSet; created: boolean } {
  const match = matchingReplicaSet(deployment, sets);
  const revision = Math.max(0, ...sets.filter((set) => set !== match).map(revisionOf)) + 1;
  if (match === undefined) {
    const draft = replicaSetDraft(deployment, deployment.spec.template, revision);
    return { current: store.create<ReplicaSet>('replicasets', draft), created: true };
  }
  const before = revisionOf(match);
  if (before >= revision) return { current: match, created: false };
  const history = [match.metadata.annotations?.[REVISION_HISTORY], String(before)].filter((entry) => entry !== undefined);
  const annotations = { ...match.metadata.annotations, [REVISION]: String(revision), [REVISION_HISTORY]: history.join(',') };
  const renumbered = store.replace('replicasets', { ...match, metadata: { ...match.metadata, annotations } });
  return { current: renumbered, created: false };
}

/** A new ReplicaSet of this deployment, without pods. */
export function replicaSetDraft(deployment: Deployment, template: PodTemplate, revision: number): DraftObject {
  const hash = templateHash(template);
  const annotations: Record<string, string> = { ...deployment.metadata.annotations, [REVISION]: String(revision) };
  delete annotations[LAST_APPLIED];
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace!,
      generation: 1,
      labels: { ...template.metadata.labels, [TEMPLATE_HASH]: hash },
      annotations,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: deployment.metadata.name,
          uid: deployment.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { ...deployment.spec.selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template: withHash(template, hash),
    },
    status: { replicas: 0, observedGeneration: 1 },
  };
}

/** The ReplicaSet with this many pods. */
export function scaled(set: ReplicaSet, { replicas, ready }: PodCount): ReplicaSet {
  const generation = (set.metadata.generation ?? 1) + (set.spec.replicas === replicas ? 0 : 1);
  return {
    ...set,
    metadata: { ...set.metadata, generation },
    spec: { ...set.spec, replicas },
    status: {
      replicas,
      observedGeneration: generation,
      ...(replicas > 0 && { fullyLabeledReplicas: replicas }),
      ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
    },
  };
}
