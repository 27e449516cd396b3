import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { canonicalJson, canonicalSha256 } from '../../src/evidence/canonical-json.js';
import { NUMBERS, SAMPLE, SORTING } from './rfc-8785-vectors.js';

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

describe('the vectors of RFC 8785', () => {
  test('the sample object has the bytes that are given for it', () => {
    const expected = Buffer.from(SAMPLE.bytes.replaceAll(/\s/g, ''), 'hex');
    expect(Buffer.from(canonicalJson(JSON.parse(SAMPLE.given)), 'utf8')).toEqual(expected);
  });

  test('keys are sorted by UTF-16 code units', () => {
    const sorted = canonicalJson(JSON.parse(SORTING.given));
    expect([...sorted.matchAll(/:"([^"]*)"/g)].map(([, value]) => value)).toEqual(SORTING.values);
  });

  test.each(NUMBERS.filter(([, text]) => text !== null))('the number with the bits %s is %s', (bits, text) => {
    expect(canonicalJson(numberOf(bits))).toBe(text);
  });

  test.each(NUMBERS.filter(([, text]) => text === null))('the bits %s are no number that JSON has', (bits) => {
    for (const value of [numberOf(bits), [numberOf(bits)], { fact: numberOf(bits) }]) {
      expect(() => canonicalJson(value)).toThrow();
    }
  });

  // Section 3.2.2.2.
  test.each(['\ud83d', '\ude00', '\ude00\ud83d'])('half of a surrogate pair (%j) is refused, in a text and in a key', (half) => {
    for (const value of [half, { fact: half }, { [half]: 'fact' }]) expect(() => canonicalJson(value)).toThrow();
  });
});

function numberOf(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE();
}
