import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../src/evidence/canonical-json.js';

describe('canonical JSON', () => {
  test('is the same for equal values, whatever the order of their fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(shuffled)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('follows RFC 8785 in numbers, keys and escapes', () => {
    expect(canonicalJson({ numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0], '\u20ac': '\n\u000f"\\', a: null })).toBe(
      '{"a":null,"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"€":"\\n\\u000f\\"\\\\"}',
    );
  });

  test.each([[undefined], [() => 1], [Number.NaN], [1n]])('refuses what JSON cannot hold: %p', (value) => {
    expect(() => canonicalJson(value)).toThrow();
  });
});
