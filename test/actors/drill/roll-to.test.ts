import { beforeEach, describe, expect, test } from '@jest/globals';
import { ActorError } from '../../../src/actors/actor.js';
import { readDeployments, type Look } from '../../../src/actors/drill/deployments.js';
import { RUNBOOK_LIMITS, rollTo, type Move, type RolloutLimits } from '../../../src/actors/drill/roll-to.js';
import type { ReplicaSetIdentity } from '../../../src/config/step-contracts.js';
import { recordingLog, type RecordingLog } from '../recording-log.js';
import { imageOf } from './listed-objects.js';
import { DEPLOYMENT, rolloutCluster, type RolloutCluster } from './rollout-cluster.js';

const LIMITS: RolloutLimits = { statusSeconds: 7, observeMs: 500, pollMs: 1 };
const SHORT: RolloutLimits = { ...LIMITS, observeMs: 20 };

const identity = (release: number, revision = release): ReplicaSetIdentity => ({
  uid: `uid-${DEPLOYMENT}-${release}`,
  name: `${DEPLOYMENT}-hash${release}`,
  podTemplateHash: `hash${release}`,
  images: [imageOf(DEPLOYMENT, release)],
  revision,
});
const shown = (release: number, revision = release) =>
  `dpp-api-hash${release} (revision ${revision}, registry.example.com/dpp-api:${release}.0.0, uid uid-dpp-api-${release})`;

const BACK: Move = { deployment: DEPLOYMENT, from: identity(2), to: identity(1), phase: 'DRILL' };
const FORTH: Move = { deployment: DEPLOYMENT, from: identity(1), to: identity(2), phase: 'RESTORE' };

const annotation = (revision: number) => ({ 'deployment.kubernetes.io/revision': String(revision) });

let cluster: RolloutCluster;
let log: RecordingLog;
beforeEach(() => {
  cluster = rolloutCluster(2, { 1: 1, 2: 2 });
  log = recordingLog();
});

/** Without a look of before, as whoever takes up what an earlier attempt left. */
const roll = async (move = BACK, limits = LIMITS, signal = new AbortController().signal) =>
  (await rollTo(move, { kubectl: cluster, log, signal, limits }, null)).facts;
/** Having just looked. */
const rollOn = async (seen: Look) =>
  rollTo(BACK, { kubectl: cluster, log, signal: new AbortController().signal, limits: LIMITS }, seen);
const commands = () => cluster.calls.map(({ command }) => command);
const undos = () => commands().filter((command) => command.startsWith('rollout undo'));

async function failure(...args: Parameters<typeof roll>): Promise<ActorError> {
  return roll(...args).then(
    () => {
      throw new Error('it passed');
    },
    (error: ActorError) => error,
  );
}

test('the limits of the runbook: two minutes for a rollout, half a minute for the controller', () => {
  expect(RUNBOOK_LIMITS).toEqual({ statusSeconds: 120, observeMs: 30_000, pollMs: 500 });
});

