import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ActorError } from '../../src/actors/actor.js';
import { InterruptedError } from '../../src/engine/errors.js';
import { operator, RUN } from '../store/builders.js';
import { collect, failure } from '../store/observe.js';
import { aborted, hangingActor } from './hanging-actor.js';
import { Toy } from './toy.js';

let toy: Toy;
let stop: AbortController;
beforeEach(() => {
  toy = new Toy();
  stop = new AbortController();
});
afterEach(() => toy.dispose());

const interrupt = () => stop.abort(new InterruptedError('SIGINT'));

test('a driver that is asked to stop leaves the attempt open and frees the lease; the run looks interrupted', async () => {
  const hanging = hangingActor();
  const engine = await toy.engine({ actors: { gather: hanging.actor }, signal: stop.signal });
  const end = failure(engine.start(toy.request()));
  const context = await hanging.began;
  interrupt();
  expect(await end).toBe(stop.signal.reason);
  expect(context.signal.reason).toBe(stop.signal.reason);
  const view = await engine.inspect(RUN);
  expect(view.look).toEqual({ kind: 'interrupted', text: 'interrupted' });
  expect(view.attempts).toMatchObject([{ step: 'gathering', attempt: 1, status: 'running', settledSeq: null }]);
  expect(view.lease).toMatchObject({ fence: 1, holder: null });
});

test('resume records the interruption, makes the step again as attempt 2, and keeps the first log', async () => {
  const gather = hangingActor(async (_, context) => {
    await (await context.openLog('10_gathering.txt')).write('second\n');
    return { stones: 3 };
  });
  const writing: typeof gather.actor = async (input, context) => {
    if (context.attempt === 1) await (await context.openLog('10_gathering.txt')).write('first\n');
    return gather.actor(input, context);
  };
  const engine = await toy.engine({ actors: { gather: writing }, signal: stop.signal });
  const end = failure(engine.start(toy.request()));
  await gather.began;
  interrupt();
  await end;

  const view = await (await toy.engine({ actors: { gather: writing } })).resume(RUN, operator);
  expect(view.attempts).toMatchObject([
    { step: 'gathering', attempt: 1, status: 'interrupted', settledSeq: 2, logs: [] },
    { step: 'gathering', attempt: 2, status: 'succeeded', logs: [{ file: '10_gathering.txt' }] },
    { step: 'building', attempt: 1, status: 'succeeded' },
  ]);
  const [, resumed] = await collect((await toy.store()).history(RUN));
  expect(resumed?.event).toEqual({ type: 'RESUMED', interrupted: [{ step: 'gathering', attempt: 1 }] });
  expect(resumed).toMatchObject({ from: 'gathering', to: 'gathering', who: operator });
  expect((await toy.evidence().read('10_gathering.attempt-1.txt')).toString()).toBe('first\n');
  expect((await toy.evidence().read('10_gathering.txt')).toString()).toBe('second\n');
});

test('a driver that was asked to stop before it began does nothing but keep the place', async () => {
  interrupt();
  const engine = await toy.engine({ signal: stop.signal });
  expect(await failure(engine.start(toy.request()))).toBe(stop.signal.reason);
  expect((await engine.inspect(RUN)).attempts).toMatchObject([{ status: 'pending', startedAt: null }]);
  expect((await (await toy.engine()).resume(RUN, operator)).run.status).toBe('waiting');
  expect(toy.ledger.lines('began')).toMatchObject([{ step: 'gathering', attempt: 1 }, { step: 'building' }]);
});

test('an effect that ended well although a stop was asked for is on record as that, and nothing follows it', async () => {
  const gather = async () => {
    interrupt();
    return { stones: 3 };
  };
  const engine = await toy.engine({ actors: { gather }, signal: stop.signal });
  expect(await failure(engine.start(toy.request()))).toBe(stop.signal.reason);
  expect((await engine.inspect(RUN)).attempts).toMatchObject([
    { step: 'gathering', status: 'succeeded', output: { stones: 3 } },
    { step: 'building', status: 'pending' },
  ]);
});

test('the error by which an actor ends after the request to stop is not taken for a failure of the step', async () => {
  const gather = async (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
    interrupt();
    await aborted(signal).catch(() => {
      throw new ActorError('CHILD_KILLED', 'The command was ended by SIGTERM.');
    });
  };
  const engine = await toy.engine({ actors: { gather }, signal: stop.signal });
  expect(await failure(engine.start(toy.request()))).toBe(stop.signal.reason);
  expect((await engine.inspect(RUN)).run).toMatchObject({ status: 'active', headSeq: 1 });
});

test('a driver that waits for the next attempt stops at once, and the wait is kept', async () => {
  const ship = async () => {
    throw new ActorError('BUSY', 'Not now.', { transient: true });
  };
  const engine = await toy.engine({
    actors: { gather: ship },
    signal: stop.signal,
    notify: ({ type }) => type === 'backing-off' && interrupt(),
  });
  expect(await failure(engine.start(toy.request(RUN, { retryMs: 3_600_000 })))).toBe(stop.signal.reason);
  const [first, second] = (await engine.inspect(RUN)).attempts;
  expect(second).toMatchObject({ attempt: 2, status: 'pending' });
  expect(Date.parse(second?.notBefore ?? '') - Date.parse(first?.endedAt ?? '')).toBe(3_600_000);
});
