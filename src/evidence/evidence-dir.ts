import type { Readable } from 'node:stream';

/** What was written: SHA-256 (hex) and size in bytes. */
export interface WrittenFile {
  readonly sha256: string;
  readonly size: number;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A regular file of the evidence: its name is relative to the run's directory, with `/` between folders. */
export interface EvidenceEntry {
  readonly name: string;
  readonly size: number;
}

/** A log that grows while a step runs. What is written goes through the redactor first; the digest is of the bytes on disk. */
export interface EvidenceLog {
  readonly file: string;
  write(chunk: string | Uint8Array): Promise<void>;
  /** Flushes, fsyncs and closes; a second call returns the same result. */
  close(): Promise<WrittenFile>;
}

/** The part of it that verifying needs: what is verified may lie elsewhere than in a directory. */
export type EvidenceSource = Pick<EvidenceDir, 'exists' | 'read' | 'stream' | 'list' | 'digest'>;

/**
 * The one way by which evidence is written and read: append, rename, list, read.
 * Names that leave the directory, links and special files are refused with `EvidenceError`.
 */
export interface EvidenceDir {
  /** The directory, absolute. */
  readonly path: string;
  /** Makes the directory, and the root's `.gitignore` that keeps runs out of `git status`. */
  create(): Promise<void>;
  exists(name: string): Promise<boolean>;
  /** Writes the whole file atomically: temporary file, fsync, rename, fsync of the directory. Not redacted. */
  write(name: string, content: string | Uint8Array): Promise<WrittenFile>;
  /** Creates an empty log (an existing one is truncated: keep it under another name first), or goes on at the end of one with `append`. */
  openLog(name: string, options?: { readonly append?: boolean }): Promise<EvidenceLog>;
  /** Reads a file of at most `maxBytes` (default 1 MiB); a larger one is an error, not a part. */
  read(name: string, maxBytes?: number): Promise<Buffer>;
  /** The bytes of a file, or those of `range`: from `start` to `end`, which is not among them. */
  stream(name: string, range?: ByteRange): Readable;
  rename(from: string, to: string): Promise<void>;
  makeDirectory(name: string): Promise<void>;
  /** Every regular file below the directory, sorted by name (code units). A link or special file is an error. */
  list(): Promise<EvidenceEntry[]>;
  /** SHA-256 and size of a file as it is now, read as a stream. */
  digest(name: string): Promise<WrittenFile>;
}