describe('rolling a deployment', () => {
  test('undoes to the revision that the ReplicaSet has now, waits for the rollout, and verifies', async () => {
    // The plan's revision of the target was 1.
    cluster = rolloutCluster(2, { 1: 5, 2: 6 });
    expect(await roll()).toEqual({
      name: 'dpp-api',
      uid: 'uid-dpp-api-1',
      podTemplateHash: 'hash1',
      revision: 7,
      undone: true,
    });
    expect(cluster.calls).toEqual([
      { command: 'rollout undo deployment/dpp-api --to-revision=5', options: { log } },
      { command: 'rollout status deployment/dpp-api --timeout=7s', options: { timeoutMs: 22_000, log } },
    ]);
    expect(log.text()).toBe(
      `dpp-api: undo from ${shown(2, 6)} to ${shown(1, 5)}\n` + `dpp-api: verified, ${shown(1, 7)} runs and is fully available\n`,
    );
    expect(cluster.looks).toBe(2);
  });

  test('undoes nothing where it is already, and still proves it', async () => {
    cluster = rolloutCluster(1, { 1: 3, 2: 2 });
    expect(await roll()).toEqual({ name: 'dpp-api', uid: 'uid-dpp-api-1', podTemplateHash: 'hash1', revision: 3, undone: false });
    expect(commands()).toEqual(['rollout status deployment/dpp-api --timeout=7s']);
    expect(log.text()).toBe(
      `dpp-api: ${shown(1, 3)} is what runs already\ndpp-api: verified, ${shown(1, 3)} runs and is fully available\n`,
    );
  });

  test('does not count an undo that kubectl found to be done already', async () => {
    cluster.undo = (release) => {
      cluster.rollOut(release);
      return 'deployment.apps/dpp-api skipped rollback (current template already matches revision 1)\n';
    };
    expect((await roll()).undone).toBe(false);
  });

  test('waits until the controller has seen the last change', async () => {
    cluster.deployment = { status: { observedGeneration: 4 } };
    cluster.beforeLook = (look) => {
      if (look === 3) cluster.deployment = {};
    };
    expect((await roll()).undone).toBe(true);
    expect(cluster.looks).toBe(4);
  });

  test('waits until the revision is that of one ReplicaSet', async () => {
    cluster.revisions.set(2, 1);
    cluster.beforeLook = (look) => {
      if (look === 3) cluster.revisions.set(2, 2);
    };
    expect((await roll()).undone).toBe(true);
    expect(cluster.looks).toBe(4);
  });

  test('waits until a finished rollout has settled', async () => {
    cluster.beforeStatus = () => (cluster.deployment = { status: { replicas: 3 } });
    cluster.beforeLook = (look) => {
      if (look === 4) cluster.deployment = {};
    };
    expect((await roll()).undone).toBe(true);
    expect(cluster.looks).toBe(4);
  });

  test.each<[string, RolloutCluster['deployment']]>([
    ['still names the release before', { status: { observedGeneration: 4 }, metadata: { annotations: annotation(2) } }],
    ['names no release yet', { metadata: { annotations: annotation(9) } }],
  ])('waits as long as a finished rollout %s', async (_what, deployment) => {
    cluster.beforeStatus = () => (cluster.deployment = deployment);
    cluster.beforeLook = (look) => {
      if (look === 4) cluster.deployment = {};
    };
    expect((await roll()).undone).toBe(true);
    expect(cluster.looks).toBe(4);
  });

  test('undoes once more when an undo of an earlier attempt arrives late', async () => {
    cluster = rolloutCluster(1, { 1: 1, 2: 2 });
    cluster.beforeStatus = () => {
      if (cluster.looks === 1) cluster.rollOut(2);
    };
    expect(await roll()).toMatchObject({ undone: true, revision: 4 });
    expect(undos()).toEqual(['rollout undo deployment/dpp-api --to-revision=1']);
  });

  test('remembers its undo when the second round finds it done', async () => {
    let late = 0;
    cluster.undo = (release) => {
      late = release;
      return 'deployment.apps/dpp-api rolled back\n';
    };
    cluster.beforeLook = (look) => {
      if (look === 3) cluster.rollOut(late);
    };
    expect(await roll()).toMatchObject({ uid: 'uid-dpp-api-1', undone: true });
    expect(undos()).toHaveLength(1);
  });

  test('does not mind a release that came and went while it only looked', async () => {
    cluster = rolloutCluster(1, { 1: 1, 2: 2 });
    cluster.beforeStatus = () => {
      cluster.rollOut(3);
      cluster.rollOut(1);
    };
    expect(await roll()).toMatchObject({ uid: 'uid-dpp-api-1', undone: false });
  });
});

describe('after a look at the namespace', () => {
  let seen: Look;
  beforeEach(async () => {
    seen = await readDeployments(cluster);
    cluster.looks = 0;
  });

  test('it is not looked at again before the undo, and the proof is a look of its own, which is handed on', async () => {
    const rolled = await rollOn(seen);
    expect(rolled.facts).toMatchObject({ uid: 'uid-dpp-api-1', revision: 3, undone: true });
    expect(cluster.looks).toBe(1);
    expect(rolled.seen.get(DEPLOYMENT)?.current).toMatchObject({ uid: 'uid-dpp-api-1', revision: 3 });
  });

  test('where it runs already, that is still proven by a look of its own', async () => {
    cluster.rollOut(1);
    seen = await readDeployments(cluster);
    cluster.rollOut(3);
    await expect(rollOn(seen)).rejects.toMatchObject({
      code: 'DRILL_THIRD_PARTY',
      message: expect.stringContaining(shown(3, 4)),
    });
    expect(undos()).toEqual([]);
  });

  test('a release that came since then is named, though our undo has replaced it', async () => {
    cluster.rollOut(3);
    await expect(rollOn(seen)).rejects.toMatchObject({
      code: 'DRILL_THIRD_PARTY',
      message: expect.stringContaining(`${shown(3, 3)} was rolled out in between, and our undo may have replaced it`),
    });
  });

  test('it is looked at again when the look was not enough: the controller had not seen the last change', async () => {
    cluster.deployment = { status: { observedGeneration: 4 } };
    seen = await readDeployments(cluster);
    cluster.deployment = {};
    cluster.looks = 0;
    expect((await rollOn(seen)).facts.undone).toBe(true);
    expect(cluster.looks).toBe(2);
  });

  test('a second round looks anew', async () => {
    cluster.undo = (release) => {
      if (undos().length > 1) cluster.rollOut(release);
      return 'deployment.apps/dpp-api rolled back\n';
    };
    expect((await rollOn(seen)).facts.undone).toBe(true);
    expect(cluster.looks).toBe(3);
  });
});

