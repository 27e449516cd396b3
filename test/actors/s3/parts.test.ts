import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compositeChecksum, digestParts, partSize } from '../../../src/actors/s3/parts.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const hex = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');

describe('the size of a part', () => {
  test.each([
    ['nothing', 0, 16 * MIB],
    ['6 GB', 6e9, 16 * MIB],
    ['as much as ten thousand parts hold', 10_000 * 16 * MIB, 16 * MIB],
    ['one byte more', 10_000 * 16 * MIB + 1, 17 * MIB],
    ['5 TiB', 5 * 1024 * GIB, 525 * MIB],
  ])('of %s', (_what, size, expected) => {
    expect(partSize(size)).toBe(expected);
  });

  test('is one that S3 takes, and makes as many parts as it takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * 1024 * GIB }), (size) => {
        const bytes = partSize(size);
        expect(bytes).toBeGreaterThanOrEqual(5 * MIB);
        expect(bytes).toBeLessThanOrEqual(5 * GIB);
        expect(Math.ceil(size / bytes)).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

describe('bytes in parts', () => {
  const bytes = Buffer.alloc(33 * MIB, 'evidence ');

  test.each([
    ['at once', 33 * MIB],
    ['in pieces that end within a part', 7 * MIB + 1],
  ])('have the digests of the whole and of each part, when they come %s', async (_how, piece) => {
    const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, at) =>
      bytes.subarray(at * piece, (at + 1) * piece),
    );
    const { parts, ...whole } = await digestParts(Readable.from(pieces), bytes.length);
    expect(whole).toEqual({ size: bytes.length, sha256: hex('sha256', bytes) });
    expect(parts).toEqual(
      [0, 16, 32].map((start, index) => {
        const part = bytes.subarray(start * MIB, (start + 16) * MIB);
        const digests = { sha256: hex('sha256', part), md5: hex('md5', part) };
        return { number: index + 1, start: start * MIB, size: part.length, ...digests };
      }),
    );
  });

  test('end with a whole part where they are as long as their parts', async () => {
    const { parts } = await digestParts(Readable.from([bytes.subarray(0, 32 * MIB)]), 32 * MIB);
    expect(parts.map(({ size }) => size / MIB)).toEqual([16, 16]);
  });

  test('that are none are one empty part', async () => {
    const { parts } = await digestParts(Readable.from([]), 0);
    expect(parts).toMatchObject([{ number: 1, start: 0, size: 0, sha256: hex('sha256', Buffer.alloc(0)) }]);
  });
});

test('the composite checksum is the digest of the digests, with their number', () => {
  const parts = ['a', 'b'].map((text, index) => ({ ...part(Buffer.from(text)), number: index + 1 }));
  const digests = Buffer.concat(parts.map(({ sha256 }) => Buffer.from(sha256, 'hex')));
  expect(compositeChecksum(parts)).toBe(`${createHash('sha256').update(digests).digest('base64')}-2`);
});

function part(bytes: Buffer) {
  return { number: 1, start: 0, size: bytes.length, sha256: hex('sha256', bytes), md5: hex('md5', bytes) };
}
