import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActorContext, ActorError } from '../../src/actors/actor.js';
import { drillAppRollback } from '../../src/actors/drill-app-rollback.js';
import type { RolloutLimits } from '../../src/actors/drill/roll-to.js';
import { restoreStaging } from '../../src/actors/restore-staging.js';
import type { Settings } from '../../src/config/settings.js';
import type { DrillPlan } from '../../src/config/step-contracts.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { startStagingEnvironment, type StagingEnvironment } from './staging/staging-environment.js';

let environment: StagingEnvironment;
beforeEach(async () => {
  environment = await startStagingEnvironment();
});
afterEach(() => environment.stop());

const LIMITS: RolloutLimits = { statusSeconds: 20, observeMs: 1500, pollMs: 20 };
const ALL = ['dpp-api', 'dpp-worker', 'dpp-reaper'];
/** Two are enough for most promises, and faster. */
const NAMES = ['dpp-api', 'dpp-worker'];

const drill = (plan: DrillPlan | null = null, context: ActorContext = environment.context, settings: Partial<Settings> = {}) =>
  drillAppRollback({ ...environment.input({ deployments: NAMES, ...settings }), plan }, context, LIMITS);
const restore = (plan: DrillPlan, context: ActorContext = environment.context, settings: Partial<Settings> = {}) =>
  restoreStaging({ ...environment.input({ deployments: NAMES, ...settings }), plan }, context, LIMITS);
const log = () => environment.context.text(EVIDENCE.rollbackDrill);

/** The plan that the drill has put on record. */
function recordedPlan(context = environment.context): DrillPlan {
  const event = context.events.find(({ type }) => type === 'DRILL_PLANNED');
  if (event === undefined) throw new Error('no plan was recorded');
  return event['plan'] as DrillPlan;
}

/** Each undo that reached the cluster: deployment and image. */
const undos = () =>
  environment.kubernetes
    .effects()
    .flatMap((effect) =>
      effect.kind === 'write' && effect.patchType === 'json' ? [`${effect.deployment} ${versionOf(effect.toImage)}`] : [],
    );
const versionOf = (image: string | null) => image?.split(':').at(-1) ?? '';
const rollouts = (deployment: string) =>
  environment.kubernetes
    .effects()
    .flatMap((effect) => (effect.kind === 'rollout' && effect.deployment === deployment ? [versionOf(effect.toImage)] : []));

async function failure(promise: Promise<unknown>): Promise<ActorError> {
  return promise.then(
    () => {
      throw new Error('it passed');
    },
    (error: ActorError) => error,
  );
}

const thirdParty = (deployment: string) => ({ setImage: { deployment, image: `registry.example.com/${deployment}:9.9.9` } });
const backAndForth = (names: readonly string[]) =>
  ['1.0.0', '1.1.0'].flatMap((version) => names.map((name) => `${name} ${version}`));
const BACK_AND_FORTH = backAndForth(NAMES);

