import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../src/evidence/canonical-json.js';
import { ChainVerifier } from '../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { historyOf } from './history-example.js';

const RUN = '20260221T120000Z';

test('a chain in which any field of any record was changed is found', () => {
  const fields = Object.keys(historyOf(RUN, 1)[0] ?? {}) as (keyof HistoryRecord)[];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), fc.constantFrom(...fields), fc.jsonValue(), (index, field, value) => {
      const records = historyOf(RUN, 6);
      const record = records[index] as HistoryRecord;
      fc.pre(canonicalJson(record[field]) !== canonicalJson(value));
      const verifier = new ChainVerifier(RUN);
      const damaged = records.with(index, { ...record, [field]: value } as HistoryRecord);
      expect(damaged.some((each) => verifier.next(each) !== null)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
