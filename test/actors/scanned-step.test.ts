import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActorError, type Actor } from '../../src/actors/actor.js';
import { scanned } from '../../src/actors/scanned-step.js';
import type { HeldOutcome, Scanned } from '../../src/config/step-contracts.js';
import { MIXED, word } from '../evidence/secret-examples.js';
import { createTestContext, type TestContext } from './actor-context.js';
import { failure } from './sealing-context.js';

/** No rule of the redactor's knows it, so it gets into a log; secretlint does. */
const TOKEN = `hvs.${word(MIXED, 95)}`;
const KIND = 'secretlint-hashicorp-vault-HASHICORP_VAULT_SERVICE_TOKEN';
const LOG = '30_rc_gates.txt';

let context: TestContext;
beforeEach(async () => void (context = await createTestContext()));
afterEach(() => context.remove());

let runs = 0;
/** Writes a line after a first one, and ends as it is told. */
const writing = (line: string, end: () => unknown = () => ({ exitCode: 0 })): Actor<Scanned, unknown> =>
  scanned(async (_input, { openLog }) => {
    runs += 1;
    const log = await openLog(LOG);
    await log.write(`first\n${line}\n`);
    return end();
  });

async function held(): Promise<HeldOutcome> {
  const { options } = await failure(writing(`vault ${TOKEN}`)({}, context));
  return options.details?.['held'] as HeldOutcome;
}

async function accepted(sha256: string | undefined, kind = KIND) {
  return [{ file: LOG, line: 2, kind, sha256: sha256 ?? '', by: 'supervisor', reason: 'an example' }];
}

describe('a step whose log holds', () => {
  test('no secret is done, and its result is as it was', async () => {
    expect(await writing('all is well')({}, context)).toEqual({ exitCode: 0 });
  });

  test('a secret is not done: file, line and rule are named, never the value, and its result is kept back', async () => {
    const error = await failure(writing(`vault ${TOKEN}`)({}, context));
    expect(error.code).toBe('SECRET_FOUND');
    expect(error.message).toContain(`${LOG}:2 (${KIND})`);
    expect(error.message).toContain('cutover replay');
    expect(error.options.details).toMatchObject({
      findings: [{ file: LOG, line: 2, kind: KIND }],
      held: {
        output: { exitCode: 0 },
        files: { [LOG]: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), size: expect.any(Number) } },
      },
    });
    expect(JSON.stringify([error.message, error.options])).not.toContain(TOKEN.slice(4, 40));
  });

  test('a secret when it fails fails as it does, and says the place besides', async () => {
    const gate = new ActorError('RC_GATES_FAILED', 'The gates failed.', { details: { exitCode: 3 }, transient: true });
    const fails = (line: string) =>
      failure(
        writing(line, () => {
          throw gate;
        })({}, context),
      );
    expect(await fails('well')).toBe(gate);
    const { code, message, options } = await fails(TOKEN);
    expect([code, options]).toEqual(['RC_GATES_FAILED', gate.options]);
    expect(message).toBe(`The gates failed. Besides: A secret is in the evidence, in ${LOG}:2 (${KIND}). Revoke each.`);
  });

  test('what a supervisor accepted is done', async () => {
    const { files } = await held();
    expect(
      await writing(`vault ${TOKEN}`)({ scan: { accepted: await accepted(files[LOG]?.sha256), held: null } }, context),
    ).toEqual({
      exitCode: 0,
    });
  });

  test.each([
    ['for another file', (sha256: string) => [sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), KIND]],
    ['for another rule', (sha256: string) => [sha256, 'jwt']],
  ])('what was accepted %s is not', async (_what, change) => {
    const { files } = await held();
    const [sha256, kind] = change(files[LOG]?.sha256 ?? '');
    const input = { scan: { accepted: await accepted(sha256, kind), held: null } };
    expect((await failure(writing(`vault ${TOKEN}`)(input, context))).code).toBe('SECRET_FOUND');
  });

  test('the value of a variable is not, whoever accepted it', async () => {
    // The redactor of the log did not know the variable.
    const env = { ...context.env, DB_PASSWORD: 'correct-horse' };
    const error = await failure(writing('correct-horse')({}, { ...context, env }));
    const { files } = error.options.details?.['held'] as HeldOutcome;
    const input = { scan: { accepted: await accepted(files[LOG]?.sha256, 'env-DB_PASSWORD'), held: null } };
    expect((await failure(writing('correct-horse')(input, { ...context, env }))).code).toBe('SECRET_FOUND');
  });
});

describe('a step whose result was kept back', () => {
  test('is not run again: its files are scanned again, and it is done once all is accepted', async () => {
    const outcome = await held();
    const before = runs;
    const step = writing('never written');
    const again = await failure(step({ scan: { accepted: [], held: outcome } }, context));
    expect(again.code).toBe('SECRET_FOUND');
    expect(again.options.details?.['held']).toEqual(outcome);
    const accept = { scan: { accepted: await accepted(outcome.files[LOG]?.sha256), held: outcome } };
    expect(await step(accept, context)).toEqual({ exitCode: 0 });
    expect(runs).toBe(before);
  });

  test('is not done by taking the secret out of its file', async () => {
    const outcome = await held();
    await context.evidence.write(LOG, 'first\n');
    const error = await failure(writing('x')({ scan: { accepted: [], held: outcome } }, context));
    expect(error.message).toContain(`${LOG} does not begin with what the step left in it`);
    expect([error.code, error.message]).toEqual(['EVIDENCE_CHANGED', expect.stringContaining('cutover replay')]);
  });
});

test('a scan is not gone on with when the step is to stop', async () => {
  const stop = new AbortController();
  const step = writing('x', () => stop.abort(new Error('lease lost')));
  await expect(step({}, { ...context, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
});