describe('the app rollback drill', () => {
  test('rolls every deployment back and forth, proves both, and writes both into one log', async () => {
    const drilled = await drill(null, environment.context, { deployments: ALL });
    const plan = recordedPlan();
    expect(drilled.deployments.map(({ uid, undone }) => ({ uid, undone }))).toEqual(
      plan.deployments.map(({ target }) => ({ uid: target.uid, undone: true })),
    );
    const restored = await restore(plan);
    expect(restored.deployments.map(({ uid, podTemplateHash, undone }) => ({ uid, podTemplateHash, undone }))).toEqual(
      plan.deployments.map(({ original: { uid, podTemplateHash } }) => ({ uid, podTemplateHash, undone: true })),
    );
    expect(undos()).toEqual(backAndForth(ALL));
    const text = await log();
    expect(text).toContain('DRILL RESULT: PASS');
    expect(text).toMatch(/RESTORE RESULT: PASS.*\n$/);
    expect(text.match(/: verified, /g)).toHaveLength(6);
  });

  test('puts the plan on record before the first undo', async () => {
    const seen: string[][] = [];
    const context = await environment.nextContext({ report: async () => void seen.push(undos()) });
    await drill(null, context);
    expect(seen).toEqual([[]]);
  });

  test('touches nothing when the plan cannot be recorded', async () => {
    const context = await environment.nextContext({ report: () => Promise.reject(new Error('the lease is lost')) });
    await expect(drill(null, context)).rejects.toThrow('the lease is lost');
    expect(undos()).toEqual([]);
  });

  test('repeated with its plan changes nothing, and neither does a repeated restore', async () => {
    await drill();
    const plan = recordedPlan();
    expect((await drill(plan)).deployments.every(({ undone }) => !undone)).toBe(true);
    await restore(plan);
    expect((await restore(plan)).deployments.every(({ undone }) => !undone)).toBe(true);
    expect(undos()).toEqual(BACK_AND_FORTH);
  });

  test.each(NAMES)('stopped at the undo of %s, goes on with exactly the undos that are missing', async (name) => {
    const controller = new AbortController();
    const stopped = await environment.nextContext({ signal: controller.signal });
    const running = failure(drill(null, stopped));
    await until(() => undos().some((undo) => undo.startsWith(name)));
    controller.abort(new Error('interrupted'));
    expect((await running).message).toBe('interrupted');

    const plan = recordedPlan(stopped);
    await drill(plan);
    await restore(plan);
    expect(undos()).toEqual(BACK_AND_FORTH);
    for (const each of NAMES) expect(rollouts(each)).toEqual(['1.0.0', '1.1.0']);
  });

  test('stopped half way and never repeated, is undone by the restore alone', async () => {
    const controller = new AbortController();
    const stopped = await environment.nextContext({ signal: controller.signal });
    const running = failure(drill(null, stopped));
    await until(() => undos().length === 1);
    controller.abort(new Error('interrupted'));
    await running;
    const { deployments } = await restore(recordedPlan(stopped));
    expect(deployments.map(({ undone }) => undone)).toEqual([true, false]);
    expect(undos()).toEqual(['dpp-api 1.0.0', 'dpp-api 1.1.0']);
  });

  test('takes an undo whose answer was lost for what it is: done', async () => {
    await environment.kubernetes.control({
      fault: { do: 'reset', verb: 'patch', resource: 'deployments', times: 1, afterEffect: true },
    });
    await failure(drill());
    await drill(recordedPlan());
    expect(undos().filter((undo) => undo.startsWith('dpp-api'))).toEqual(['dpp-api 1.0.0']);
  });

  test('goes by identity when the revisions were renumbered since the plan', async () => {
    await drill();
    const plan = recordedPlan();
    await restore(plan);
    // Now the target has a third number: the plan's is that of nothing.
    await drill(plan);
    const { deployments } = await restore(plan);
    expect(deployments.map(({ uid }) => uid)).toEqual(plan.deployments.map(({ original }) => original.uid));
    expect(undos()).toEqual([...BACK_AND_FORTH, ...BACK_AND_FORTH]);
  });

  test('names every obstacle at once and touches nothing', async () => {
    const { kubernetes } = environment;
    await kubernetes.control({ delete: { resource: 'deployments', name: 'dpp-api' } });
    await kubernetes.control({ put: await deploymentJson('dpp-worker', { paused: true }) });
    await kubernetes.control({ delete: { resource: 'replicasets', name: await earlierReplicaSet('dpp-reaper') } });
    const error = await failure(drill(null, environment.context, { deployments: ALL }));
    expect(error.code).toBe('DRILL_NOT_POSSIBLE');
    expect(error.message).toContain('dpp-api is not in namespace dpp-staging');
    expect(error.message).toContain('dpp-worker is not settled: it is paused');
    expect(error.message).toContain('dpp-reaper has no earlier revision');
    expect(environment.context.events).toEqual([]);
    expect(undos()).toEqual([]);
  });

  test('refuses a deployment that is scaled to nothing', async () => {
    await scaleToNothing('dpp-worker');
    await expect(drill()).rejects.toMatchObject({
      code: 'DRILL_NOT_POSSIBLE',
      message: expect.stringContaining('dpp-worker is not settled: it is scaled to 0 pods'),
    });
  });

  test('refuses a rollout that is on its way', async () => {
    await environment.kubernetes.control([{ stuck: ['dpp-worker'] }, thirdParty('dpp-worker')]);
    await expect(drill()).rejects.toMatchObject({
      code: 'DRILL_NOT_POSSIBLE',
      message: expect.stringContaining('dpp-worker is not settled'),
    });
    expect(undos()).toEqual([]);
  });

  test('refuses when the deployments may not be read', async () => {
    await environment.kubernetes.control({ fault: { resource: 'replicasets', do: 'status', status: 403 } });
    await expect(drill()).rejects.toMatchObject({ code: 'KUBECTL_FORBIDDEN' });
    expect(environment.context.events).toEqual([]);
  });

  test('stops at a release that the plan does not know, and leaves it alone', async () => {
    await drill(null, environment.context, { deployments: ['dpp-api'] });
    const plan = recordedPlan();
    await environment.kubernetes.control(thirdParty('dpp-api'));
    const error = await failure(drill(plan));
    expect(error.code).toBe('DRILL_THIRD_PARTY');
    for (const image of ['1.0.0', '1.1.0', '9.9.9']) expect(error.message).toContain(`dpp-api:${image}`);
    expect(undos()).toEqual(['dpp-api 1.0.0']);
  });

  test('detects a release that somebody else rolls out during ours', async () => {
    await environment.kubernetes.control({ onRolloutOf: 'dpp-worker', then: thirdParty('dpp-worker') });
    await expect(drill()).rejects.toMatchObject({
      code: 'DRILL_THIRD_PARTY',
      message: expect.stringContaining('dpp-worker:9.9.9'),
    });
    expect(undos()).toEqual(['dpp-api 1.0.0', 'dpp-worker 1.0.0']);
  });

  test('detects a release that its own undo has just replaced', async () => {
    const { kubernetes, context } = environment;
    /** A third party that rolls out its own between our last look and our undo. */
    const openLog: ActorContext['openLog'] = async (name, options) => {
      const opened = await context.openLog(name, options);
      const write: typeof opened.write = async (chunk) => {
        await opened.write(chunk);
        if (!String(chunk).startsWith('dpp-api: undo from')) return;
        await kubernetes.control(thirdParty('dpp-api'));
        await until(() => rollouts('dpp-api').includes('9.9.9'));
      };
      return { file: opened.file, write, close: () => opened.close() };
    };
    const error = await failure(drill(null, { ...context, openLog }));
    expect(error).toMatchObject({ code: 'DRILL_THIRD_PARTY', message: expect.stringContaining('was rolled out in between') });
    expect(error.message).toContain('dpp-api:9.9.9');
  });

  test('does not believe a rollout that never gets ready', async () => {
    await environment.kubernetes.control([{ stuck: ['dpp-api'] }, { timing: { progressDeadlineMs: 200 } }]);
    const error = await failure(drill());
    expect(error).toMatchObject({ code: 'DRILL_NOT_AVAILABLE', message: expect.stringContaining('of 2 wanted pods') });
    await environment.kubernetes.control({ stuck: [] });
    await restore(recordedPlan());
    expect(undos()).toEqual(['dpp-api 1.0.0', 'dpp-api 1.1.0']);
  });

  test('says that the earlier release is gone', async () => {
    const controller = new AbortController();
    const plans: DrillPlan[] = [];
    const report: ActorContext['report'] = async ({ plan }) => {
      plans.push(plan as DrillPlan);
      controller.abort(new Error('interrupted'));
    };
    await failure(drill(null, await environment.nextContext({ signal: controller.signal, report })));
    await environment.kubernetes.control({
      delete: { resource: 'replicasets', name: plans[0]?.deployments[0]?.target.name ?? '' },
    });
    await expect(drill(plans[0] ?? null)).rejects.toMatchObject({ code: 'DRILL_GONE' });
    expect(undos()).toEqual([]);
  });
});

