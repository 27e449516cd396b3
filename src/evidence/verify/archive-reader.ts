import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Extract } from 'tar-stream';
import type { WrittenFile } from '../evidence-dir.js';
import { nameFault } from '../safe-path.js';

/** What is not as an archive of ours is: the entry, as it is named there (null: the archive itself), and why. */
export interface ArchiveFault {
  readonly name: string | null;
  readonly fault: string;
}

type Source = Extract extends AsyncIterable<infer Entry> ? Entry : never;

/** What was in the archive. With a fault it is not all of it: reading ended there. */
export interface ArchiveContent {
  readonly files: ReadonlyMap<string, WrittenFile>;
  readonly fault: ArchiveFault | null;
}

/** Takes the content of one file of the archive, piece by piece. */
export interface ContentReader {
  push(chunk: Uint8Array): void;
}

/** Far more than evidence has. They bound the memory that names take. */
const MAX_FILES = 20_000;
const MAX_NAME_BYTES = 1_000;
/**
 * Bytes that may come before the first file, between files or after the last one: more than the 4 MiB of an extended header, after
 * which tar-stream gives up, and far more than a tar's padding.
 */
const MAX_BETWEEN = 8 * 1024 * 1024;

/**
 * Reads an archive piece by piece as it comes, in constant memory; nothing is written to disk. Only plain files are taken, with
 * names that stay inside, each once and in order, as `writeArchive` writes them. `readerOf` is asked for each file before its
 * content comes. What is wrong with the bytes is a fault and no error: whoever pushes goes on, for the digest of them all.
 */
export class ArchiveReader {
  readonly #files = new Map<string, WrittenFile>();
  readonly #gunzip: Gunzip = createGunzip();
  readonly #tar: Extract;
  readonly #ended: Promise<void>;
  #fault: ArchiveFault | null = null;
  #isOver = false;
  #position = 0;
  #allowed = MAX_BETWEEN;

  static async create(readerOf: (name: string) => ContentReader | null): Promise<ArchiveReader> {
    // The default export: once bundled, a CommonJS package has no other.
    const { default: tar } = await import('tar-stream');
    return new ArchiveReader(tar.extract(), readerOf);
  }

  private constructor(
    tar: Extract,
    private readonly readerOf: (name: string) => ContentReader | null,
  ) {
    this.#tar = tar;
    // What is pushed after the end of a broken stream is reported to nobody else.
    this.#gunzip.on('error', () => {});
    this.#ended = this.#readAll().finally(() => (this.#isOver = true));
  }

  async push(chunk: Uint8Array): Promise<void> {
    if (this.#isOver || this.#gunzip.write(chunk)) return;
    await new Promise<void>((goOn) => {
      this.#gunzip.once('drain', goOn);
      void this.#ended.then(goOn);
    });
  }

  async end(): Promise<ArchiveContent> {
    this.#gunzip.end();
    await this.#ended;
    return { files: this.#files, fault: this.#fault };
  }

  async #readAll(): Promise<void> {
    const [entries, flow] = await Promise.allSettled([this.#readEntries(), pipeline(this.#gunzip, this.#bounded(), this.#tar)]);
    // An entry at fault ends the flow as well, and then says why.
    this.#fault ??= faultOf(flow) ?? faultOf(entries);
  }

  async #readEntries(): Promise<void> {
    let previous = '';
    for await (const entry of this.#tar) {
      const { name, size } = entry.header;
      const fault = this.#faultOf(entry, previous);
      if (fault !== null) {
        this.#fault = { name: name.slice(0, MAX_NAME_BYTES), fault };
        return;
      }
      previous = name;
      this.#allowed = this.#position + size + MAX_BETWEEN;
      this.#files.set(name, await this.#readContent(entry, this.readerOf(name)));
    }
  }

  #faultOf({ header: { name, size, type } }: Source, previous: string): string | null {
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `has a name of more than ${MAX_NAME_BYTES} bytes`;
    const fault = nameFault(name);
    if (fault !== null) return `has a name that ${fault}`;
    // tar-stream gives null for a type that it does not know.
    if (type !== 'file') return `is no plain file but a ${(type as string | null) ?? 'thing of an unknown type'}`;
    // From a size that is neither octal nor base-256, tar-stream makes null, and then waits for ever.
    if (!Number.isSafeInteger(size)) return 'has a size that is no number';
    if (this.#files.has(name)) return 'is in the archive twice';
    if (name < previous) return `is not in its place: it comes after ${JSON.stringify(previous)}`;
    return this.#files.size < MAX_FILES ? null : `is one of more than ${MAX_FILES} files`;
  }

  async #readContent(entry: Source, reader: ContentReader | null): Promise<WrittenFile> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of entry as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      size += chunk.length;
      reader?.push(chunk);
    }
    return { sha256: hash.digest('hex'), size };
  }

  /** Ends what goes on and on without a file in it, as the zeros after a tar's end can. */
  #bounded(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#position += chunk.length;
        const isTooFar = this.#position > this.#allowed;
        done(isTooFar ? new Error(`has more than ${MAX_BETWEEN} bytes that belong to no file`) : null, chunk);
      },
    });
  }
}

function faultOf(outcome: PromiseSettledResult<void>): ArchiveFault | null {
  if (outcome.status === 'fulfilled') return null;
  return { name: null, fault: (outcome.reason as Error).message };
}
