import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorContext } from '../../src/actors/actor.js';
import { InterruptedError } from '../../src/engine/errors.js';
import { LeaseHeldError, LeaseLostError, StoreUnavailableError } from '../../src/store/errors.js';
import type { LeaseHolder, LeaseRecord, Store } from '../../src/store/store.js';
import { operator, RUN } from '../store/builders.js';
import { collect, failure } from '../store/observe.js';
import { finalState } from './expect-intact.js';
import { aborted, hangingActor } from './hanging-actor.js';
import { deadHolder, livingHolder, Toy, type ToyOptions } from './toy.js';

const NEVER_MS = 3_600_000;
const HOUR_MS = 3_600_000;

let toy: Toy;
let drivers: { readonly stop: AbortController; readonly end: Promise<unknown> }[];
beforeEach(() => {
  toy = new Toy();
  drivers = [];
});
afterEach(async () => {
  for (const { stop, end } of drivers) {
    stop.abort(new InterruptedError('SIGTERM'));
    await end;
  }
  await toy.dispose();
});

/** A driver in the midst of `gathering`. */
async function drivingRun(options: ToyOptions = {}) {
  const hanging = hangingActor();
  const stop = new AbortController();
  const engine = await toy.engine({ actors: { gather: hanging.actor }, signal: stop.signal, ...options });
  const end = engine.start(toy.request()).catch((error: unknown) => error);
  drivers.push({ stop, end });
  return { hanging, stop, end, context: await hanging.began };
}

/** A store of which one method fails when it is told to. */
function breakingStore(store: Store, method: keyof Store, fails: () => boolean): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === method && fails()) return () => Promise.reject(new StoreUnavailableError('cutover.db', 'disk I/O error'));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function elsewhere(): LeaseHolder {
  return { ...livingHolder(), user: 'sre', host: 'other-host', machineId: 'machine-2', bootId: 'boot-2' };
}

