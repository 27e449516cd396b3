import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActorError, type Actor } from '../../src/actors/actor.js';
import { InterruptedError, StepTimedOutError } from '../../src/engine/errors.js';
import { operator, RUN } from '../store/builders.js';
import { collect, failure } from '../store/observe.js';
import { Crashes } from './crashes.js';
import { hangingActor } from './hanging-actor.js';
import { toyActors } from './toy-actors.js';
import { MAX_FAILURES, toyDefinition } from './toy-machine.js';
import { deadHolder, Toy } from './toy.js';

let toy: Toy;
beforeEach(() => {
  toy = new Toy();
});
afterEach(() => toy.dispose());

/** A definition in which `gathering` may take `timeoutMs`. */
function impatient(gather: Actor<unknown, unknown>, timeoutMs = 30) {
  const actors = { ...toyActors({ ledger: toy.ledger }), gather };
  return toyDefinition(actors, { timeoutMs: (step) => (step === 'gathering' ? timeoutMs : 60_000) });
}

const fails: Actor<unknown, unknown> = async () => {
  throw new ActorError('STONES_MISSING', 'There are no stones in the quarry. Look for another one.', { details: { found: 0 } });
};

describe('commit before act', () => {
  test('when an effect begins, its transition and its running attempt can be read from the disk', async () => {
    const onlooker = toy.at.raw.bind(toy.at);
    const seen: unknown[] = [];
    const look = async () => {
      const db = onlooker();
      seen.push({
        head: db.prepare('SELECT state, head_seq FROM runs').get(),
        last: db.prepare('SELECT seq FROM transitions ORDER BY seq DESC').get(),
        running: db.prepare(`SELECT step, attempt, spawned_seq FROM attempts WHERE status = 'running'`).all(),
      });
    };
    await (await toy.engine({ actors: toyActors({ ledger: toy.ledger, look }) })).start(toy.request());
    expect(seen).toEqual([
      {
        head: { state: 'gathering', head_seq: 1 },
        last: { seq: 1 },
        running: [{ step: 'gathering', attempt: 1, spawned_seq: 1 }],
      },
      { head: { state: 'building', head_seq: 2 }, last: { seq: 2 }, running: [{ step: 'building', attempt: 1, spawned_seq: 2 }] },
    ]);
  });

  test('what an actor reports in the midst of its effect is on disk before the effect goes on', async () => {
    const store = await toy.store();
    const build: Actor<unknown, unknown> = async (_, context) => {
      await context.report({ type: 'PLANNED', plan: 'two walls' });
      const last = (await collect(store.history(RUN))).at(-1);
      return { seen: last?.event, context: (last?.snapshot as { context: unknown }).context };
    };
    // A store that has done nothing yet when a call returns.
    const engine = await toy.engine({ store: new Crashes().wrap(await toy.store()), actors: { build } });
    const view = await engine.start(toy.request());
    expect(view.attempts.at(-1)?.output).toMatchObject({
      seen: { type: 'PLANNED', plan: 'two walls' },
      context: { plan: 'two walls' },
    });
  });

  test('an actor reads the history of its run, its own start excluded', async () => {
    const build: Actor<unknown, unknown> = async (_, context) =>
      (await collect(context.history({ after: 0, upTo: 2 }))).map(({ event }) => event.type);
    const view = await (await toy.engine({ actors: { build } })).start(toy.request());
    expect(view.attempts.at(-1)?.output).toEqual(['STARTED', 'xstate.done.actor.gathering']);
  });
});

describe('a step that fails', () => {
  test('is recorded with code, message and details, and the run stands still', async () => {
    const view = await (await toy.engine({ actors: { gather: fails } })).start(toy.request());
    expect(view.run).toMatchObject({ status: 'failed', state: 'failed' });
    expect(view.look).toEqual({ kind: 'failed', text: 'failed' });
    const error = {
      code: 'STONES_MISSING',
      message: 'There are no stones in the quarry. Look for another one.',
      details: { found: 0 },
      transient: false,
    };
    expect(view.attempts).toMatchObject([{ status: 'failed', error, output: null, settledSeq: 2 }]);
    expect((await collect((await toy.store()).history(RUN)))[1]).toMatchObject({
      event: { type: 'xstate.error.actor.gathering', error, attempt: 1, logs: [] },
      who: { ...operator, level: 'engine' },
    });
  });

  test.each([
    ['a defect', async () => Promise.reject(new RangeError('out of stones')), 'RangeError: out of stones'],
    ['an output that JSON cannot hold', async () => ({ stones: 3n }), 'BigInt'],
    ['a rejection without a reason', async () => Promise.reject(undefined as unknown as Error), 'without an error'],
    [
      'an exception before anything was awaited',
      () => {
        throw new TypeError('not a quarry');
      },
      'TypeError: not a quarry',
    ],
  ])('by %s is a failure as well, called unexpected', async (_, gather: Actor<unknown, unknown>, message) => {
    const view = await (await toy.engine({ actors: { gather } })).start(toy.request());
    expect(view.attempts).toMatchObject([
      { status: 'failed', error: { code: 'UNEXPECTED', message: expect.stringContaining(message) } },
    ]);
  });

  test('is made anew when a person replays it, under the next number', async () => {
    await (await toy.engine({ actors: { gather: fails } })).start(toy.request());
    const view = await (await toy.engine()).resume(RUN, operator, async () => [{ type: 'REPLAY' }]);
    expect(view.run.status).toBe('waiting');
    expect(view.attempts.map(({ step, attempt, status }) => [step, attempt, status])).toEqual([
      ['gathering', 1, 'failed'],
      ['gathering', 2, 'succeeded'],
      ['building', 1, 'succeeded'],
    ]);
  });

  test('is not driven on by a resume without a decision', async () => {
    const engine = await toy.engine({ actors: { gather: fails } });
    const { run } = await engine.start(toy.request());
    expect((await engine.resume(RUN, operator)).run).toEqual(run);
  });

  test('whose actor nobody provided is named, and stays to be made', async () => {
    const definition = toyDefinition({} as never);
    expect(await failure((await toy.engine({ definition })).start(toy.request()))).toMatchObject({
      message: 'step gathering asks for actor gather, which was not provided',
    });
    expect((await (await toy.engine()).resume(RUN, operator)).run.status).toBe('waiting');
  });
});

