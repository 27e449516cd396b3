import type { DrillPlan, ReplicaSetIdentity } from '../../config/step-contracts.js';
import { ActorError } from '../actor.js';
import type { DeploymentState, Look, OwnedReplicaSet } from './deployments.js';

/**
 * What each deployment is rolled back to: the highest earlier revision with another pod template. Nothing is touched. Error:
 * DRILL_NOT_POSSIBLE with all obstacles at once, for a deployment that is missing, unsettled, paused, without pods or without an
 * earlier revision. Source: design section 7.
 */
export function planDrill(names: readonly string[], states: Look, namespace: string): DrillPlan {
  const outcomes = names.map((name) => planOne(name, states.get(name), namespace));
  const obstacles = outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [outcome] : []));
  if (names.length === 0) obstacles.push('no deployment is named: name at least one');
  if (obstacles.length > 0) {
    throw new ActorError(
      'DRILL_NOT_POSSIBLE',
      `The rollback drill cannot begin, nothing was touched:\n${obstacles.map((obstacle) => `- ${obstacle}`).join('\n')}`,
      { details: { obstacles } },
    );
  }
  return { deployments: outcomes.filter((outcome) => typeof outcome !== 'string') };
}

function planOne(name: string, state: DeploymentState | undefined, namespace: string): DrillPlan['deployments'][number] | string {
  if (state === undefined) return `deployment ${name} is not in namespace ${namespace}: deploy it, or correct DPP_K8S_NAMESPACE`;
  const { current, replicaSets } = state;
  if (state.unsettled !== null || current === null) {
    return `deployment ${name} is not settled: ${state.unsettled}; see kubectl rollout status deployment/${name}, and wait for it or mend it`;
  }
  const target = replicaSets.find(({ revision, template }) => revision < current.revision && template !== current.template);
  if (target === undefined) {
    return (
      `deployment ${name} has no earlier revision than ${current.revision} with another pod template: there is nothing to roll back to; ` +
      'deploy another release first, and see that spec.revisionHistoryLimit is not 0'
    );
  }
  return { name, original: identityOf(current), target: identityOf(target) };
}

/** What goes on record: the template itself may hold anything. */
function identityOf({ uid, name, podTemplateHash, images, revision }: OwnedReplicaSet): ReplicaSetIdentity {
  return { uid, name, podTemplateHash, images, revision };
}

export function isSame(one: ReplicaSetIdentity, other: ReplicaSetIdentity): boolean {
  return one.uid === other.uid && one.podTemplateHash === other.podTemplateHash;
}

/** For people. */
export function describe({ name, uid, revision, images }: ReplicaSetIdentity): string {
  return `${name} (revision ${revision}, ${images.join(', ')}, uid ${uid})`;
}
