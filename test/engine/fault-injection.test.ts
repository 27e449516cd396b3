import { afterEach, beforeAll, expect, test } from '@jest/globals';
import type { ActorContext } from '../../src/actors/actor.js';
import { Crash, Crashes, type CrashPoint } from './crashes.js';
import { expectIntact, finalState } from './expect-intact.js';
import { toyActors } from './toy-actors.js';
import { deadHolder, finish, Toy } from './toy.js';

/** Milliseconds for some two hundred runs on a slow disk. */
const ENOUGH_MS = 120_000;
/** `shipping` fails twice for a moment: points among the retries are met too. */
const REFUSALS = { shipping: 2 };

let calls: readonly string[];
let undisturbed: unknown;
const toys: Toy[] = [];

async function driveWith(toy: Toy, crashes: Crashes) {
  const store = await toy.store();
  const engine = await toy.engine({
    store: crashes.wrap(store),
    openEvidence: ({ runId }) => crashes.wrap(toy.evidence(runId)),
    holder: deadHolder(),
    heartbeatMs: 3_600_000,
    actors: await watchedActors(toy),
  });
  try {
    return await finish(engine, store, toy.request());
  } finally {
    await crashes.closeFiles();
  }
}

/** Effects that, each time, look from a second connection: their attempt is running on disk, and no other one is. */
async function watchedActors(toy: Toy) {
  const onlooker = await toy.store();
  const look = async ({ runId, step, attempt }: ActorContext) => {
    const running = (await onlooker.attempts(runId)).filter(({ status }) => status === 'running');
    expect(running).toEqual([expect.objectContaining({ step, attempt })]);
    expect((await onlooker.getRun(runId))?.state).toBe(step);
  };
  return toyActors({ ledger: toy.ledger, refusals: REFUSALS, look });
}

async function crashAndGoOn(toy: Toy, points: readonly CrashPoint[]): Promise<void> {
  for (const point of points) {
    const end = await driveWith(toy, new Crashes(point)).catch((error: unknown) => error);
    expect(end).toBeInstanceOf(Crash);
  }
  await expectIntact(toy, await driveWith(toy, new Crashes()), undisturbed);
}

async function atEach(points: readonly (readonly CrashPoint[])[]): Promise<void> {
  for (const point of points) {
    const toy = new Toy();
    toys.push(toy);
    try {
      await crashAndGoOn(toy, point);
    } catch (error) {
      const where = point.map(({ call, when }) => `${when} call ${call} (${calls[call - 1] ?? 'beyond'})`).join(', then ');
      throw new Error(`crashed ${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    await toys.pop()?.dispose();
  }
}

beforeAll(async () => {
  const toy = new Toy();
  const crashes = new Crashes();
  const view = await driveWith(toy, crashes);
  calls = crashes.calls;
  undisturbed = finalState(view);
  await expectIntact(toy, view, undisturbed);
  await toy.dispose();
});

afterEach(async () => {
  for (const toy of toys.splice(0)) await toy.dispose();
});

test('an undisturbed run asks the store and the evidence for all that can break', () => {
  const kinds = ['createRun', 'commit', 'startAttempt', 'recordAttemptLog', 'openLog', 'write', 'close', 'releaseLease'];
  expect(calls).toEqual(
    expect.arrayContaining([...kinds, 'acquireLease', 'getSnapshot', 'attempts', 'history', 'create', 'exists']),
  );
});

test(
  'a driver that crashes before any one of its calls is taken over, and the run ends as if undisturbed',
  async () => {
    await atEach(calls.map((_, index) => [{ call: index + 1, when: 'before' }]));
  },
  ENOUGH_MS,
);

test(
  'a driver that crashes after any one of its calls is taken over, and the run ends as if undisturbed',
  async () => {
    await atEach(calls.map((_, index) => [{ call: index + 1, when: 'after' }]));
  },
  ENOUGH_MS,
);