describe('restoring staging', () => {
  test('goes on with the other deployments when one runs a third release, and names it', async () => {
    await drill(null, environment.context, { deployments: ALL });
    await environment.kubernetes.control(thirdParty('dpp-api'));
    const error = await failure(restore(recordedPlan()));
    expect(error.code).toBe('RESTORE_THIRD_PARTY');
    expect(error.options.details?.['leftBehind']).toEqual(['dpp-api']);
    expect(undos().slice(3)).toEqual(['dpp-worker 1.1.0', 'dpp-reaper 1.1.0']);
    expect(await log()).toMatch(/RESTORE RESULT: FAIL, /);
  });

  test('names all deployments when the cluster does not answer', async () => {
    await drill();
    await environment.kubernetes.control({ down: true });
    const error = await failure(restore(recordedPlan()));
    expect(error.code).toBe('RESTORE_FAILED');
    expect(error.options.details?.['leftBehind']).toEqual(NAMES);
  });

  test('does not take an exit 0 of rollout status for a proof: without pods nothing runs', async () => {
    await drill();
    await scaleToNothing('dpp-api');
    const error = await failure(restore(recordedPlan()));
    expect(error.options.details?.['leftBehind']).toEqual(['dpp-api']);
    expect(error.message).toContain('scaled to 0 pods');
    expect(await log()).toContain('deployment "dpp-api" successfully rolled out');
  });

  test('fails when the undo is forbidden', async () => {
    await drill();
    await environment.kubernetes.control({
      fault: { verb: 'patch', resource: 'deployments', name: 'dpp-worker', do: 'status', status: 403 },
    });
    const error = await failure(restore(recordedPlan()));
    expect(error.code).toBe('RESTORE_FAILED');
    expect(error.options.details?.['leftBehind']).toEqual(['dpp-worker']);
  });

  test('stops at once when the run is stopped', async () => {
    await drill();
    const controller = new AbortController();
    const context = await environment.nextContext({ signal: controller.signal });
    const running = failure(restore(recordedPlan(), context));
    await until(() => undos().length === 3);
    controller.abort(new Error('interrupted'));
    expect((await running).message).toBe('interrupted');
    expect(undos()).toHaveLength(3);
    await restore(recordedPlan());
    expect(undos()).toEqual(BACK_AND_FORTH);
  });

  test("runs the repository's drill script after the proof, and proves once more", async () => {
    await drill();
    const settings = {
      rollbackDrillScript: script('kubectl get deployment dpp-api -o "jsonpath={.spec.template.spec.containers[0].image}"'),
    };
    await restore(recordedPlan(), environment.context, settings);
    const text = await log();
    expect(text).toContain('registry.example.com/dpp-api:1.1.0');
    expect(text.match(/is what runs already/g)).toHaveLength(2);
  });

  test('restores what the script left rolled back, and fails', async () => {
    await drill();
    const settings = {
      rollbackDrillScript: script('kubectl rollout undo deployment/dpp-api && kubectl rollout status deployment/dpp-api'),
    };
    const error = await failure(restore(recordedPlan(), environment.context, settings));
    expect(error).toMatchObject({ code: 'DRILL_SCRIPT_FAILED', message: expect.stringContaining('left dpp-api rolled back') });
    expect(undos().slice(-1)).toEqual(['dpp-api 1.1.0']);
  });

  test('fails when the script fails', async () => {
    await drill();
    const error = await failure(restore(recordedPlan(), environment.context, { rollbackDrillScript: script('exit 1') }));
    expect(error).toMatchObject({ code: 'DRILL_SCRIPT_FAILED', message: expect.stringContaining('exit 1') });
  });
});

