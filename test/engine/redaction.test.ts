import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ActorError, type Actor } from '../../src/actors/actor.js';
import { knownSecrets } from '../../src/evidence/known-secrets.js';
import { jsonRedactor } from '../../src/evidence/redact-json.js';
import { operator, RUN } from '../store/builders.js';
import { collect } from '../store/observe.js';
import { Toy } from './toy.js';

const SECRET = 'q7Vd0xLk2Tz9Rb4WmN8sYp';
const redact = jsonRedactor(knownSecrets({ AWS_SECRET_ACCESS_KEY: SECRET }));

let toy: Toy;
beforeEach(() => {
  toy = new Toy();
});
afterEach(() => toy.dispose());

const told = { note: `the key is ${SECRET}` };

test('no secret that an event, an output or an error holds is written to the database', async () => {
  const fails: Actor<unknown, unknown> = async () => {
    throw new ActorError('REFUSED', `${SECRET} was refused`, { details: told });
  };
  const build: Actor<unknown, unknown> = async (_, context) => {
    await context.report({ type: 'PLANNED', plan: SECRET });
    return told;
  };
  await (await toy.engine({ redact, actors: { gather: fails } })).start(toy.request(RUN, told));
  const engine = await toy.engine({ redact, actors: { gather: async () => told, build } });
  const view = await engine.resume(RUN, operator, async () => [{ type: 'REPLAY', reason: SECRET }]);

  expect(view.run.status).toBe('waiting');
  const [failed, gathered, built] = view.attempts;
  expect(failed?.error).toMatchObject({ code: 'REFUSED', message: expect.stringContaining('[REDACTED:') });
  expect(gathered?.output).toEqual(built?.output);
  expect(gathered?.output).toMatchObject({ note: expect.stringContaining('[REDACTED:') });
  expect(view.snapshot.context).toMatchObject({ plan: expect.stringContaining('[REDACTED:') });
  for (const file of [toy.at.file, `${toy.at.file}-wal`]) expect(readFileSync(file).includes(SECRET)).toBe(false);
});

test('the machine gets the redacted event, and what is recorded of an attempt is what its event says', async () => {
  const { attempts } = await (await toy.engine({ redact, actors: { gather: async () => told } })).start(toy.request());
  const history = await collect((await toy.store()).history(RUN));
  for (const { settledSeq, output, logs } of attempts) {
    expect(history[(settledSeq ?? 0) - 1]?.event).toMatchObject({ output, logs });
  }
});