describe('a time-out', () => {
  test('ends the actor and is recorded as the failure of the step', async () => {
    const hanging = hangingActor(fails);
    const view = await (await toy.engine({ definition: impatient(hanging.actor) })).start(toy.request());
    const { signal } = await hanging.began;
    expect(signal.reason).toBeInstanceOf(StepTimedOutError);
    expect(view.attempts[0]).toMatchObject({
      status: 'failed',
      error: { code: 'STEP_TIMED_OUT', message: expect.stringContaining('gathering did not finish within'), transient: true },
    });
  });

  test('is not waited for without end when the actor ignores it; what it does later is refused', async () => {
    const hanging = hangingActor(
      async (_, context) => {
        await (await context.openLog('10_gathering.txt')).write('second\n');
        return null;
      },
      { ignoresAbort: true },
    );
    const definition = impatient(async (input, context) => {
      if (context.attempt === 1) await (await context.openLog('10_gathering.txt')).write('first\n');
      return hanging.actor(input, context);
    }, 100);
    const view = await (await toy.engine({ definition, actorEndMs: 20 })).start(toy.request());
    expect(view.run.status).toBe('waiting');
    expect(view.attempts).toMatchObject([
      { attempt: 1, status: 'failed', error: { code: 'STEP_TIMED_OUT' } },
      { attempt: 2, status: 'succeeded' },
      { step: 'building' },
    ]);
    const zombie = await hanging.began;
    expect(await failure(zombie.openLog('10_gathering.txt'))).toBeInstanceOf(StepTimedOutError);
    expect(await failure(zombie.report({ type: 'NOTED', text: 'still here' }))).toBeInstanceOf(StepTimedOutError);
    expect(await failure(zombie.childStarted({ pid: 1, startTime: '1' }))).toMatchObject({ code: 'LEASE_LOST' });
    hanging.release();
    expect((await toy.evidence().list()).map(({ name }) => name)).toEqual([
      '10_gathering.attempt-1.txt',
      '10_gathering.txt',
      '20_building.txt',
    ]);
    expect((await (await toy.engine()).inspect(RUN)).run.headSeq).toBe(view.run.headSeq);
  });

  test('does not count an actor as hanging that ends well before it', async () => {
    const view = await (await toy.engine({ definition: impatient(async () => ({ stones: 3 }), 60_000) })).start(toy.request());
    expect(view.attempts[0]).toMatchObject({ status: 'succeeded' });
  });
});

describe('a transient failure', () => {
  const busy: Actor<unknown, unknown> = async () => {
    throw new ActorError('BUSY', 'The quarry is shut. Come back later.', { transient: true });
  };

  test('is tried again after its delay, attempts numbered, until it succeeds', async () => {
    const actors = toyActors({ ledger: toy.ledger, refusals: { gathering: 3 } });
    const view = await (await toy.engine({ actors })).start(toy.request(RUN, { retryMs: 250 }));
    const gathering = view.attempts.filter(({ step }) => step === 'gathering');
    expect(gathering.map(({ attempt, status }) => `${attempt} ${status}`)).toEqual([
      '1 failed',
      '2 failed',
      '3 failed',
      '4 succeeded',
    ]);
    for (const [index, { notBefore, startedAt }] of gathering.entries()) {
      if (index === 0) {
        expect(notBefore).toBeNull();
        continue;
      }
      const failedAt = Date.parse(gathering[index - 1]?.endedAt ?? '');
      expect(Date.parse(notBefore ?? '') - failedAt).toBe(250);
      // A timer may fire up to a millisecond early.
      expect(Date.parse(startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(notBefore ?? '') - 1);
    }
    const waits = toy.notices.filter(({ type }) => type === 'backing-off');
    expect(waits).toMatchObject([{ attempt: 2 }, { attempt: 3 }, { attempt: 4 }]);
  });

  test('is a failure of the run when the attempts are used up', async () => {
    const view = await (await toy.engine({ actors: { gather: busy } })).start(toy.request());
    expect(view.run.status).toBe('failed');
    expect(view.attempts.map(({ status }) => status)).toEqual(Array(MAX_FAILURES).fill('failed'));
    expect(view.snapshot.context).toMatchObject({ failure: 'BUSY' });
  });

  test('is waited for by whoever takes over, as long as was left to wait', async () => {
    const stop = new AbortController();
    const first = await toy.engine({
      actors: { gather: busy },
      holder: deadHolder(),
      signal: stop.signal,
      notify: ({ type }) => type === 'backing-off' && stop.abort(new InterruptedError('SIGTERM')),
    });
    await failure(first.start(toy.request(RUN, { retryMs: 300 })));
    const [, waiting] = (await first.inspect(RUN)).attempts;
    const view = await (await toy.engine()).resume(RUN, operator);
    const [, second] = view.attempts;
    expect(second).toMatchObject({ attempt: 2, status: 'succeeded', notBefore: waiting?.notBefore });
    expect(Date.parse(second?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(waiting?.notBefore ?? '') - 1);
  });
});
