import { createHash } from 'node:crypto';

/** A part of an object: the bytes from `start` on, with what S3 may tell of them. */
export interface Part {
  /** From 1 on. */
  readonly number: number;
  readonly start: number;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** Hex: the ETag of a part where S3 tells no checksum. */
  readonly md5: string;
}

/** The bytes of an object as they are uploaded. */
export interface DigestedBytes {
  readonly size: number;
  /** Hex, of all bytes. */
  readonly sha256: string;
  readonly parts: readonly Part[];
}

const MIB = 1024 * 1024;
const PART_BYTES = 16 * MIB;
const MAX_PARTS = 10_000;

/** Cuts bytes into parts and digests both, in one pass and in constant memory. The cut depends on `size` alone: every attempt makes the same. */
export async function digestParts(bytes: AsyncIterable<Uint8Array>, size: number): Promise<DigestedBytes> {
  const partBytes = partSize(size);
  const whole = createHash('sha256');
  const parts: Part[] = [];
  let part = new RunningPart();
  let total = 0;
  const end = () => {
    parts.push({ number: parts.length + 1, start: total - part.size, ...part.digest() });
    part = new RunningPart();
  };
  for await (const chunk of bytes) {
    whole.update(chunk);
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + partBytes - part.size);
      part.update(piece);
      at += piece.length;
      total += piece.length;
      if (part.size === partBytes) end();
    }
  }
  // An object has at least one part, be it an empty one.
  if (part.size > 0 || parts.length === 0) end();
  return { size: total, sha256: whole.digest('hex'), parts };
}

/** Bytes of every part but the last. Source: "Amazon S3 multipart upload limits": 5 MiB at least, 10,000 parts at most. */
export function partSize(size: number): number {
  return Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS / MIB) * MIB);
}

/** What S3 tells as checksum of an object that was made of these parts. Source: S3 user guide, "Checking object integrity". */
export function compositeChecksum(parts: readonly Part[]): string {
  const hash = createHash('sha256');
  for (const { sha256 } of parts) hash.update(Buffer.from(sha256, 'hex'));
  return `${hash.digest('base64')}-${parts.length}`;
}

class RunningPart {
  size = 0;
  readonly #sha256 = createHash('sha256');
  readonly #md5 = createHash('md5');

  update(piece: Uint8Array): void {
    this.#sha256.update(piece);
    this.#md5.update(piece);
    this.size += piece.length;
  }

  digest(): Pick<Part, 'size' | 'sha256' | 'md5'> {
    return { size: this.size, sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') };
  }
}
