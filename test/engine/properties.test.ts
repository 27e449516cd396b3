import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ActorContext } from '../../src/actors/actor.js';
import { Crash, Crashes, type CrashPoint } from './crashes.js';
import { expectIntact, finalState } from './expect-intact.js';
import { toyActors } from './toy-actors.js';
import { MAX_FAILURES, type Step } from './toy-machine.js';
import { deadHolder, finish, Toy } from './toy.js';

interface Script {
  readonly refusals: Readonly<Record<Step, number>>;
  /** Each driver but the last one crashes at its point, if it comes so far. */
  readonly crashes: readonly CrashPoint[];
}

const refused = fc.integer({ min: 0, max: MAX_FAILURES - 1 });
const script: fc.Arbitrary<Script> = fc.record({
  refusals: fc.record({ gathering: refused, building: refused, shipping: refused }),
  crashes: fc.array(fc.record({ call: fc.integer({ min: 1, max: 90 }), when: fc.constantFrom('before', 'after') }), {
    maxLength: 5,
  }),
});

async function drive(toy: Toy, refusals: Script['refusals'], crashes: Crashes) {
  const store = await toy.store();
  const look = async ({ runId, step, attempt }: ActorContext) => {
    const running = (await store.attempts(runId)).filter(({ status }) => status === 'running');
    expect(running).toEqual([expect.objectContaining({ step, attempt })]);
  };
  const engine = await toy.engine({
    store: crashes.wrap(store),
    openEvidence: ({ runId }) => crashes.wrap(toy.evidence(runId)),
    holder: deadHolder(),
    heartbeatMs: 3_600_000,
    actors: toyActors({ ledger: toy.ledger, refusals, look }),
  });
  try {
    return await finish(engine, store, toy.request());
  } finally {
    await crashes.closeFiles();
  }
}

test('whatever fails for a moment and wherever drivers crash, one after the other, the run ends as if undisturbed', async () => {
  const calm = new Toy();
  const undisturbed = finalState(await drive(calm, { gathering: 0, building: 0, shipping: 0 }, new Crashes()));
  await calm.dispose();

  await fc.assert(
    fc.asyncProperty(script, async ({ refusals, crashes }) => {
      const toy = new Toy();
      try {
        for (const point of crashes) {
          await drive(toy, refusals, new Crashes(point)).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
        }
        await expectIntact(toy, await drive(toy, refusals, new Crashes()), undisturbed);
      } finally {
        await toy.dispose();
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);
