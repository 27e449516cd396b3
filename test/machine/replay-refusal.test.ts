import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { initialContext, type Failure, type PilotContext, type StepResult } from '../../src/machine/context.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { replayNeedsOverride, replayRefusal } from '../../src/machine/replay.js';
import { PLACES, STEP_NAMES, type Place, type StepName } from '../../src/machine/steps.js';
import { facts, operator, pilotInput, plan, signOff, STARTED_AT } from './pilot-facts.js';
import { PilotRun, recorded } from './pilot-run.js';

const start = PilotRun.start();
const failedAt = (step: StepName) => start.to(step).reported().fail().context;
const pause = start.to('awaitingDbVerification').context;
const dirty = start.to('restoringStaging').fail().context;

describe('a replay is refused', () => {
  test.each<[why: string, context: PilotContext, from: Place, refusal: RegExp]>([
    [
      'from a place that the run never came to',
      failedAt('runningRcGates'),
      'runningStagingDryRun',
      /never got as far as runningStagingDryRun: it stopped at runningRcGates/,
    ],
    ['from sealing, at the pause', pause, 'sealing.scanning', /never got as far/],
    ['from the summary, when it was never due', failedAt('sealing.verifying'), 'summarizing', /never got as far/],
    [
      'from anything but the summary, once that is frozen',
      failedAt('summarizing'),
      'sealing.verifying',
      /only summarizing can be replayed/,
    ],
    [
      'from before the upload, once a PUT was begun',
      failedAt('sealing.uploading'),
      'sealing.retention',
      /the archive is the truth/,
    ],
    ['from the pause, once a PUT was begun', failedAt('sealing.verifying'), 'awaitingDbVerification', /the archive is the truth/],
    [
      'from anything but drill and restore, while deployments are rolled back',
      dirty,
      'runningStagingDryRun',
      /deployments may still be rolled back/,
    ],
    [
      'from the restore, where there was no drill',
      { ...pause, drill: { ...pause.drill, plan: null } },
      'restoringStaging',
      /nothing to restore/,
    ],
    [
      'from after the pause, without a sign-off',
      { ...failedAt('sealing.archiving'), signOff: null },
      'sealing.scanning',
      /no valid sign-off/,
    ],
    [
      'from after the preflight, when that has not passed',
      { ...failedAt('capturingScope'), results: {} },
      'capturingScope',
      /the preflight has not passed/,
    ],
    ['from a failed gate, without an override', failedAt('runningRcGates'), 'runningRcGates', /needs a new run .*--override/],
    [
      'from before a failed gate, without an override',
      failedAt('runningStagingDryRun'),
      'preflight',
      /a failed runningStagingDryRun needs a new run/,
    ],
    [
      'from before the seal, of a run that is sealed as failed',
      start.to('awaitingDbVerification').abandon().sealAsFailed().fail().context,
      'preflight',
      /has ended/,
    ],
  ])('%s', (_, context, from, refusal) => {
    expect(replayRefusal(context, from, false)).toMatch(refusal);
  });

  test('for no other reason than a failed gate does an override help', () => {
    expect(replayRefusal(failedAt('runningRcGates'), 'runningRcGates', true)).toBeNull();
    expect(replayRefusal(dirty, 'runningStagingDryRun', true)).not.toBeNull();
    expect(replayRefusal(failedAt('summarizing'), 'preflight', true)).not.toBeNull();
  });
});

describe('a replay is open', () => {
  test.each<[StepName, first: Place]>([
    ['preflight', 'preflight'],
    ['capturingScope', 'preflight'],
    ['preparingCheckpoint', 'preflight'],
    ['sealing.scanning', 'preflight'],
    ['sealing.retention', 'preflight'],
    ['sealing.uploading', 'sealing.uploading'],
    ['sealing.verifying', 'sealing.uploading'],
    ['summarizing', 'summarizing'],
  ])('after a failure in %s: from %s up to the failed step', (step, first) => {
    const open = PLACES.filter((from) => replayRefusal(failedAt(step), from, false) === null);
    expect(open).toEqual(PLACES.slice(PLACES.indexOf(first), PLACES.indexOf(step) + 1));
  });

  test('at the pause: from everything that leads to it', () => {
    const open = PLACES.filter((from) => replayRefusal(pause, from, false) === null);
    expect(open).toEqual(PLACES.slice(0, PLACES.indexOf('awaitingDbVerification') + 1));
  });

  test('forgets what was proven from there on, and nothing else', () => {
    const before = start.to('awaitingDbVerification');
    for (const from of PLACES.slice(0, PLACES.indexOf('awaitingDbVerification') + 1)) {
      const kept = STEP_NAMES.filter((step) => PLACES.indexOf(step) < PLACES.indexOf(from));
      expect(Object.keys(before.replay(from).context.results)).toEqual(kept);
    }
  });

  test('names an override only where one was needed', () => {
    expect(start.to('awaitingDbVerification').replay('runningRcGates', { override: true }).context.exceptions.at(-1)?.what).toBe(
      'replayed from runningRcGates',
    );
  });
});

describe('whatever a run remembers', () => {
  const place = fc.constantFrom<Place>(...PLACES);
  const failure = fc.option(
    place.map((step): Failure => ({
      step,
      code: 'X',
      message: 'x',
      details: null,
      at: STARTED_AT,
      seq: 3,
      attempt: 1,
      by: operator,
    })),
  );
  const results = fc.subarray([...STEP_NAMES]).map((steps) => Object.fromEntries(steps.map((step) => [step, resultOf(step)])));
  const context = fc
    .record({
      failure,
      results,
      drill: fc.record({ plan: fc.constantFrom(null, plan), restored: fc.boolean(), leftBehind: fc.boolean() }),
      signOff: fc.constantFrom(null, signOff),
      seal: fc.option(
        fc.record({ verdict: fc.constantFrom('PASS' as const, 'FAIL' as const), upToSeq: fc.nat(), putBegan: fc.boolean() }),
      ),
      summary: fc.constantFrom(null, start.to('summarizing').context.summary),
    })
    .map((changes): PilotContext => ({ ...initialContext({ input: pilotInput() }), ...changes }));

  test('the machine takes a replay exactly where none of these reasons speaks against it', () => {
    fc.assert(
      fc.property(
        context,
        place,
        fc.boolean(),
        fc.constantFrom('failed', 'awaitingDbVerification'),
        (remembered, from, override, value) => {
          const snapshot = pilotMachine.resolveState({ value, context: remembered } as never);
          const event = recorded({ type: 'REPLAY_REQUESTED', from, reason: 'again', override }, 99);
          expect(snapshot.can(event)).toBe(replayRefusal(remembered, from, override) === null);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('an override is needed only to judge a failed gate again, and lifts nothing else', () => {
    fc.assert(
      fc.property(context, place, (remembered, from) => {
        const plainly = replayRefusal(remembered, from, false);
        const overridden = replayRefusal(remembered, from, true);
        if (overridden !== null) expect(plainly).toBe(overridden);
        else expect(plainly !== null).toBe(replayNeedsOverride(remembered, from));
      }),
      { numRuns: 2000 },
    );
  });
});

function resultOf(step: StepName): StepResult {
  return { at: STARTED_AT, seq: 2, attempt: 1, facts: facts[step], logs: [] };
}