function script(lines: string): string {
  const file = join(environment.context.folder, 'drill.sh');
  writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return file;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Listed {
  readonly metadata: { readonly name: string; readonly generation: number; readonly annotations: Record<string, string> };
  readonly status: Record<string, unknown>;
  readonly spec: Record<string, unknown>;
}

async function listed(resource: string): Promise<Listed[]> {
  const response = await fetch(`${environment.kubernetes.url}/apis/apps/v1/namespaces/dpp-staging/${resource}`, {
    headers: { authorization: 'Bearer stand-in-token' },
  });
  return ((await response.json()) as { items: Listed[] }).items;
}

/** The deployment as it is, with another spec. */
async function deploymentJson(name: string, spec: object): Promise<Record<string, unknown>> {
  const found = (await listed('deployments')).find(({ metadata }) => metadata.name === name);
  return { apiVersion: 'apps/v1', kind: 'Deployment', ...found, spec: { ...found?.spec, ...spec } };
}

async function scaleToNothing(name: string): Promise<void> {
  await environment.kubernetes.control({ put: await deploymentJson(name, { replicas: 0 }) });
  await until(async () => {
    const found = (await listed('deployments')).find(({ metadata }) => metadata.name === name);
    return found?.status['observedGeneration'] === found?.metadata.generation && found?.status['replicas'] === undefined;
  });
}

async function earlierReplicaSet(deployment: string): Promise<string> {
  const sets = await listed('replicasets');
  const found = sets.find(
    ({ metadata }) => metadata.name.startsWith(deployment) && metadata.annotations['deployment.kubernetes.io/revision'] === '1',
  );
  return found?.metadata.name ?? '';
}
