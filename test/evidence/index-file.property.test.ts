import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { indexText, parseIndex } from '../../src/evidence/index-file.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('an index is read as it was written, sorted by name', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'B', '\\', '\n', '\r', 'n', ' ', '*', '/', 'é'),
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 10 }), (names) => {
      const entries = names.map((each) => ({ name: each, sha256: sha256(each) }));
      expect(parseIndex(indexText(entries))).toEqual(entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    }),
  );
});
