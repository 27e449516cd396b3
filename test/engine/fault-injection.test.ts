import { beforeAll, expect, test } from '@jest/globals';
import { Crashes } from './crashes.js';
import { driveWith, endsAsUndisturbed } from './crashing-drivers.js';
import { expectIntact, finalState } from './expect-intact.js';
import { Toy } from './toy.js';

/** Milliseconds for some two hundred runs on a slow disk. */
const ENOUGH_MS = 120_000;

let calls: readonly string[];
let undisturbed: unknown;

beforeAll(async () => {
  const toy = new Toy();
  const crashes = new Crashes();
  const view = await driveWith(toy, crashes);
  calls = crashes.calls;
  undisturbed = finalState(view);
  await expectIntact(toy, view, undisturbed);
  await toy.dispose();
});

test('an undisturbed run asks the store and the evidence for all that can break', () => {
  const kinds = ['createRun', 'commit', 'startAttempt', 'recordAttemptLog', 'openLog', 'write', 'close', 'releaseLease'];
  expect(calls).toEqual(
    expect.arrayContaining([...kinds, 'acquireLease', 'getSnapshot', 'openAttempts', 'history', 'create', 'exists']),
  );
});

test(
  'a driver that crashes before any one of its calls is taken over, and the run ends as if undisturbed',
  async () => {
    await endsAsUndisturbed(
      undisturbed,
      calls.map((_, index) => [{ call: index + 1, when: 'before' }]),
    );
  },
  ENOUGH_MS,
);

test(
  'a driver that crashes after any one of its calls is taken over, and the run ends as if undisturbed',
  async () => {
    await endsAsUndisturbed(
      undisturbed,
      calls.map((_, index) => [{ call: index + 1, when: 'after' }]),
    );
  },
  ENOUGH_MS,
);
