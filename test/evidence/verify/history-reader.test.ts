import { describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../../../src/evidence/canonical-json.js';
import { genesisHash, recordHash } from '../../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../../src/evidence/history-record.js';
import { HistoryReader } from '../../../src/evidence/verify/history-reader.js';
import { historyOf } from '../history-example.js';

const RUN = '20260221T120000Z';
const records = historyOf(RUN, 5);
const textOf = (some: readonly HistoryRecord[]) => some.map((record) => `${canonicalJson(record)}\n`).join('');
const whole = textOf(records);

function read(text: string | Uint8Array, { runId = RUN as string | null, piece = 1e6 } = {}) {
  const reader = new HistoryReader(runId);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return { reader, ...reader.soFar() };
}

/** A chain with right hashes, whatever the events are. */
function chainOf(...events: HistoryRecord['event'][]): HistoryRecord[] {
  let prev = genesisHash(RUN);
  return events.map((event, index) => {
    const record = { ...(records[0] as HistoryRecord), seq: index + 1, event, prev_hash: prev };
    prev = recordHash(record);
    return { ...record, hash: prev };
  });
}

test.each([1, 10, 1e6])('a whole history is read to its head, in pieces of %d bytes', (piece) => {
  expect(read(whole, { piece })).toMatchObject({
    length: 5,
    head: records[4]?.hash,
    last: records[4],
    signedOff: null,
    fault: null,
  });
});

test('without an id the run is the one that the first transition names', () => {
  expect(read(whole, { runId: null })).toMatchObject({ length: 5, fault: null });
  expect(read('', { runId: null })).toMatchObject({ length: 0, head: 'none', last: null, fault: null });
});

test('a second file goes on where the first one ended', () => {
  const { reader } = read(textOf(records.slice(0, 2)));
  reader.push(Buffer.from(textOf(records.slice(2))));
  expect(reader.soFar()).toMatchObject({ length: 5, fault: null });
});

describe('the first fault is named, and ends the chain there', () => {
  const lines = whole.split('\n');
  const without = (at: number) => lines.filter((_, index) => index !== at).join('\n');
  test.each([
    ['another run', whole, { runId: '20260221T120001Z' }, 0, 'transition 1: belongs to run'],
    ['a line that is left out', without(1), {}, 1, 'transition 3: seq 2 expected, found 3'],
    ['a first line that is left out', without(0), {}, 0, 'transition 2: seq 1 expected, found 2'],
    ['lines in another order', [lines[1], lines[0], ...lines.slice(2)].join('\n'), {}, 0, 'seq 1 expected'],
    ['an edited line', whole.replace('"attempt":3', '"attempt":4'), {}, 2, 'transition 3: hash'],
    ['a line that is cut off', whole.slice(0, -1), {}, 4, 'is cut off after transition 4'],
    ['another form of the same JSON', whole.replace('{"at"', '{ "at"'), {}, 0, 'is not the canonical JSON of its record'],
    ['a field twice', whole.replace('{"at"', '{"at":"x","at"'), {}, 0, 'is not the canonical JSON of its record'],
    ['a byte order mark', `\uFEFF${whole}`, {}, 0, 'the line after transition 0'],
    ['no JSON', `${whole}nonsense\n`, {}, 5, 'the line after transition 5'],
    ['an empty line', `${whole}\n`, {}, 5, 'the line after transition 5'],
    ['no object', `${whole}5\n`, {}, 5, 'is no record'],
    ['null', `${whole}null\n`, {}, 5, 'is no record'],
    ['a record without an event', `${whole}{}\n`, {}, 5, 'has no event'],
    ['JSON too deep to be read', `${whole}${'['.repeat(200_000)}${']'.repeat(200_000)}\n`, {}, 5, 'the line after transition 5'],
  ])('%s', (_what, text, options, length, fault) => {
    expect(read(text, options)).toMatchObject({ length, fault: expect.stringContaining(fault) });
  });

  test('bytes that are no UTF-8', () => {
    const bytes = Buffer.from(whole);
    bytes[whole.indexOf('operator')] = 0xff;
    expect(read(bytes)).toMatchObject({ length: 0, fault: expect.stringContaining('the line after transition 0') });
  });

  test('a line without an end is not kept', () => {
    const { length, fault } = read(Buffer.concat([Buffer.from(whole), Buffer.alloc(17 * 1024 * 1024, 'x')]));
    expect([length, fault]).toEqual([5, 'has a line of more than 16777216 bytes']);
  });
});

test('the last sign-off, the digests of the upload logs and an interrupted upload are noted', () => {
  const signed = { type: 'SIGNED_OFF', signOff: { signer: 'b' } };
  const log = (file: string, sha256: unknown) => ({ type: 'xstate.done.actor.x', logs: [{ file, sha256 }, null, 'x'] });
  const { reader, signedOff, fault } = read(
    textOf(
      chainOf(
        { type: 'SIGNED_OFF', signOff: { signer: 'a' } },
        signed,
        log('70_worm_upload_stdout.txt', 'aa'),
        log('30_rc_gates.txt', 'bb'),
        log('70_worm_upload_stdout.txt', 5),
        { type: 'x', logs: 'none' },
        { type: 'RESUMED', interrupted: [{ step: 'runningRcGates' }] },
      ),
    ),
  );
  expect([fault, signedOff?.event, [...reader.uploadLogs], reader.uploadWasInterrupted]).toEqual([null, signed, ['aa'], false]);
  for (const step of ['sealing.uploading', 'sealing.verifying']) {
    const resumed = read(textOf(chainOf({ type: 'RESUMED', interrupted: [{ step }] })));
    expect([resumed.fault, resumed.reader.uploadWasInterrupted]).toEqual([null, true]);
  }
});
