import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonDifferences } from '../../src/cli/json-difference.js';

describe('the difference of two JSON documents', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['a value', { a: 1, b: 2 }, { a: 1, b: 3 }, [{ path: '/b', before: 2, after: 3 }]],
    [
      'a value deep within',
      { a: { b: [1, { c: 'x' }] } },
      { a: { b: [1, { c: 'y' }] } },
      [{ path: '/a/b/1/c', before: 'x', after: 'y' }],
    ],
    ['one that is gone', { a: { b: 1 } }, { a: {} }, [{ path: '/a/b', before: 1, after: undefined }]],
    ['one that is new', [1], [1, [2]], [{ path: '/1', before: undefined, after: [2] }]],
    ['another kind of value', { a: [] }, { a: {} }, [{ path: '/a', before: [], after: {} }]],
    ['null, which is no object', { a: null }, { a: {} }, [{ path: '/a', before: null, after: {} }]],
    ['the whole', 1, 2, [{ path: '', before: 1, after: 2 }]],
    ['a key with a slash and a tilde', { 'a/b~c': 1 }, {}, [{ path: '/a~1b~0c', before: 1, after: undefined }]],
    ['a key that every object seems to have', { constructor: 1 }, {}, [{ path: '/constructor', before: 1, after: undefined }]],
  ])('is %s', (_what, before, after, expected) => {
    expect(jsonDifferences(before, after)).toEqual(expected);
  });

  test('is nothing exactly where both say the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        expect(jsonDifferences(before, structuredClone(before))).toEqual([]);
        expect(jsonDifferences(before, after).length === 0).toBe(
          JSON.stringify(sorted(before)) === JSON.stringify(sorted(after)),
        );
      }),
    );
  });
});

/** With its keys in order: JSON has none. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}
