import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorContext } from '../../src/actors/actor.js';
import { writeHistory } from '../../src/actors/write-history.js';
import { canonicalJson } from '../../src/evidence/canonical-json.js';
import { recordHash } from '../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { chainOf, failure, RUN_ID, sealingRun, type SealingRun } from './sealing-context.js';

const NAME = '58_history.ndjson';
const WHAT_TO_DO = 'Nothing was sealed. Keep the database as it is and examine it with: cutover doctor';

let run: SealingRun;
beforeEach(async () => {
  run = await sealingRun();
});
afterEach(() => run.end());

const written = () => readFile(join(run.directory, NAME), 'utf8');
const write = (range: { after: number; upTo: number }, overrides: Partial<ActorContext> = {}) =>
  writeHistory(run.context(overrides), NAME, range);
const lines = (records: readonly HistoryRecord[]) => records.map((record) => `${canonicalJson(record)}\n`).join('');

describe('writeHistory', () => {
  test.each([
    [{ after: 0, upTo: 8 }, 0, 8],
    [{ after: 0, upTo: 6 }, 0, 6],
    [{ after: 6, upTo: 8 }, 6, 8],
  ])('%j: writes the records of the range, and returns the hash of the last one', async (range, from, to) => {
    expect(await write(range)).toBe(run.history[to - 1]?.hash);
    expect(await written()).toBe(lines(run.history.slice(from, to)));
  });

  test('a part is only written when the whole chain before it is intact', async () => {
    const [, second] = chainOf(2);
    if (second === undefined) throw new Error('there is no record');
    run.history.splice(1, 1, { ...second, to: 'b' });
    expect(await failure(write({ after: 6, upTo: 8 }))).toMatchObject({
      code: 'HISTORY_BROKEN',
      message: `The history of run ${RUN_ID} is not what was recorded: transition 2: hash ${second.hash} recorded, ${recordHash({ ...second, to: 'b' })} computed. ${WHAT_TO_DO}`,
      options: { details: { seq: 2, fault: expect.stringContaining(second.hash) } },
      transient: false,
    });
    expect(await written()).toBe('');
  });

  test('a history that ends too early is not complete', async () => {
    run.history.splice(5);
    expect(await failure(write({ after: 0, upTo: 6 }))).toMatchObject({
      code: 'HISTORY_INCOMPLETE',
      message: `The history of run ${RUN_ID} ends at transition 5, but 6 was to be sealed. ${WHAT_TO_DO}`,
      options: { details: { upTo: 6, found: 5 } },
      transient: false,
    });
  });

  test('a line that redaction would change is not sealed: its hash would be wrong', async () => {
    const secret = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');
    const [first] = chainOf(1);
    if (first === undefined) throw new Error('there is no record');
    const leaking = { ...first, event: { type: 'REPLAY', reason: secret } };
    run.history.splice(0, 8, { ...leaking, hash: recordHash(leaking) });
    expect(await failure(write({ after: 0, upTo: 1 }))).toMatchObject({
      code: 'SECRET_FOUND',
      message:
        `The history of run ${RUN_ID} holds what looks like a secret; ${NAME} shows where it was redacted. Nothing was sealed. ` +
        'Find the event that brought it (a reason, an error message), revoke the secret, and start a new run.',
      options: { details: { file: NAME } },
      transient: false,
    });
    expect(await written()).not.toContain(secret);
  });

  test('an attempt that is stopped meanwhile ends with the reason', async () => {
    const abort = new AbortController();
    const history = async function* () {
      for (const record of run.history) {
        if (record.seq === 3) abort.abort(new Error('lease lost'));
        yield record;
      }
    };
    await expect(write({ after: 0, upTo: 8 }, { signal: abort.signal, history })).rejects.toThrow('lease lost');
    expect(await written()).toBe(lines(run.history.slice(0, 2)));
  });
});
