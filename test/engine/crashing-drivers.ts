import { expect } from '@jest/globals';
import type { ActorContext } from '../../src/actors/actor.js';
import { Crash, Crashes, type CrashPoint } from './crashes.js';
import { expectIntact } from './expect-intact.js';
import { toyActors } from './toy-actors.js';
import { deadHolder, finish, Toy } from './toy.js';

/** `shipping` fails twice for a moment: points among the retries are met too. */
const REFUSALS = { shipping: 2 };

/** Drives the toy to its end, or to the point of the crash. */
export async function driveWith(toy: Toy, crashes: Crashes) {
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

/** One driver after the other crashes at its point. */
export async function crashAt(toy: Toy, points: readonly CrashPoint[]): Promise<void> {
  for (const point of points) {
    const end = await driveWith(toy, new Crashes(point)).catch((error: unknown) => error);
    expect(end).toBeInstanceOf(Crash);
  }
}

/** A toy of its own for each list of points; after the crashes it must end as if undisturbed. */
export async function endsAsUndisturbed(undisturbed: unknown, lists: Iterable<readonly CrashPoint[]>): Promise<void> {
  for (const points of lists) {
    const toy = new Toy();
    try {
      await crashAt(toy, points);
      await expectIntact(toy, await driveWith(toy, new Crashes()), undisturbed);
    } catch (error) {
      const where = points.map(({ call, when }) => `${when} call ${call}`).join(', then ');
      throw new Error(`crashed ${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      await toy.dispose();
    }
  }
}