describe('a deployment that does not get there', () => {
  const advice = 'See why with: kubectl describe deployment/dpp-api, and kubectl get events';

  test('after two rounds is not available', async () => {
    cluster.undo = () => 'deployment.apps/dpp-api rolled back\n';
    const error = await failure(BACK, SHORT);
    expect(error).toMatchObject({
      code: 'DRILL_NOT_AVAILABLE',
      message: `Deployment dpp-api did not get to dpp-api-hash1: ${shown(2)} runs, not ${shown(1)}. ${advice}`,
      options: { details: { deployment: 'dpp-api', to: identity(1) } },
    });
    expect(error.cause).toBeUndefined();
    expect(undos()).toHaveLength(2);
    expect(log.text()).not.toContain('verified');
  });

  test('since its rollout was not reported as finished, is not available, with what kubectl said', async () => {
    cluster.statusFails = new ActorError('KUBECTL_TIMEOUT', 'kubectl rollout status did not end. Try again.');
    const error = await failure(FORTH);
    expect(error.message).toBe(
      'Deployment dpp-api did not get to dpp-api-hash2: its rollout was not reported as finished. ' +
        `kubectl rollout status did not end. Try again. ${advice}`,
    );
    expect(error).toMatchObject({ code: 'RESTORE_NOT_AVAILABLE', cause: cluster.statusFails });
    expect(undos()).toEqual([]);
  });

  test('since its pods are not available, is not available, however long it takes', async () => {
    cluster.deployment = { status: { availableReplicas: 1, updatedReplicas: 1 } };
    const error = await failure(FORTH, { ...LIMITS, observeMs: 300 });
    expect(error).toMatchObject({
      code: 'RESTORE_NOT_AVAILABLE',
      message:
        'Deployment dpp-api did not get to dpp-api-hash2: of 2 wanted pods 1 are updated and 2 of these available; ' +
        `2 pods exist. ${advice}`,
    });
    expect(cluster.looks).toBeGreaterThanOrEqual(3);
  });

  test('whose rollout failed is not waited for until it settles', async () => {
    cluster.statusFails = new ActorError('KUBECTL_FAILED', 'exceeded its progress deadline.');
    cluster.beforeStatus = () => (cluster.deployment = { status: { replicas: 3 } });
    expect((await failure()).message).toContain('3 pods exist. exceeded its progress deadline.');
    expect(cluster.looks).toBe(2);
  });
});

describe('what is gone', () => {
  test('is the ReplicaSet to go to: nothing is undone', async () => {
    cluster = rolloutCluster(2, { 2: 2 });
    expect(await failure()).toMatchObject({
      code: 'DRILL_GONE',
      message:
        `Deployment dpp-api cannot go to ${shown(1)}: this ReplicaSet is no longer in its history. ` +
        'Deploy registry.example.com/dpp-api:1.0.0 anew, and see spec.revisionHistoryLimit.',
      options: { details: { deployment: 'dpp-api', to: identity(1) } },
    });
    expect(commands()).toEqual([]);
  });

  test('is the deployment', async () => {
    cluster.exists = false;
    expect(await failure(FORTH)).toMatchObject({
      code: 'RESTORE_GONE',
      message:
        `Deployment dpp-api no longer exists; it ran ${shown(1)} or ${shown(2)}. ` + 'Somebody has deleted it: deploy it anew.',
      options: { details: { deployment: 'dpp-api' } },
    });
  });

  test('is every image of the ReplicaSet', async () => {
    cluster = rolloutCluster(2, { 2: 2 });
    const to = { ...identity(1), images: ['a:1', 'b:1'] };
    expect((await failure({ ...BACK, to })).message).toContain('Deploy a:1, b:1 anew');
  });
});

