import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { drillAppRollback } from '../../../src/actors/drill-app-rollback.js';
import type { DrillPlan } from '../../../src/config/step-contracts.js';
import { createTestContext, type TestContext } from '../actor-context.js';
import { testSettings, testWorld } from '../settings.js';
import { drillContext, narration, type DrillContext } from './drill-log.js';
import { looksAt, pretendRollouts, type RolloutState } from './pretended-rollouts.js';

const NAMES = ['dpp-api', 'dpp-worker'];
const LIMITS = { statusSeconds: 5, observeMs: 20, pollMs: 1 };

/** Both run release 2; then the one and then the other are back at release 1, which has a new number. */
const before = { running: 2, revisions: { 1: 1, 2: 2 } };
const after = { running: 1, revisions: { 1: 3, 2: 2 } };
const STATES: readonly RolloutState[] = [
  { 'dpp-api': before, 'dpp-worker': before },
  { 'dpp-api': after, 'dpp-worker': before },
  { 'dpp-api': after, 'dpp-worker': after },
];

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
const drill = (context: DrillContext, plan: DrillPlan | null = null) =>
  drillAppRollback({ settings: testSettings({ deployments: NAMES }), world: testWorld(), plan }, context, LIMITS);

const HEADER = [
  'App rollback drill of run 20260221T120000Z, attempt 1, 2026-02-21T12:00:01.000Z',
  'Kube context dpp-staging, namespace dpp-staging',
];
const VERIFIED = NAMES.flatMap((name) => [
  `${name}: undo from ${shown(name, 2)} to ${shown(name, 1)}`,
  `${name}: verified, ${shown(name, 1, 3)} runs and is fully available`,
]);

describe('the drill', () => {
  test('records its plan, rolls every deployment back, and tells all of it', async () => {
    const context = on(STATES);
    expect(await drill(context)).toEqual({
      deployments: NAMES.map((name) => ({ name, uid: `uid-${name}-1`, podTemplateHash: 'hash1', revision: 3, undone: true })),
    });
    expect(base.events).toEqual([{ type: 'DRILL_PLANNED', plan: PLAN }]);
    expect(base.lines).toEqual(NAMES.map((name) => `rolling back ${name} to registry.example.com/${name}:1.0.0`));
    expect(context.opened).toEqual([['50_rollback_drill.txt']]);
    expect(narration(context.log)).toEqual([
      ...HEADER,
      ...NAMES.map((name) => `${name}: planned from ${shown(name, 2)} to ${shown(name, 1)} and back`),
      ...VERIFIED,
      'DRILL RESULT: PASS, every deployment runs the earlier release',
      '',
    ]);
    expect(context.log.text()).toContain('--context dpp-staging --server https://k8s.staging.example.com -n dpp-staging');
    expect(looksAt(base.folder)).toBe(3);
    expect(context.log.closed()).toBe(true);
  });

  test('goes on by the plan of an earlier attempt, and makes no other', async () => {
    const context = on(STATES.slice(1));
    expect((await drill(context, PLAN)).deployments.map(({ undone }) => undone)).toEqual([false, true]);
    expect(base.events).toEqual([]);
    // The first one before anything is done: the plan is of another attempt.
    expect(looksAt(base.folder)).toBe(3);
    expect(narration(context.log)).toEqual([
      ...HEADER,
      'An earlier attempt has made the plan; going on from what runs now',
      `dpp-api: ${shown('dpp-api', 1, 3)} is what runs already`,
      ...VERIFIED.slice(1),
      'DRILL RESULT: PASS, every deployment runs the earlier release',
      '',
    ]);
  });

  test('says in its log that it failed, and why', async () => {
    const context = on([{ 'dpp-api': before }]);
    const message =
      'The rollback drill cannot begin, nothing was touched:\n' +
      '- deployment dpp-worker is not in namespace dpp-staging: deploy it, or correct DPP_K8S_NAMESPACE';
    await expect(drill(context)).rejects.toMatchObject({ code: 'DRILL_NOT_POSSIBLE', message });
    expect(narration(context.log)).toEqual([...HEADER, ...`DRILL RESULT: FAIL, ${message}`.split('\n'), '']);
    expect(context.log.closed()).toBe(true);
    expect(base.events).toEqual([]);
  });

  test('that is stopped has not failed', async () => {
    const context = { ...on(STATES), signal: AbortSignal.abort(new Error('stopped')) };
    await expect(drill(context)).rejects.toThrow('stopped');
    expect(narration(context.log)).toEqual([...HEADER, '']);
    expect(context.log.closed()).toBe(true);
  });
});
