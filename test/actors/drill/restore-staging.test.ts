import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorError } from '../../../src/actors/actor.js';
import { restoreStaging } from '../../../src/actors/restore-staging.js';
import type { DrillPlan } from '../../../src/config/step-contracts.js';
import { createTestContext, type TestContext } from '../actor-context.js';
import { testSettings, testWorld } from '../settings.js';
import { drillContext, narration, type DrillContext } from './drill-log.js';
import { looksAt, pretendRollouts, SERVER, type RolloutState } from './pretended-rollouts.js';

const NAMES = ['dpp-api', 'dpp-worker'];
const LIMITS = { statusSeconds: 5, observeMs: 20, pollMs: 1 };

const rolledBack = { running: 1, revisions: { 1: 3, 2: 2 } };
const restored = { running: 2, revisions: { 1: 3, 2: 4 } };
const foreign = { running: 3, revisions: { 1: 3, 2: 2, 3: 4 } };
const STATES: readonly RolloutState[] = [
  { 'dpp-api': rolledBack, 'dpp-worker': rolledBack },
  { 'dpp-api': restored, 'dpp-worker': rolledBack },
  { 'dpp-api': restored, 'dpp-worker': restored },
];
const RESTORED: readonly RolloutState[] = STATES.slice(2);

const identity = (name: string, release: number) => ({
  uid: `uid-${name}-${release}`,
  name: `${name}-hash${release}`,
  podTemplateHash: `hash${release}`,
  images: [`registry.example.com/${name}:${release}.0.0`],
  revision: release,
});
const PLAN: DrillPlan = { deployments: NAMES.map((name) => ({ name, original: identity(name, 2), target: identity(name, 1) })) };
const shown = (name: string, release: number, revision = release) =>
  `${name}-hash${release} (revision ${revision}, registry.example.com/${name}:${release}.0.0, uid uid-${name}-${release})`;

let base: TestContext;
beforeEach(async () => {
  base = await createTestContext();
});
afterEach(() => base.remove());

const on = (states: readonly RolloutState[], script?: string): DrillContext =>
  drillContext(base, pretendRollouts(base.folder, states, script));
const restore = (context: DrillContext, rollbackDrillScript: string | null = null) =>
  restoreStaging(
    {
      settings: testSettings({ directory: base.folder, deployments: NAMES, rollbackDrillScript }),
      world: testWorld({ kubeServer: SERVER }),
      plan: PLAN,
    },
    context,
    LIMITS,
  );

async function failure(promise: Promise<unknown>): Promise<ActorError> {
  return promise.then(
    () => {
      throw new Error('it passed');
    },
    (error: ActorError) => error,
  );
}

const HEADER = ['', 'Restoring staging in run 20260221T120000Z, attempt 1, 2026-02-21T12:00:01.000Z'];
const PASS = ['RESTORE RESULT: PASS, every deployment runs what it ran before the drill', ''];
const undone = (name: string) => [
  `${name}: undo from ${shown(name, 1, 3)} to ${shown(name, 2)}`,
  `${name}: verified, ${shown(name, 2, 4)} runs and is fully available`,
];
const found = (name: string) => [
  `${name}: ${shown(name, 2, 4)} is what runs already`,
  `${name}: verified, ${shown(name, 2, 4)} runs and is fully available`,
];
const facts = (isUndone: boolean) => ({
  deployments: NAMES.map((name) => ({ name, uid: `uid-${name}-2`, podTemplateHash: 'hash2', revision: 4, undone: isUndone })),
});

