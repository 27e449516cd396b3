import { describe, expect, test } from '@jest/globals';
import { STEP_NAMES, STEPS, type StepName } from '../../src/machine/steps.js';
import { attemptFailure } from './pilot-facts.js';
import { PilotRun } from './pilot-run.js';

const retried = STEP_NAMES.filter((step) => STEPS[step].maxAttempts > 1);
const gates = STEP_NAMES.filter((step) => STEPS[step].maxAttempts === 1);

/** Fails transiently until the step is left; gives the delays before each new attempt. */
function failUntilItIsLeft(entered: PilotRun): { run: PilotRun; delays: number[] } {
  const delays: number[] = [];
  let run = entered.failTransiently();
  while (run.state === entered.state) {
    delays.push(run.last.spawns[0]?.delayMs ?? Number.NaN);
    if (delays.length > 20) throw new Error(`${run.state} is tried again without end`);
    run = run.failTransiently();
  }
  return { run, delays };
}

function doubling({ maxAttempts, backoffMs }: { readonly maxAttempts: number; readonly backoffMs: number }): number[] {
  return Array.from({ length: maxAttempts - 1 }, (_, n) => backoffMs * 2 ** n);
}

describe.each<StepName>(retried)('%s', (step) => {
  const entered = PilotRun.start().to(step).reported();

  test('is tried again after transient errors, with doubling delays, and then fails', () => {
    const { run, delays } = failUntilItIsLeft(entered);
    expect(delays).toEqual(doubling(STEPS[step]));
    expect(run.state).toBe('failed');
    expect(run.context.failure).toMatchObject({ step, code: 'S3_UNAVAILABLE' });
  });

  test('begins to count anew after a retry of the operator', () => {
    expect(failUntilItIsLeft(failUntilItIsLeft(entered).run.retry()).delays).toEqual(doubling(STEPS[step]));
  });

  test('begins to count anew after a replay of the supervisor', () => {
    expect(failUntilItIsLeft(failUntilItIsLeft(entered).run.replay(step)).delays).toEqual(doubling(STEPS[step]));
  });

  test('does not count an interrupted attempt', () => {
    const { delays } = failUntilItIsLeft(entered.failTransiently().resumed());
    expect(delays).toEqual(doubling(STEPS[step]).slice(1));
  });

  test('fails at once of an error that no waiting mends', () => {
    expect(entered.failTransiently().fail(attemptFailure('S3_ACCESS_DENIED')).state).toBe('failed');
  });

  test('leaves the count behind when it is done', () => {
    expect(entered.failTransiently().failTransiently().done().context.attemptsInARow).toBe(1);
  });
});

describe.each<StepName>(gates)('%s', (step) => {
  test('is never tried again by itself, also not after a transient error', () => {
    const { run, delays } = failUntilItIsLeft(PilotRun.start().to(step));
    expect(delays).toEqual([]);
    expect(run.state).toBe('failed');
  });
});

test('only what calls S3 is tried again by itself', () => {
  expect(retried).toEqual(['sealing.uploading', 'sealing.verifying', 'summarizing']);
});

test('every step has a time-out, and every one that is tried again a delay', () => {
  for (const step of STEP_NAMES) {
    expect(STEPS[step].timeoutMs).toBeGreaterThan(0);
    expect(STEPS[step].backoffMs > 0).toBe(STEPS[step].maxAttempts > 1);
  }
});
