import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, canonicalSha256 } from '../../src/evidence/canonical-json.js';
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

  test('whose record holds an object that cannot be made a string has a fault, and does not break the verifier', () => {
    const [record] = historyOf(RUN, 1);
    const strange = { ...record, run_id: { toString: null } } as unknown as HistoryRecord;
    expect(faultIn([strange])).toBe(`belongs to run {"toString":null}, not ${RUN}`);
  });

  test('in which any field of any record was changed is found', () => {
    const fields = Object.keys(historyOf(RUN, 1)[0] ?? {}) as (keyof HistoryRecord)[];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.constantFrom(...fields), fc.jsonValue(), (index, field, value) => {
        const records = historyOf(RUN, 6);
        const record = records[index] as HistoryRecord;
        fc.pre(canonicalJson(record[field]) !== canonicalJson(value));
        expect(faultIn(records.with(index, { ...record, [field]: value } as HistoryRecord))).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test('with a record removed, given twice, or moved is found, unless the end alone is missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), (index) => {
        const records = historyOf(RUN, 6);
        const record = records[index] as HistoryRecord;
        expect(faultIn(records.toSpliced(index, 1))).not.toBeNull();
        expect(faultIn(records.toSpliced(index, 0, record))).not.toBeNull();
        expect(faultIn(records.with(index, records[index + 1] as HistoryRecord).with(index + 1, record))).not.toBeNull();
      }),
    );
    expect(faultIn(historyOf(RUN, 6).slice(0, 5))).toBeNull(); // which is why a head is kept elsewhere
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
