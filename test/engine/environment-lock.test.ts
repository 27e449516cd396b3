import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { InterruptedError } from '../../src/engine/errors.js';
import { EnvironmentHeldError } from '../../src/store/errors.js';
import { operator, OTHER_RUN, RUN } from '../store/builders.js';
import { everything, failure } from '../store/observe.js';
import { hangingActor } from './hanging-actor.js';
import { YARD } from './toy-machine.js';
import { Toy } from './toy.js';

let toy: Toy;
let stop: AbortController;
let end: Promise<unknown>;
beforeEach(async () => {
  toy = new Toy();
  stop = new AbortController();
  const hanging = hangingActor();
  const engine = await toy.engine({ actors: { build: hanging.actor }, signal: stop.signal });
  end = engine.start(toy.request()).catch((error: unknown) => error);
  await hanging.began;
});
afterEach(async () => {
  await interruptFirst();
  await toy.dispose();
});

/** The first run is in the locked state; it keeps the lock when its driver stops. */
async function interruptFirst(): Promise<void> {
  stop.abort(new InterruptedError('SIGTERM'));
  await end;
}

test('a second run that comes to the locked environment fails there, and is told which run holds it', async () => {
  const view = await (await toy.engine()).start(toy.request(OTHER_RUN));
  expect(view.run).toMatchObject({ status: 'failed', environment: null });
  expect(view.attempts).toMatchObject([
    { step: 'gathering', status: 'failed', error: { code: 'ENVIRONMENT_HELD', message: expect.stringContaining(RUN) } },
  ]);
  expect(view.attempts[0]?.logs).toMatchObject([{ file: '10_gathering.txt' }]);
  expect(toy.ledger.lines('began').filter(({ step }) => step === 'building')).toEqual([]);
});

test('the lock outlives its driver, is released at the pause, and then the second run goes on', async () => {
  const engine = await toy.engine();
  await engine.start(toy.request(OTHER_RUN));
  await interruptFirst();
  const store = await toy.store();
  expect(await store.environmentHolder(YARD)).toBe(RUN);
  expect((await engine.resume(OTHER_RUN, operator, async () => [{ type: 'REPLAY' }])).run.status).toBe('failed');

  expect((await engine.resume(RUN, operator)).run.status).toBe('waiting');
  expect(await store.environmentHolder(YARD)).toBeNull();
  const view = await engine.resume(OTHER_RUN, operator, async () => [{ type: 'REPLAY' }]);
  expect(view.run).toMatchObject({ status: 'waiting', environment: YARD });
  expect(await store.environmentHolder(YARD)).toBeNull();
});

test("a person's decision that would enter the locked environment is refused and changes nothing", async () => {
  const engine = await toy.engine();
  await interruptFirst();
  await engine.resume(RUN, operator);
  await engine.start(toy.request(OTHER_RUN));
  await engine.send(RUN, operator, async () => [{ type: 'REBUILD' }]);

  const store = await toy.store();
  const before = { ...((await everything(store, OTHER_RUN)) as object), lease: null };
  const error = await failure(engine.resume(OTHER_RUN, operator, async () => [{ type: 'REBUILD' }]));
  expect(error).toBeInstanceOf(EnvironmentHeldError);
  expect(error).toMatchObject({ environment: YARD, holderRunId: RUN });
  expect({ ...((await everything(store, OTHER_RUN)) as object), lease: null }).toEqual(before);
});
