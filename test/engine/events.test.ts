import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { assign, fromPromise, setup } from 'xstate';
import type { Actor } from '../../src/actors/actor.js';
import { EventRefusedError, SettlementIgnoredError, SnapshotIncompatibleError } from '../../src/engine/errors.js';
import { RunNotFoundError } from '../../src/store/errors.js';
import { operator, OTHER_RUN, RUN } from '../store/builders.js';
import { collect, everything, failure } from '../store/observe.js';
import { toyActors } from './toy-actors.js';
import { toyDefinition } from './toy-machine.js';
import { approve, Toy } from './toy.js';

let toy: Toy;
beforeEach(() => {
  toy = new Toy();
});
afterEach(() => toy.dispose());

const gives =
  (...types: string[]) =>
  async () =>
    types.map((type) => ({ type, text: 'a note' }));

/** What the store holds of the run, the lease left out: it is taken and given back by who is refused as well. */
async function recorded(): Promise<unknown> {
  return { ...((await everything(await toy.store())) as object), lease: null };
}

describe('an event', () => {
  test('that the state does not take is refused with those it takes, and changes nothing', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    const before = await recorded();
    const error = (await failure(engine.send(RUN, operator, gives('RETRY')))) as EventRefusedError;
    expect(error).toBeInstanceOf(EventRefusedError);
    expect(error).toMatchObject({ code: 'EVENT_REFUSED', runId: RUN, eventType: 'RETRY', state: 'awaitingApproval' });
    expect(error.accepted).toEqual(['APPROVED', 'FORBIDDEN', 'NOTED', 'REBUILD', 'REJECTED', 'SHOUTED']);
    expect(error.message).toContain('Possible here: APPROVED, FORBIDDEN, NOTED, REBUILD, REJECTED, SHOUTED.');
    expect(await recorded()).toEqual(before);
  });

  test('whose guard says no is refused', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    expect(await failure(engine.resume(RUN, operator, gives('FORBIDDEN')))).toBeInstanceOf(EventRefusedError);
  });

  test('is refused in a final state, where nothing more is possible', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    await engine.resume(RUN, operator, approve);
    const error = (await failure(engine.send(RUN, operator, gives('ABANDONED')))) as EventRefusedError;
    expect(error.message).toBe(`Run ${RUN} is in completed, where ABANDONED is not possible. Possible here: nothing more.`);
  });

  test('that asks for an action unknown to the engine is an error, and changes nothing', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    const before = await recorded();
    expect(await failure(engine.send(RUN, operator, gives('SHOUTED')))).toMatchObject({
      message: 'the machine asks for action shout, which the engine does not know',
    });
    expect(await recorded()).toEqual(before);
  });

  test('that is sent is committed, and what it asks for is left to who resumes', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    const view = await engine.send(RUN, operator, gives('NOTED', 'APPROVED'));
    expect(view.run).toMatchObject({ status: 'active', state: 'shipping' });
    expect(view.attempts.at(-1)).toMatchObject({ step: 'shipping', status: 'pending' });
    expect((await engine.resume(RUN, operator)).run.status).toBe('completed');
  });

  test('that an actor reports and the state does not take is refused to the actor', async () => {
    const gather: Actor<unknown, unknown> = async (_, context) => context.report({ type: 'PLANNED', plan: 'too early' });
    const view = await (await toy.engine({ actors: { gather } })).start(toy.request());
    expect(view.attempts).toMatchObject([{ status: 'failed', error: { code: 'EVENT_REFUSED' } }]);
  });

  test('that reports what is known already is on record again', async () => {
    const build: Actor<unknown, unknown> = async (_, context) => {
      await context.report({ type: 'PLANNED', plan: 'two walls' });
      await context.report({ type: 'PLANNED', plan: 'two walls' });
    };
    expect((await (await toy.engine({ actors: { build } })).start(toy.request())).run.status).toBe('waiting');
    const types = (await collect((await toy.store()).history(RUN))).map(({ event }) => event.type);
    expect(types.filter((type) => type === 'PLANNED')).toHaveLength(2);
  });

  test('of a state that is left cancels the attempt that was to come', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    await engine.send(RUN, operator, gives('APPROVED'));
    const view = await engine.send(RUN, operator, gives('ABANDONED'));
    expect(view.run.status).toBe('abandoned');
    expect(view.attempts.at(-1)).toMatchObject({ step: 'shipping', status: 'cancelled', startedAt: null });
    expect((await engine.resume(RUN, operator)).run).toEqual(view.run);
  });
});

describe('prepare', () => {
  test('sees the run under its lease, with its evidence', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    await engine.send(RUN, operator, async (view, evidence) => {
      expect(view).toMatchObject({ run: { status: 'waiting' }, snapshot: { value: 'awaitingApproval' } });
      expect(view.lease?.holder).not.toBeNull();
      expect(await evidence.exists('20_building.txt')).toBe(true);
      return [];
    });
  });

  test.each(['resume', 'send'] as const)('that throws changes nothing, and %s gives its error', async (method) => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    const before = await recorded();
    const refusal = new Error('the checkpoint is not complete');
    expect(await failure(engine[method](RUN, operator, () => Promise.reject(refusal)))).toBe(refusal);
    expect(await recorded()).toEqual(before);
    expect((await (await toy.store()).getLease(RUN))?.holder).toBeNull();
  });
});