describe('one driver a run', () => {
  test('a second driver is refused while the first one lives, and is told who that is', async () => {
    await drivingRun();
    const second = await toy.engine();
    for (const attempt of [
      second.resume(RUN, operator),
      second.send(RUN, operator, async () => [{ type: 'NOTED', text: 'x' }]),
    ]) {
      const error = (await failure(attempt)) as LeaseHeldError;
      expect(error).toBeInstanceOf(LeaseHeldError);
      expect(error.lease.holder).toEqual(livingHolder());
      expect(error.message).toContain(`operator on jumphost (pid ${process.pid}`);
    }
    expect((await second.inspect(RUN)).run.headSeq).toBe(1);
  });

  test('a dead driver on this host is taken over at once', async () => {
    await drivingRun({ holder: deadHolder(), heartbeatMs: NEVER_MS });
    const second = await toy.engine({ leaseStaleMs: NEVER_MS });
    expect((await second.resume(RUN, operator)).run.status).toBe('waiting');
    expect(toy.notices.filter(({ type }) => type === 'watching-lease')).toEqual([]);
  });

  test('a driver before the last boot of this host is taken over at once, even if its pid is in use again', async () => {
    await drivingRun({ holder: { ...livingHolder(), bootId: 'boot-0' }, heartbeatMs: NEVER_MS });
    const second = await toy.engine({ leaseStaleMs: NEVER_MS });
    expect((await second.resume(RUN, operator)).run.status).toBe('waiting');
  });

  test('a driver elsewhere is watched, and its next heartbeat refuses the contender', async () => {
    await drivingRun({ holder: elsewhere(), heartbeatMs: 5 });
    const second = await toy.engine({ leaseStaleMs: 5_000 });
    const began = performance.now();
    expect(await failure(second.resume(RUN, operator))).toMatchObject({ code: 'LEASE_HELD', lease: { holder: elsewhere() } });
    expect(toy.notices).toContainEqual(expect.objectContaining({ type: 'watching-lease', forMs: 5_000 }));
    expect(performance.now() - began).toBeLessThan(4_500);
  });

  test('a driver elsewhere whose heartbeat stands still is taken over after the whole time, not before', async () => {
    await drivingRun({ holder: elsewhere(), heartbeatMs: NEVER_MS });
    const second = await toy.engine({ leaseStaleMs: 150 });
    const began = performance.now();
    expect((await second.resume(RUN, operator)).run.status).toBe('waiting');
    expect(performance.now() - began).toBeGreaterThanOrEqual(150);
  });

  test.each([
    ['ahead of', HOUR_MS],
    ['behind', -HOUR_MS],
  ])(
    'a clock that is an hour %s the other one neither takes a living driver’s lease nor keeps a dead one’s',
    async (_how, ms) => {
      const now = () => new Date(Date.now() + ms);
      const { stop } = await drivingRun({ holder: elsewhere(), heartbeatMs: 5 });
      const watching = await toy.engine({ leaseStaleMs: 5_000, now });
      expect(await failure(watching.resume(RUN, operator))).toMatchObject({ code: 'LEASE_HELD' });
      stop.abort(new InterruptedError('SIGTERM'));
      await drivers[0]?.end;
      const store = await toy.store();
      await store.acquireLease(RUN, elsewhere(), null, new Date().toISOString());
      expect((await (await toy.engine({ leaseStaleMs: 150, now })).resume(RUN, operator)).run.status).toBe('waiting');
    },
  );

  test('a clock that jumps an hour to and fro while a run is driven changes nothing of it', async () => {
    const steady = await (await toy.engine()).start(toy.request());
    await toy.dispose();
    toy = new Toy();
    let ticks = 0;
    const now = () => new Date(Date.now() + ((ticks += 1) % 3 === 0 ? HOUR_MS : ticks % 3 === 1 ? -HOUR_MS : 0));
    const jumping = await (await toy.engine({ now, heartbeatMs: 1, leaseStaleMs: 2_000 })).start(toy.request());
    expect(finalState(jumping)).toEqual(finalState(steady));
    expect(await (await toy.store()).check()).toMatchObject({ faults: [] });
  });

  test('a lease that is released while it is watched is taken without more waiting', async () => {
    const { stop } = await drivingRun({ holder: elsewhere(), heartbeatMs: NEVER_MS });
    const second = await toy.engine({
      leaseStaleMs: 10_000,
      notify: ({ type }) => type === 'watching-lease' && stop.abort(new InterruptedError('SIGTERM')),
    });
    const began = performance.now();
    expect((await second.resume(RUN, operator)).run.status).toBe('waiting');
    expect(performance.now() - began).toBeLessThan(9_000);
  });

  test('who stops watching stops as interrupted, and has changed nothing', async () => {
    await drivingRun({ holder: elsewhere(), heartbeatMs: NEVER_MS });
    const stop = new AbortController();
    const second = await toy.engine({
      leaseStaleMs: NEVER_MS,
      signal: stop.signal,
      notify: ({ type }) => type === 'watching-lease' && stop.abort(new InterruptedError('SIGINT')),
    });
    expect(await failure(second.resume(RUN, operator))).toBeInstanceOf(InterruptedError);
    expect(await (await toy.store()).getLease(RUN)).toMatchObject({ fence: 1, holder: elsewhere() });
  });
});

test('a driver that cannot begin gives the lease back, so that the next one need not wait for its end', async () => {
  const engine = await toy.engine();
  await engine.start(toy.request());
  const store = await toy.store();
  for (const broken of ['attempts', 'getSnapshot', 'getRun'] as const) {
    let calls = 0;
    const breaking = breakingStore(store, broken, () => (calls += 1) === (broken === 'getRun' ? 2 : 1));
    const error = await failure((await toy.engine({ store: breaking })).resume(RUN, operator));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((await store.getLease(RUN))?.holder).toBeNull();
  }
});