describe('restoring staging', () => {
  test('brings every deployment back, and goes on in the log of the drill', async () => {
    const context = on(STATES);
    expect(await restore(context)).toEqual(facts(true));
    expect(base.lines).toEqual(NAMES.map((name) => `restoring ${name} to registry.example.com/${name}:2.0.0`));
    expect(context.opened).toEqual([['50_rollback_drill.txt', { append: true }]]);
    expect(narration(context.log)).toEqual([...HEADER, ...NAMES.flatMap(undone), ...PASS]);
    expect(looksAt(base.folder)).toBe(3);
    expect(context.log.text()).toContain('--context dpp-staging --server https://k8s.staging.example.com -n dpp-staging');
    expect(context.log.closed()).toBe(true);
  });

  test('goes on when one deployment is gone, and names it', async () => {
    const context = on([{ 'dpp-worker': rolledBack }, { 'dpp-worker': restored }]);
    const gone =
      `Deployment dpp-api no longer exists; it ran ${shown('dpp-api', 1)} or ${shown('dpp-api', 2)}. ` +
      'Somebody has deleted it: deploy it anew.';
    const message = `Staging is not proven to be restored: dpp-api left behind, 1 of 2 deployments restored.\n- dpp-api: ${gone}`;
    expect(await failure(restore(context))).toMatchObject({
      code: 'RESTORE_FAILED',
      message,
      options: { details: { leftBehind: ['dpp-api'], failures: [{ name: 'dpp-api', code: 'RESTORE_GONE', message: gone }] } },
    });
    // After a failure, what was seen before counts no longer.
    expect(looksAt(base.folder)).toBe(3);
    expect(narration(context.log)).toEqual([
      ...HEADER,
      `dpp-api: NOT RESTORED (RESTORE_GONE), ${gone}`,
      ...undone('dpp-worker'),
      ...`RESTORE RESULT: FAIL, ${message}`.split('\n'),
      '',
    ]);
    expect(context.log.closed()).toBe(true);
  });

  test('tells a release of somebody else from all other trouble', async () => {
    const error = await failure(restore(on([{ 'dpp-worker': foreign }])));
    expect(error.code).toBe('RESTORE_THIRD_PARTY');
    expect(error.options.details).toMatchObject({
      leftBehind: NAMES,
      failures: [{ code: 'RESTORE_GONE' }, { code: 'RESTORE_THIRD_PARTY' }],
    });
    expect(error.message).toMatch(
      /^Staging is not proven to be restored: dpp-api, dpp-worker left behind, 0 of 2 deployments restored\.\n- dpp-api: .+\n- dpp-worker: .+$/,
    );
  });

  test('that is stopped has not failed', async () => {
    const context = { ...on(STATES), signal: AbortSignal.abort(new Error('stopped')) };
    await expect(restore(context)).rejects.toThrow('stopped');
    expect(narration(context.log)).toEqual([...HEADER, '']);
    expect(context.log.closed()).toBe(true);
  });

  test('that is stopped at the first deployment does not go on to the next one', async () => {
    const controller = new AbortController();
    const context = on(STATES);
    const stopping: DrillContext = {
      ...context,
      signal: controller.signal,
      // The answer of kubectl is there, but the run is stopped before it is looked at.
      childEnded: () => Promise.resolve(controller.abort(new Error('stopped'))),
    };
    await expect(restore(stopping)).rejects.toThrow('stopped');
    expect(base.lines).toHaveLength(1);
    expect(context.log.text()).not.toContain('NOT RESTORED');
  });

  test('does not take a fault of ours for one of staging', async () => {
    const context: DrillContext = { ...on(STATES), childStarted: () => Promise.reject(new Error('the lease is lost')) };
    await expect(restore(context)).rejects.toThrow('the lease is lost');
    expect(narration(context.log)).toEqual([...HEADER, 'RESTORE RESULT: FAIL, the lease is lost', '']);
  });
});

describe("the repository's drill script", () => {
  function script(lines: string): string {
    const file = join(base.folder, 'drill.sh');
    writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    return file;
  }
  const scriptFailed = (what: string, file: string) =>
    `The rollback drill script ${file} ${what}; all deployments are restored. Read its output in 50_rollback_drill.txt, mend the ` +
    'script or unset CUTOVER_ROLLBACK_DRILL_SCRIPT, and start a new run.';

  test('is run after the restoring, and then all is proven once more', async () => {
    const file = script('echo drilled');
    const context = on(RESTORED);
    expect(await restore(context, file)).toEqual(facts(false));
    expect(narration(context.log).map((line) => line.replace(/after \d+ ms/, 'after 1 ms'))).toEqual([
      ...HEADER,
      ...NAMES.flatMap(found),
      `Output of ${file}:`,
      'drilled',
      `[PASS] Script ${file}: exit 0 after 1 ms`,
      'After the script:',
      ...NAMES.flatMap(found),
      ...PASS,
    ]);
  });

  test('that left a deployment rolled back has failed; it is restored', async () => {
    const file = script('exit 0');
    // The script's undo is what leads from the first state to the second.
    const context = on(
      [...RESTORED, { 'dpp-api': rolledBack, 'dpp-worker': restored }, ...RESTORED],
      `
if [ "$1 $2" = 'config view' ]; then echo 1 >state; fi`,
    );
    const error = await failure(restore(context, file));
    expect(error).toMatchObject({
      code: 'DRILL_SCRIPT_FAILED',
      message: scriptFailed('left dpp-api rolled back', file),
      options: { details: { check: { ok: true, name: `Script ${file}` }, leftBehind: [], movedByScript: ['dpp-api'] } },
    });
    expect(narration(context.log).slice(-2)).toEqual([`RESTORE RESULT: FAIL, ${error.message}`, '']);
  });

  test('that fails has failed', async () => {
    const file = script('echo broken; exit 3');
    const context = on(RESTORED);
    expect(await failure(restore(context, file))).toMatchObject({
      code: 'DRILL_SCRIPT_FAILED',
      message: scriptFailed('ended with exit 3; expected exit 0', file),
      options: { details: { check: { ok: false }, leftBehind: [], movedByScript: [] } },
    });
    expect(context.log.text()).toContain(
      `broken\n[FAIL] Script ${file}: ended with exit 3; expected exit 0\nAfter the script:\n`,
    );
  });
});
