import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { IndexFileError, parseIndex, type IndexEntry } from '../index-file.js';
import type { WrittenFile } from '../evidence-dir.js';
import { EVIDENCE } from '../layout.js';
import { ArchiveReader, type ArchiveContent, type ArchiveFault, type ContentReader } from './archive-reader.js';
import { unknown, type Unknown } from './check.js';
import type { HistoryReader, HistorySoFar } from './history-reader.js';

/** An archive as it was found. */
export interface SealedArchive extends WrittenFile, ArchiveContent {
  readonly index: readonly IndexEntry[] | Unknown;
  readonly scope: string | Unknown;
  readonly history: HistorySoFar | Unknown;
}

/** The index of 20,000 files with long names has less. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024;
const MAX_SCOPE_BYTES = 1024 * 1024;

/** Bytes beyond the size in the manifest that are still unpacked, to tell what is in an archive that was changed. */
const SPARE_BYTES = 1024 * 1024;

/**
 * Reads the archive once, in constant memory: its own digest, that of each file in it, and what the checks have to understand.
 * Of one that is larger than `announced` bytes (the manifest's size) little more is unpacked: gzip may make a thousand of each.
 */
export async function readSealedArchive(
  stream: Readable,
  announced: number,
  history: HistoryReader,
  signal: AbortSignal,
): Promise<SealedArchive> {
  const index = new TextReader(MAX_INDEX_BYTES);
  const scope = new TextReader(MAX_SCOPE_BYTES);
  const readers = new Map<string, ContentReader>([
    [EVIDENCE.index, index],
    [EVIDENCE.scope, scope],
    [EVIDENCE.history, history],
  ]);
  const limit = announced + SPARE_BYTES;
  const reader = await ArchiveReader.create((name) => readers.get(name) ?? null);
  const sha256 = createHash('sha256');
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    sha256.update(chunk);
    if (size < limit) await reader.push(chunk.subarray(0, limit - size));
    size += chunk.length;
  }
  const unpacked = await reader.end();
  const content = size > limit ? { ...unpacked, fault: tooLarge(announced) } : unpacked;
  const found = <T>(name: string, value: () => T): T | Unknown =>
    content.files.has(name) ? value() : unknown(`${name} is not in the archive`);
  return {
    ...content,
    sha256: sha256.digest('hex'),
    size,
    index: found(EVIDENCE.index, () => parsedIndex(index.text())),
    scope: found(EVIDENCE.scope, () => scope.text()),
    history: found(EVIDENCE.history, () => history.soFar()),
  };
}

function tooLarge(announced: number): ArchiveFault {
  const fault = `has ${announced} bytes by its manifest; of what comes after them no more than ${SPARE_BYTES} are unpacked`;
  return { name: null, fault };
}

/** Keeps a file's text up to a size. */
class TextReader implements ContentReader {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(private readonly maxBytes: number) {}

  push(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#size <= this.maxBytes) this.#chunks.push(Buffer.from(chunk));
  }

  text(): string | Unknown {
    if (this.#size > this.maxBytes) return unknown(`it has more than ${this.maxBytes} bytes`);
    return Buffer.concat(this.#chunks).toString();
  }
}

function parsedIndex(text: string | Unknown): readonly IndexEntry[] | Unknown {
  if (typeof text !== 'string') return text;
  try {
    return parseIndex(text);
  } catch (error) {
    if (error instanceof IndexFileError) return unknown(error.message);
    throw error;
  }
}
