import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../src/evidence/canonical-json.js';
import { ChainVerifier, recordHash } from '../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { historyOf } from './history-example.js';

const RUN = '20260221T120000Z';
const LENGTH = 6;
const RECORDS = historyOf(RUN, LENGTH);
const HEAD = RECORDS.at(-1)?.hash;
const FIELDS = Object.keys(RECORDS[0] ?? {}) as (keyof HistoryRecord)[];

/** Something done to a file of records by somebody. */
type Damage = (records: readonly HistoryRecord[]) => HistoryRecord[];

const at = fc.nat({ max: LENGTH - 1 });
const spare = fc.constantFrom(...RECORDS, ...historyOf('20260221T120001Z', LENGTH));
const changed = fc.record({ index: at, field: fc.constantFrom(...FIELDS), value: fc.jsonValue() }).map(
  ({ index, field, value }): Damage =>
    (records) =>
      changeAt(records, index, { [field]: value }),
);
const damage: fc.Arbitrary<Damage> = fc.oneof(
  changed,
  at.map(
    (index): Damage =>
      (records) =>
        records.toSpliced(index, 1),
  ),
  fc.tuple(at, spare).map(
    ([index, record]): Damage =>
      (records) =>
        records.toSpliced(index, 0, record),
  ),
  fc.tuple(at, spare).map(
    ([index, record]): Damage =>
      (records) =>
        records.toSpliced(index, 1, record),
  ),
  fc.tuple(at, at).map(
    ([one, other]): Damage =>
      (records) =>
        swapped(records, one, other),
  ),
);

function changeAt(records: readonly HistoryRecord[], index: number, change: object): HistoryRecord[] {
  return records.map((record, place) => (place === index ? { ...record, ...change } : record));
}

function swapped(records: readonly HistoryRecord[], one: number, other: number): HistoryRecord[] {
  const place = (index: number) => (index === one ? other : index === other ? one : index);
  return records.map((_, index) => records[place(index)]).filter((record) => record !== undefined);
}

/** Reads as far as there is no fault. */
function read(records: readonly HistoryRecord[]): { readonly followed: number; readonly head: string } {
  const verifier = new ChainVerifier(RUN);
  const fault = records.findIndex((record) => verifier.next(record) !== null);
  return { followed: fault < 0 ? records.length : fault, head: verifier.head };
}

describe('a chain', () => {
  test('is followed exactly as far as it is what was written, whatever was changed, removed, added or moved', () => {
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        const found = damages.reduce<HistoryRecord[]>((records, each) => each(records), RECORDS);
        const differs = found.findIndex((record, index) => canonicalJson(record) !== canonicalJson(RECORDS[index] ?? null));
        const expected = differs < 0 ? found.length : differs;
        expect(read(found)).toEqual({ followed: expected, head: read(RECORDS.slice(0, expected)).head });
      }),
      { numRuns: 500 },
    );
  });

  test('whose record was changed and hashed anew is told by the record after it, or by the head that is kept elsewhere', () => {
    fc.assert(
      fc.property(at, fc.constantFrom('at', 'event', 'to', 'who', 'snapshot'), fc.jsonValue(), (index, field, value) => {
        const forged = { ...(RECORDS[index] as HistoryRecord), [field]: value };
        fc.pre(canonicalJson(forged) !== canonicalJson(RECORDS[index]));
        const { followed, head } = read(changeAt(RECORDS, index, { ...forged, hash: recordHash(forged) }));
        expect(followed).toBe(index + 1);
        expect(head).not.toBe(HEAD);
      }),
    );
  });

  test('whose whole rest was written anew has another head', () => {
    fc.assert(
      fc.property(at, fc.jsonValue(), (index, value) => {
        fc.pre(canonicalJson(RECORDS[index]?.event) !== canonicalJson(value));
        const forged: HistoryRecord[] = [];
        for (const record of changeAt(RECORDS, index, { event: value })) {
          const linked = { ...record, prev_hash: forged.at(-1)?.hash ?? record.prev_hash };
          forged.push({ ...linked, hash: recordHash(linked) });
        }
        const { followed, head } = read(forged);
        expect(followed).toBe(LENGTH);
        expect(head).not.toBe(HEAD);
      }),
    );
  });
});