describe('a driver that lost its lease', () => {
  test('ends its actor, writes nothing more, and says so', async () => {
    const { end, context } = await drivingRun({ holder: deadHolder(), heartbeatMs: 5 });
    const view = await (await toy.engine()).resume(RUN, operator);
    expect(await end).toBeInstanceOf(LeaseLostError);
    expect(context.signal.reason).toBeInstanceOf(LeaseLostError);
    expect(await failure(context.report({ type: 'NOTED', text: 'still here' }))).toBeInstanceOf(LeaseLostError);
    expect(await failure(context.openLog('10_gathering.txt'))).toBeInstanceOf(LeaseLostError);
    expect((await (await toy.engine()).inspect(RUN)).run).toEqual(view.run);
  });

  test('is refused by the store even before its heartbeat tells it', async () => {
    const { hanging, end } = await drivingRun({ holder: deadHolder(), heartbeatMs: NEVER_MS });
    const view = await (await toy.engine()).resume(RUN, operator);
    hanging.release();
    expect(await end).toBeInstanceOf(LeaseLostError);
    expect((await (await toy.engine()).inspect(RUN)).run).toEqual(view.run);
  });

  test('loses it to a person who ends the run under it', async () => {
    const { end } = await drivingRun({ heartbeatMs: 5 });
    const view = await (await toy.engine()).send(RUN, operator, async () => [{ type: 'ABANDONED' }], { seize: 'whoever' });
    expect(view.run.status).toBe('abandoned');
    expect(view.attempts.map(({ status }) => status)).toEqual(['cancelled']);
    expect(await end).toBeInstanceOf(LeaseLostError);
    expect((await collect((await toy.store()).history(RUN))).map(({ event }) => event.type)).toEqual(['STARTED', 'ABANDONED']);
  });
});

describe('a lease that is taken from the driver that was seen', () => {
  const take = async (seen: LeaseRecord) =>
    (await toy.engine()).send(RUN, operator, async () => [{ type: 'ABANDONED' }], { seize: seen });
  const leaseNow = async () => (await (await toy.store()).getLease(RUN)) as LeaseRecord;

  test('is taken however often its heart has beaten since', async () => {
    const { end } = await drivingRun({ heartbeatMs: 5 });
    const seen = await leaseNow();
    while ((await leaseNow()).counter === seen.counter) await new Promise((wake) => setTimeout(wake, 5));
    expect((await take(seen)).run.status).toBe('abandoned');
    expect(await end).toBeInstanceOf(LeaseLostError);
  });

  test('is not taken from another one that came since, which is named and goes on', async () => {
    await drivingRun({ holder: deadHolder(), heartbeatMs: NEVER_MS });
    const seen = await leaseNow();
    const stop = new AbortController();
    const signal = await new Promise<AbortSignal>((began) => {
      const gather = (_input: unknown, context: ActorContext) => {
        began(context.signal);
        return aborted(context.signal);
      };
      const end = toy.engine({ actors: { gather }, signal: stop.signal }).then((next) => next.resume(RUN, operator));
      drivers.push({ stop, end: end.catch((error: unknown) => error) });
    });
    const error = await failure(take(seen));
    expect(error).toBeInstanceOf(LeaseHeldError);
    expect((error as LeaseHeldError).lease.fence).toBe(seen.fence + 1);
    expect([signal.aborted, await leaseNow()]).toMatchObject([false, { fence: seen.fence + 1 }]);
  });
});

describe('a driver whose heartbeats fail', () => {
  test('stops by itself before others may take over', async () => {
    const store = breakingStore(await toy.store(), 'heartbeat', () => true);
    const began = performance.now();
    const { end, context } = await drivingRun({ store, heartbeatMs: 10, leaseStaleMs: 300 });
    expect(await end).toBeInstanceOf(LeaseLostError);
    expect(context.signal.reason).toBeInstanceOf(LeaseLostError);
    expect(performance.now() - began).toBeGreaterThanOrEqual(200);
  });

  test('goes on when they succeed again in time', async () => {
    let failures = 0;
    const store = breakingStore(await toy.store(), 'heartbeat', () => failures < 3 && (failures += 1) > 0);
    const { hanging, end } = await drivingRun({ store, heartbeatMs: 5 });
    const onlooker = await toy.store();
    while ((await onlooker.getLease(RUN))?.counter === 0) await new Promise(setImmediate);
    hanging.release();
    expect(await end).toMatchObject({ run: { status: 'waiting' } });
    expect(failures).toBe(3);
  });
});
