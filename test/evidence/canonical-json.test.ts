import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { canonicalJson, canonicalSha256 } from '../../src/evidence/canonical-json.js';

describe('canonical JSON', () => {
  test('follows RFC 8785 in numbers, keys and escapes', () => {
    expect(canonicalJson({ numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0], '\u20ac': '\n\u000f"\\', a: null })).toBe(
      '{"a":null,"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"€":"\\n\\u000f\\"\\\\"}',
    );
  });

  test('has a digest that sha256sum gives as well', () => {
    expect(canonicalSha256({ b: 1, a: null })).toBe(createHash('sha256').update('{"a":null,"b":1}').digest('hex'));
  });

  test('says of which type what it cannot hold is', () => {
    expect(() => canonicalJson(undefined)).toThrow(new TypeError('canonicalJson: undefined has no JSON form'));
  });

  test.each([[undefined], [() => 1], [Number.NaN], [1n]])('refuses what JSON cannot hold: %p', (value) => {
    expect(() => canonicalJson(value)).toThrow();
  });
});
