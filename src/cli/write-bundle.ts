import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './errors.js';

/** A file to be packed. */
export interface BundleFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  open(): Readable;
}

export function textFile(name: string, text: string): BundleFile {
  const bytes = Buffer.from(text);
  return { name, size: bytes.length, open: () => Readable.from([bytes]) };
}

/** The same files give the same bytes. */
const MTIME = new Date('1980-01-01T00:00:00Z');

/**
 * Packs the files into a tar in constant memory. It gets its name when it is whole and on disk, and never that of a file that is there.
 * Throws `UsageError` where there is one, and the error of a file that cannot be read or is not as large as it was.
 */
export async function writeBundle(file: string, files: readonly BundleFile[], signal: AbortSignal): Promise<void> {
  const { default: tar } = await import('tar-stream');
  const partial = `${file}.${randomUUID().slice(0, 8)}.partial`;
  const pack = tar.pack();
  try {
    const written = pipeline(pack, createWriteStream(partial, { flags: 'wx' }), { signal });
    // Its own failure ends the pack, and is told by `written`.
    const filled = fill(pack, files).catch((error: unknown) => pack.destroy(error as Error));
    await Promise.all([written, filled]);
    await sync(partial);
    // A link, unlike a rename, replaces nothing.
    await link(partial, file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new UsageError(`${file} is there already, and is not overwritten. Give another name with --output.`);
    });
    await sync(dirname(file));
  } finally {
    await rm(partial, { force: true });
  }

  async function fill(into: typeof pack, all: readonly BundleFile[]): Promise<void> {
    for (const { name, size, open: read } of all) {
      const entry = into.entry({ name, size, mode: 0o644, mtime: MTIME });
      await pipeline(read(), entry);
    }
    into.finalize();
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
