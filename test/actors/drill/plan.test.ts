import { describe, expect, test } from '@jest/globals';
import type { DeploymentState, OwnedReplicaSet } from '../../../src/actors/drill/deployments.js';
import { describe as shown, isSame, planDrill } from '../../../src/actors/drill/plan.js';

/** Release `release` under the number `revision`, which need not be the same: an undo renumbers. */
function release(number: number, revision = number): OwnedReplicaSet {
  return {
    uid: `uid-${number}`,
    name: `dpp-api-hash${number}`,
    podTemplateHash: `hash${number}`,
    images: [`registry.example.com/dpp-api:${number}.0.0`, 'sidecar'],
    revision,
    availableReplicas: 2,
    template: `template ${number}`,
  };
}

const identity = ({ uid, name, podTemplateHash, images, revision }: OwnedReplicaSet) => ({
  uid,
  name,
  podTemplateHash,
  images,
  revision,
});

function state(replicaSets: readonly OwnedReplicaSet[], changes: Partial<DeploymentState> = {}): DeploymentState {
  const current = replicaSets[0] ?? null;
  return {
    name: 'dpp-api',
    current,
    revision: current?.revision ?? null,
    replicaSets,
    observed: true,
    unsettled: null,
    ...changes,
  };
}

const plan = (states: Readonly<Record<string, DeploymentState>>, names: readonly string[] = Object.keys(states)) =>
  planDrill(names, new Map(Object.entries(states)), 'dpp-staging');
const targetOf = (...replicaSets: OwnedReplicaSet[]) => plan({ 'dpp-api': state(replicaSets) }).deployments[0]?.target.name;

describe('the plan of the drill', () => {
  test('has both ends of every deployment by identity, without the templates', () => {
    const planned = plan({
      'dpp-api': state([release(3), release(2), release(1)]),
      'dpp-worker': state([release(2), release(1)]),
    });
    expect(planned).toEqual({
      deployments: [
        { name: 'dpp-api', original: identity(release(3)), target: identity(release(2)) },
        { name: 'dpp-worker', original: identity(release(2)), target: identity(release(1)) },
      ],
    });
    expect(JSON.stringify(planned)).not.toContain('template ');
  });

  test('names the deployments that are asked for, in that order, and no others', () => {
    const states = { a: state([release(2), release(1)]), b: state([release(2), release(1)]), c: state([release(2), release(1)]) };
    expect(plan(states, ['c', 'a']).deployments.map(({ name }) => name)).toEqual(['c', 'a']);
  });

  test('goes back to the highest earlier revision with another template', () => {
    const same = { ...release(2), template: release(3).template };
    expect(targetOf(release(3), same, release(1))).toBe('dpp-api-hash1');
    // A rollout that was undone is a later revision than what runs.
    const current = release(2);
    const states = { 'dpp-api': state([release(3), current, release(1)], { current }) };
    expect(plan(states).deployments[0]?.target.name).toBe('dpp-api-hash1');
  });

  test('is not possible without any deployment', () => {
    expect(() => plan({})).toThrow(
      expect.objectContaining({
        code: 'DRILL_NOT_POSSIBLE',
        message: 'The rollback drill cannot begin, nothing was touched:\n- no deployment is named: name at least one',
      }),
    );
  });

  test('names every obstacle at once', () => {
    const states = {
      fine: state([release(2), release(1)]),
      paused: state([release(2), release(1)], { unsettled: 'it is paused' }),
      torn: state([release(2), release(1)], { current: null, unsettled: 'not exactly one ReplicaSet has its revision 3' }),
      young: state([release(4)]),
      unchanged: state([release(2), { ...release(1), template: release(2).template }]),
    };
    const noEarlier = (name: string, revision: number) =>
      `deployment ${name} has no earlier revision than ${revision} with another pod template: there is nothing to roll back to; ` +
      'deploy another release first, and see that spec.revisionHistoryLimit is not 0';
    const obstacles = [
      'deployment paused is not settled: it is paused; see kubectl rollout status deployment/paused, and wait for it or mend it',
      'deployment torn is not settled: not exactly one ReplicaSet has its revision 3; see kubectl rollout status deployment/torn, and wait for it or mend it',
      noEarlier('young', 4),
      noEarlier('unchanged', 2),
      'deployment absent is not in namespace dpp-staging: deploy it, or correct DPP_K8S_NAMESPACE',
    ];
    expect(() => plan(states, [...Object.keys(states), 'absent'])).toThrow(
      expect.objectContaining({
        code: 'DRILL_NOT_POSSIBLE',
        message: `The rollback drill cannot begin, nothing was touched:\n${obstacles.map((text) => `- ${text}`).join('\n')}`,
        options: { details: { obstacles } },
      }),
    );
  });
});

describe('a ReplicaSet', () => {
  test('is the same by UID and hash, whatever its revision', () => {
    expect(isSame(release(1), release(1, 7))).toBe(true);
    expect(isSame(release(1), { ...release(1), uid: 'another' })).toBe(false);
    expect(isSame(release(1), { ...release(1), podTemplateHash: 'another' })).toBe(false);
  });

  test('is shown with all that tells it from others', () => {
    expect(shown(release(1, 7))).toBe('dpp-api-hash1 (revision 7, registry.example.com/dpp-api:1.0.0, sidecar, uid uid-1)');
  });
});
