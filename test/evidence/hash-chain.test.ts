import { describe, expect, test } from '@jest/globals';
import { canonicalSha256 } from '../../src/evidence/canonical-json.js';
import { ChainVerifier, genesisHash, recordHash } from '../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { historyOf } from './history-example.js';

const RUN = '20260221T120000Z';

function faultIn(records: readonly HistoryRecord[]): string | null {
  const verifier = new ChainVerifier(RUN);
  for (const record of records) {
    const fault = verifier.next(record);
    if (fault !== null) return fault.fault;
  }
  return null;
}

describe('a chain', () => {
  test('that nobody touched has no fault, and its head is the last hash', () => {
    const records = historyOf(RUN, 6);
    const verifier = new ChainVerifier(RUN);
    expect(verifier.head).toBe(genesisHash(RUN));
    for (const record of records) expect(verifier.next(record)).toBeNull();
    expect(verifier.head).toBe(records.at(-1)?.hash);
    expect(verifier.length).toBe(6);
  });

  test('begins with a hash that binds it to its run', () => {
    expect(genesisHash(RUN)).toBe(canonicalSha256({ chain: 'cutover-history-v1', run_id: RUN }));
  });

  test('whose record holds an object that cannot be made a string has a fault, and does not break the verifier', () => {
    const [record] = historyOf(RUN, 1);
    const strange = { ...record, run_id: { toString: null } } as unknown as HistoryRecord;
    expect(faultIn([strange])).toBe(`belongs to run {"toString":null}, not ${RUN}`);
  });

  test.each<[string, Partial<HistoryRecord>, string]>([
    ['of another run', { run_id: 'x' }, `belongs to run x, not ${RUN}`],
    ['out of order', { seq: 3 }, 'seq 2 expected, found 3'],
    ['that follows another one', { prev_hash: 'x' }, `prev_hash x does not match ${historyOf(RUN, 1)[0]?.hash}`],
    ['that holds what JSON cannot', { snapshot: Infinity }, 'has no hash: Infinity is not allowed'],
    ['whose hash was lost', { hash: null as never }, `hash null recorded, ${historyOf(RUN, 2)[1]?.hash} computed`],
    ['whose hash is no text', { hash: 1 as never }, `hash 1 recorded, ${historyOf(RUN, 2)[1]?.hash} computed`],
  ])('with a record %s is told by its number, and is not gone on with', (_, change, fault) => {
    const [first, second] = historyOf(RUN, 2) as [HistoryRecord, HistoryRecord];
    const verifier = new ChainVerifier(RUN);
    verifier.next(first);
    const damaged = { ...second, ...change };
    expect(verifier.next(damaged)).toEqual({ seq: damaged.seq, fault });
    expect([verifier.head, verifier.length]).toEqual([first.hash, 1]);
    expect(verifier.next(second)).toBeNull();
  });

  test.each([0, 1, 2, 3, 4])('with record %i removed, given twice, or moved is found', (index) => {
    const records = historyOf(RUN, 6);
    const record = records[index] as HistoryRecord;
    expect(faultIn(records.toSpliced(index, 1))).not.toBeNull();
    expect(faultIn(records.toSpliced(index, 0, record))).not.toBeNull();
    expect(faultIn(records.with(index, records[index + 1] as HistoryRecord).with(index + 1, record))).not.toBeNull();
  });

  test('whose end alone is missing has no fault, which is why a head is kept elsewhere', () => {
    expect(faultIn(historyOf(RUN, 6).slice(0, 5))).toBeNull();
  });

  test('with a field that was added is found, even when it is undefined in no other record', () => {
    const [first] = historyOf(RUN, 1) as [HistoryRecord];
    expect(faultIn([{ ...first, note: 'x' } as HistoryRecord])).toContain('hash');
  });

  test('of another run is found', () => {
    expect(faultIn(historyOf('20260221T120001Z', 2))).toContain('belongs to run 20260221T120001Z');
    const forged = historyOf('20260221T120001Z', 1).map((record) => ({ ...record, run_id: RUN }));
    expect(faultIn(forged.map((record) => ({ ...record, hash: recordHash(record) })))).toContain('prev_hash');
  });

  test('hashes every field but the hash itself', () => {
    const [first] = historyOf(RUN, 1) as [HistoryRecord];
    const { hash, ...rest } = first;
    expect(recordHash(first)).toBe(hash);
    expect(canonicalSha256(rest)).toBe(hash);
  });
});
