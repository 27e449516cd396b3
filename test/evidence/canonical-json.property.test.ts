import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../src/evidence/canonical-json.js';

const json = fc.jsonValue({ stringUnit: 'binary' });

test('canonical JSON is the same for equal values, whatever the order of their fields at whatever depth', () => {
  fc.assert(
    fc.property(json, fc.infiniteStream(fc.nat()), (value, order) => {
      expect(canonicalJson(reordered(value, order))).toBe(canonicalJson(value));
    }),
  );
});

test('canonical JSON is read back as the value that it was made of, and is its own canonical form', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

test('canonical JSON tells apart what JSON tells apart', () => {
  const sameText = (one: unknown, other: unknown) => canonicalJson(one) === canonicalJson(other);
  fc.assert(
    fc.property(json, json, (one, other) => {
      const read = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      expect(sameText(one, other)).toBe(isDeepStrictEqual(read(one), read(other)));
    }),
  );
});

/** The same value with the fields of every object in another order. */
function reordered(value: unknown, order: Iterator<number>): unknown {
  if (Array.isArray(value)) return value.map((each) => reordered(each, order));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, each]) => ({ name, each, at: Number(order.next().value) }));
  return Object.fromEntries(fields.sort((a, b) => a.at - b.at).map(({ name, each }) => [name, reordered(each, order)]));
}
