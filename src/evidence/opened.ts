import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Why the content of an archive could not be looked at; `kind` is the finding. */
export class NotOpenedError extends Error {
  constructor(
    readonly kind: 'archive-corrupt' | 'archive-too-large' | 'archive-too-deep',
    options?: ErrorOptions,
  ) {
    super(kind, options);
  }
}

/** A file in a tar. Its content must be read before the next one is asked for. */
export interface TarEntry {
  /** Everything that its header says in words: its name, where a link leads, an extended header. */
  readonly words: string;
  readonly name: string;
  readonly content: AsyncIterable<Buffer>;
}

const MAX_ENTRIES = 20_000;

/** The bytes that were compressed. Throws `NotOpenedError` for what is no gzip to its end, bytes after it included. */
export async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let read = 0;
  const gunzip = createGunzip();
  const source = Readable.from(
    counted(chunks, (bytes) => (read += bytes)),
    { objectMode: false },
  );
  source.once('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    throw source.errored ?? new NotOpenedError('archive-corrupt', { cause: error });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  // zlib ends in silence where something else follows.
  for await (const chunk of chunks) read += chunk.length;
  if (gunzip.bytesWritten !== read) throw new NotOpenedError('archive-corrupt');
}

/** The files of a tar. Throws `NotOpenedError` for what is no tar to its end. */
export async function* tarEntries(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  // The default export: once bundled, a CommonJS package has no other.
  const { default: tar } = await import('tar-stream');
  const extract = tar.extract();
  const source = Readable.from(chunks, { objectMode: false });
  source.once('error', (error) => extract.destroy(error)).pipe(extract);
  // Told to whoever reads, too.
  extract.on('error', () => {});
  let count = 0;
  try {
    for await (const entry of extract) {
      const { name, size, linkname, pax } = entry.header;
      // From a size that is neither octal nor base-256, tar-stream makes null, and then waits for ever.
      if (!Number.isSafeInteger(size)) throw new NotOpenedError('archive-corrupt');
      if ((count += 1) > MAX_ENTRIES) throw new NotOpenedError('archive-too-large');
      const words = [name, linkname ?? '', ...Object.values(pax ?? {})].join('\n');
      yield { words, name, content: contentOf(entry as unknown as AsyncIterable<Buffer>, source) };
    }
  } catch (error) {
    throw error instanceof NotOpenedError ? error : (source.errored ?? new NotOpenedError('archive-corrupt', { cause: error }));
  } finally {
    source.destroy();
    extract.destroy();
  }
}

async function* contentOf(entry: AsyncIterable<Buffer>, source: Readable): AsyncGenerator<Buffer> {
  try {
    yield* entry;
  } catch (error) {
    throw source.errored ?? new NotOpenedError('archive-corrupt', { cause: error });
  }
}

async function* counted(chunks: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}