describe('whoever drives', () => {
  const colleague = { ...operator, user: 'colleague' };
  const joiningBy = (type: string) =>
    toyDefinition(toyActors({ ledger: toy.ledger }), {
      joining: (_, who) => (who.user === colleague.user ? { type, text: who.user } : null),
    });
  const types = async () => (await collect((await toy.store()).history(RUN))).map(({ event }) => event.type);

  test('is put on record before anything is driven, and where nothing is due, not at all', async () => {
    const engine = await toy.engine({ definition: joiningBy('NOTED') });
    await engine.start(toy.request());
    await engine.resume(RUN, colleague);
    expect(await types()).not.toContain('NOTED');
    await engine.resume(RUN, colleague, approve);
    expect((await types()).slice(-3)).toEqual(['APPROVED', 'NOTED', 'xstate.done.actor.shipping']);
  });

  test('drives nothing when the machine does not take that: the attempt is left to another one', async () => {
    const engine = await toy.engine({ definition: joiningBy('FORBIDDEN') });
    await engine.start(toy.request());
    await engine.send(RUN, operator, approve);
    expect(await failure(engine.resume(RUN, colleague))).toBeInstanceOf(EventRefusedError);
    expect((await engine.inspect(RUN)).attempts.at(-1)).toMatchObject({ step: 'shipping', status: 'pending' });
    expect((await engine.resume(RUN, operator)).run.status).toBe('completed');
  });
});

describe('the outcome of an attempt', () => {
  const withOutcome = (onDone: object) => {
    const machine = setup({ actors: { gather: fromPromise(async () => null) }, guards: { never: () => false } }).createMachine({
      initial: 'gathering',
      states: {
        gathering: { invoke: { id: 'gathering', src: 'gather', onDone, onError: { target: 'failed' } } },
        failed: { type: 'final' },
      },
    });
    const facts = () =>
      ({
        status: 'active',
        environmentLock: null,
        environment: null,
        gitHead: null,
        deadlines: [],
        isAloneInCycle: false,
      }) as const;
    return toyDefinition(toyActors({ ledger: toy.ledger }), { machine, facts });
  };

  test('that changes nothing is a defect, and the step does not pass', async () => {
    const engine = await toy.engine({ definition: withOutcome({ actions: assign({}) }) });
    expect(await failure(engine.start(toy.request()))).toBeInstanceOf(SettlementIgnoredError);
    expect((await engine.inspect(RUN)).attempts).toMatchObject([{ status: 'running', output: null }]);
  });

  test('that no branch takes is a defect, and the step does not pass', async () => {
    const engine = await toy.engine({ definition: withOutcome({ guard: 'never', target: 'failed' }) });
    expect(await failure(engine.start(toy.request()))).toBeInstanceOf(EventRefusedError);
    expect((await engine.inspect(RUN)).attempts).toMatchObject([{ status: 'running', output: null }]);
  });
});

describe('a snapshot that does not fit', () => {
  const other = { version: 'toy-2' };
  const strangerMachine = setup({}).createMachine({ initial: 'elsewhere', states: { elsewhere: {} } });

  test.each([
    ['of another version', other, 'the versions differ'],
    ['of an unknown state', { machine: strangerMachine }, 'its state is unknown here'],
  ])('%s is refused with the way out, and nothing changes', async (_, changes, why) => {
    await (await toy.engine()).start(toy.request());
    const before = await recorded();
    const engine = await toy.engine({ definition: toyDefinition(toyActors({ ledger: toy.ledger }), changes) });
    for (const method of ['resume', 'send'] as const) {
      const error = (await failure(engine[method](RUN, operator, approve))) as SnapshotIncompatibleError;
      expect(error).toBeInstanceOf(SnapshotIncompatibleError);
      expect(error.message).toContain(why);
      expect(error.message).toContain('Go on with the version that began the run');
    }
    expect(await recorded()).toEqual(before);
    expect((await (await toy.store()).getLease(RUN))?.holder).toBeNull();
  });

  test('can still be looked at, and does not hide other runs', async () => {
    await (await toy.engine()).start(toy.request());
    const newer = await toy.engine({ definition: toyDefinition(toyActors({ ledger: toy.ledger }), other) });
    await newer.start(toy.request(OTHER_RUN));
    expect((await newer.inspect(RUN)).run).toMatchObject({ status: 'waiting', machineVersion: 'toy-1' });
    expect((await newer.list()).map(({ run }) => run.runId)).toEqual([OTHER_RUN, RUN]);
  });
});

describe('runs', () => {
  test('of unknown ids are not found by any method', async () => {
    const engine = await toy.engine();
    for (const attempt of [engine.resume(RUN, operator), engine.send(RUN, operator, approve), engine.inspect(RUN)]) {
      expect(await failure(attempt)).toBeInstanceOf(RunNotFoundError);
    }
  });

  test('are begun once: a second start of the same id is refused and changes nothing', async () => {
    const engine = await toy.engine();
    await engine.start(toy.request());
    const before = await everything(await toy.store());
    expect(await failure(engine.start(toy.request()))).toMatchObject({ code: 'RUN_EXISTS' });
    expect(await everything(await toy.store())).toEqual(before);
  });

  test('are told to a watcher transition by transition, each one after it is on disk', async () => {
    const store = await toy.store();
    const told: Promise<boolean>[] = [];
    const engine = await toy.engine({
      notify: (notice) => {
        if (notice.type !== 'transition') return;
        const { seq } = notice.record;
        told.push(store.getRun(RUN).then((run) => (run?.headSeq ?? 0) >= seq));
      },
    });
    const { run } = await engine.start(toy.request());
    expect(await Promise.all(told)).toEqual(Array(run.headSeq).fill(true));
  });
});
