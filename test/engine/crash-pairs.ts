import { expect, test } from '@jest/globals';
import { Crashes, type CrashPoint } from './crashes.js';
import { crashAt, driveWith, endsAsUndisturbed } from './crashing-drivers.js';
import { finalState } from './expect-intact.js';
import { STEPS, type Step } from './toy-machine.js';
import { Toy } from './toy.js';

/** Milliseconds for some thousands of runs. */
const ENOUGH_MS = 1_800_000;

/** Every pair of crashes within a step: too many for the suite; `npm run crashes:pairs` has them. */
export function testPairsWithin(step: Step): void {
  test(
    `a driver that crashes anywhere in ${step}, and the one after it anywhere until the step is done, change nothing`,
    async () => {
      const calm = new Crashes();
      const undisturbed = await endOf(calm, []);
      const before = STEPS[STEPS.indexOf(step) - 1];
      const from = before === undefined ? 1 : doneAt(calm, before) + 1;
      let pairs = 0;
      for (const crash of points(from, doneAt(calm, step))) {
        const goingOn = new Crashes();
        await endOf(goingOn, [crash]);
        const seconds = points(1, doneAt(goingOn, step));
        await endsAsUndisturbed(
          undisturbed,
          seconds.map((second) => [crash, second]),
        );
        pairs += seconds.length;
      }
      console.log(`${step}: ${pairs} pairs`);
      expect(pairs).toBeGreaterThan(100);
    },
    ENOUGH_MS,
  );
}

/** The call that committed the end of a step; 0 for a driver that found it done. */
function doneAt({ committed }: Crashes, step: Step): number {
  return committed.get(`xstate.done.actor.${step}`) ?? 0;
}

/** What the run came to when `last` drove it to its end, after these crashes. */
async function endOf(last: Crashes, crashes: readonly CrashPoint[]): Promise<unknown> {
  const toy = new Toy();
  try {
    await crashAt(toy, crashes);
    return finalState(await driveWith(toy, last));
  } finally {
    await toy.dispose();
  }
}

function points(from: number, to: number): CrashPoint[] {
  const calls = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  return calls.flatMap((call) => [
    { call, when: 'before' as const },
    { call, when: 'after' as const },
  ]);
}
