import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The algorithms of the `x-amz-checksum-*` headers. */
export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/**
 * A checksum as S3 keeps it with an object. `FULL_OBJECT`: of its bytes, in base64. `COMPOSITE`: of the checksums of its parts, in
 * base64 and with the number of the parts behind a hyphen. Source: "Checking object integrity" in the S3 user guide.
 */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
  readonly value: string;
}

export interface RunningChecksum {
  update(chunk: Buffer): void;
  digest(): Buffer;
}

/** Starts a checksum over a stream. */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'SHA1':
    case 'SHA256': {
      const hash = createHash(algorithm);
      return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
    }
    case 'CRC32': {
      let crc = 0;
      return { update: (chunk) => void (crc = crc32(chunk, crc)), digest: () => bigEndian(crc) };
    }
    case 'CRC32C':
      return startCrc32c();
    case 'CRC64NVME':
      return startCrc64Nvme();
  }
}

/** The header of an algorithm: `x-amz-checksum-sha256`. */
export const checksumHeader = (algorithm: ChecksumAlgorithm) => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** Length of a checksum in bytes. */
export const checksumBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

const crc32cTable = table32(0x82f63b78);

function startCrc32c(): RunningChecksum {
  let crc = -1;
  return {
    update(chunk) {
      for (const byte of chunk) crc = (crc >>> 8) ^ (crc32cTable[(crc ^ byte) & 0xff] ?? 0);
    },
    digest: () => bigEndian(~crc >>> 0),
  };
}

/** CRC-64/NVME in two 32-bit halves, since bigint is a hundred times slower. */
function startCrc64Nvme(): RunningChecksum {
  const { high: tableHigh, low: tableLow } = crc64NvmeTable;
  let high = -1;
  let low = -1;
  return {
    update(chunk) {
      for (const byte of chunk) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] ?? 0);
        high = (high >>> 8) ^ (tableHigh[index] ?? 0);
      }
    },
    digest: () => Buffer.concat([bigEndian(~high >>> 0), bigEndian(~low >>> 0)]),
  };
}

const crc64NvmeTable = table64(0x9a6c9329ac4bc9b5n);

function table32(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
}

function table64(polynomial: bigint): { high: Int32Array; low: Int32Array } {
  const entries = Array.from({ length: 256 }, (_, index) => {
    let crc = BigInt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    return crc;
  });
  return {
    high: Int32Array.from(entries, (entry) => Number(BigInt.asIntN(32, entry >> 32n))),
    low: Int32Array.from(entries, (entry) => Number(BigInt.asIntN(32, entry))),
  };
}

function bigEndian(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
