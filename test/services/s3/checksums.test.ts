import { describe, expect, test } from '@jest/globals';
import { startChecksum, type ChecksumAlgorithm } from './checksums.js';

/** The check values of the CRC catalogue, and of FIPS 180, for "123456789". */
const known: [ChecksumAlgorithm, string][] = [
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
];

describe('checksums', () => {
  test.each(known)('%s of the nine digits is %s, in one piece and in two', (algorithm, expected) => {
    const whole = startChecksum(algorithm);
    whole.update(Buffer.from('123456789'));
    const pieces = startChecksum(algorithm);
    pieces.update(Buffer.from('1234'));
    pieces.update(Buffer.from('56789'));
    expect([whole.digest().toString('hex'), pieces.digest().toString('hex')]).toEqual([expected, expected]);
  });
});