describe('what can not be told', () => {
  const tail =
    "See that the cluster's deployment controller works, and that nobody changes the deployment: " +
    'kubectl get deployment/dpp-api -o yaml';

  test.each<[string, () => void, string]>([
    [
      'the controller does not react',
      () => (cluster.deployment = { status: { observedGeneration: 4 } }),
      'its last change was not observed',
    ],
    [
      'no ReplicaSet has the revision',
      () => (cluster.deployment = { metadata: { annotations: annotation(9) } }),
      'not exactly one of its ReplicaSets has its revision 9',
    ],
    [
      'there is no revision',
      () => (cluster.deployment = { metadata: { annotations: {} } }),
      'not exactly one of its ReplicaSets has its revision (none)',
    ],
  ])('is what runs when %s', async (_why, arrange, why) => {
    arrange();
    expect(await failure(BACK, SHORT)).toMatchObject({
      code: 'DRILL_NOT_OBSERVED',
      message: `What deployment dpp-api runs cannot be told: ${why}. ${tail}`,
      options: { details: { deployment: 'dpp-api' } },
    });
    expect(commands()).toEqual([]);
  });
});

describe('somebody else', () => {
  const third = { uid: 'uid-dpp-api-3', name: 'dpp-api-hash3', images: ['registry.example.com/dpp-api:3.0.0'] };
  const tail = 'Find out who deploys to staging; the run can go on when one of the two known ones runs again.';

  test('whose release runs already is left alone', async () => {
    cluster = rolloutCluster(3, { 1: 1, 2: 2, 3: 3 });
    expect(await failure()).toMatchObject({
      code: 'DRILL_THIRD_PARTY',
      message:
        `Somebody else has changed deployment dpp-api. It now runs ${shown(3)}, and was left so; ` +
        `this run knows ${shown(2)} and ${shown(1)}. ${tail}`,
      options: { details: { deployment: 'dpp-api', running: third, from: identity(2), to: identity(1) } },
    });
    expect(commands()).toEqual([]);
  });

  test('who rolls out during our rollout is noticed at once, settled or not', async () => {
    cluster.beforeStatus = () => {
      cluster.rollOut(3);
      cluster.deployment = { status: { replicas: 3 } };
    };
    expect(await failure(FORTH)).toMatchObject({ code: 'RESTORE_THIRD_PARTY' });
    expect(cluster.looks).toBe(2);
  });

  test('whose release our undo has replaced is named', async () => {
    cluster.undo = (release) => {
      cluster.rollOut(3);
      cluster.rollOut(release);
      return 'deployment.apps/dpp-api rolled back\n';
    };
    const error = await failure();
    expect(error).toMatchObject({ code: 'DRILL_THIRD_PARTY', options: { details: { running: third } } });
    expect(error.message).toBe(
      `Somebody else has changed deployment dpp-api. ${shown(3)} was rolled out in between, and our undo may have replaced it; ` +
        `this run knows ${shown(2)} and ${shown(1)}. ${tail}`,
    );
  });

  test('who rolls out a known release once more is noticed by its new number', async () => {
    cluster = rolloutCluster(2, { 1: 1, 2: 2, 3: 3 });
    cluster.undo = (release) => {
      cluster.revisions.set(3, 4);
      cluster.rollOut(release);
      return 'deployment.apps/dpp-api rolled back\n';
    };
    cluster.running = 2;
    expect(await failure()).toMatchObject({ code: 'DRILL_THIRD_PARTY', options: { details: { running: third } } });
  });
});

describe('when the run is stopped', () => {
  test('no undo is begun', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(roll(BACK, LIMITS, stopped)).rejects.toThrow('stopped');
    expect(commands()).toEqual([]);
  });

  test('a wait ends with the reason', async () => {
    const controller = new AbortController();
    cluster.deployment = { status: { observedGeneration: 4 } };
    cluster.beforeLook = (look) => {
      if (look === 2) controller.abort(new Error('stopped'));
    };
    await expect(roll(BACK, { ...LIMITS, pollMs: 10 }, controller.signal)).rejects.toThrow('stopped');
    expect(cluster.looks).toBe(2);
  });

  test('a rollout that was cut off is no failure of the deployment', async () => {
    const controller = new AbortController();
    cluster.statusFails = new ActorError('KUBECTL_FAILED', 'killed.');
    cluster.beforeStatus = () => controller.abort(new Error('stopped'));
    await expect(roll(BACK, LIMITS, controller.signal)).rejects.toThrow('stopped');
  });

  test('a fault of ours is none of the deployment either', async () => {
    cluster.statusFails = new Error('the lease is lost');
    await expect(roll()).rejects.toBe(cluster.statusFails);
  });
});
