import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ActorError, type Actor } from '../../src/actors/actor.js';
import { InterruptedError } from '../../src/engine/errors.js';
import { operator, RUN } from '../store/builders.js';
import { collect, failure } from '../store/observe.js';
import { BUILDING_LOG, GATHERING_LOG, toyActors } from './toy-actors.js';
import { approve, Toy } from './toy.js';

let toy: Toy;
beforeEach(() => {
  toy = new Toy();
});
afterEach(() => toy.dispose());

async function files(): Promise<Record<string, string>> {
  const evidence = toy.evidence();
  const names = (await evidence.list()).map(({ name }) => name);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await evidence.read(name)).toString()] as const)),
  );
}

test('each attempt has a log of its own; the earlier ones keep their number, and the last one the name', async () => {
  const actors = toyActors({ ledger: toy.ledger, refusals: { gathering: 2 } });
  await (await toy.engine({ actors })).start(toy.request());
  expect(await files()).toMatchObject({
    '10_gathering.attempt-1.txt': 'gathering, attempt 1\n',
    '10_gathering.attempt-2.txt': 'gathering, attempt 2\n',
    '10_gathering.txt': 'gathering, attempt 3\n',
  });
});

test('a step that appends goes on with the log of the step before, in every attempt', async () => {
  const engine = await toy.engine({ actors: toyActors({ ledger: toy.ledger, refusals: { shipping: 1 } }) });
  await engine.start(toy.request());
  await engine.resume(RUN, operator, approve);
  expect((await files())[BUILDING_LOG]).toBe('building, attempt 1\nshipping, attempt 1\nshipping, attempt 2\n');
});

test('a log that several steps wrote is kept under the number of the attempt that begins it anew', async () => {
  const engine = await toy.engine();
  await engine.start(toy.request());
  await engine.send(RUN, operator, async () => [{ type: 'REBUILD' }]);
  await engine.resume(RUN, operator);
  expect(await files()).toMatchObject({
    '20_building.attempt-1.txt': 'building, attempt 1\n',
    [BUILDING_LOG]: 'building, attempt 2\n',
  });
});

test('the digests in the event and in the attempt are those of the file, also when the actor did not close it', async () => {
  const view = await (await toy.engine()).start(toy.request());
  const history = await collect((await toy.store()).history(RUN));
  for (const { logs, settledSeq, logFile } of view.attempts) {
    expect(logs).toEqual([{ file: logFile, ...(await toy.evidence().digest(logFile ?? '')) }]);
    expect(history[(settledSeq ?? 0) - 1]?.event['logs']).toEqual(logs);
  }
});

test('a failed attempt has the digest of its log on record as well', async () => {
  const gather: Actor<unknown, unknown> = async (_, context) => {
    const log = await context.openLog(GATHERING_LOG);
    await log.write('nothing found\n');
    await log.close();
    throw new ActorError('STONES_MISSING', 'There are no stones.');
  };
  const view = await (await toy.engine({ actors: { gather } })).start(toy.request());
  expect(view.attempts[0]?.logs).toEqual([{ file: GATHERING_LOG, ...(await toy.evidence().digest(GATHERING_LOG)) }]);
});

test('the name of a log is on record before the file is there', async () => {
  const store = await toy.store();
  let recorded: string | null | undefined;
  const engine = await toy.engine({
    openEvidence: () => {
      const evidence = toy.evidence();
      const openLog: typeof evidence.openLog = async (name, options) => {
        recorded = (await store.attempts(RUN)).at(-1)?.logFile;
        expect(await evidence.exists(name)).toBe(false);
        return evidence.openLog(name, options);
      };
      return new Proxy(evidence, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (name === 'openLog') return openLog;
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    },
  });
  await engine.start(toy.request());
  expect(recorded).toBe(BUILDING_LOG);
});

test('a step whose log somebody else wrote to does not pass', async () => {
  const gather: Actor<unknown, unknown> = async (_, context) => {
    await (await context.openLog(GATHERING_LOG)).write('ours\n');
    appendFileSync(join(context.evidence.path, GATHERING_LOG), 'theirs\n');
    return { stones: 3 };
  };
  const view = await (await toy.engine({ actors: { gather } })).start(toy.request());
  expect(view.attempts).toMatchObject([{ status: 'failed', output: null, error: { code: 'CHANGED' }, logs: [] }]);
});

test('the failure of a step is told, not that its log could not be closed', async () => {
  const gather: Actor<unknown, unknown> = async (_, context) => {
    await context.openLog(GATHERING_LOG);
    appendFileSync(join(context.evidence.path, GATHERING_LOG), 'theirs\n');
    throw new ActorError('STONES_MISSING', 'There are no stones.');
  };
  const view = await (await toy.engine({ actors: { gather } })).start(toy.request());
  expect(view.attempts).toMatchObject([{ status: 'failed', error: { code: 'STONES_MISSING' } }]);
});

test('an interruption is told, not that the log could not be closed', async () => {
  const stop = new AbortController();
  const gather: Actor<unknown, unknown> = async (_, context) => {
    await context.openLog(GATHERING_LOG);
    appendFileSync(join(context.evidence.path, GATHERING_LOG), 'theirs\n');
    stop.abort(new InterruptedError('SIGINT'));
    context.signal.throwIfAborted();
  };
  const engine = await toy.engine({ actors: { gather }, signal: stop.signal });
  expect(await failure(engine.start(toy.request()))).toBe(stop.signal.reason);
  expect((await engine.inspect(RUN)).attempts).toMatchObject([{ status: 'running' }]);
});

test('a log is never kept over a file that is there already', async () => {
  const engine = await toy.engine({ actors: toyActors({ ledger: toy.ledger, refusals: { gathering: 1 } }) });
  await toy.evidence().create();
  await toy.evidence().write('10_gathering.attempt-1.txt', 'a note of the operator\n');
  const view = await engine.start(toy.request());
  expect(view.attempts).toMatchObject([
    { attempt: 1, status: 'failed', error: { code: 'BUSY' } },
    { attempt: 2, status: 'failed', error: { code: 'EVIDENCE_CONFLICT' } },
  ]);
  expect(await files()).toEqual({
    '10_gathering.attempt-1.txt': 'a note of the operator\n',
    [GATHERING_LOG]: 'gathering, attempt 1\n',
  });
});
