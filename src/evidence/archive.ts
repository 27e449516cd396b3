import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants, type Stats } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { TarArchive } from 'archiver';
import type { EvidenceDir, WrittenFile } from './evidence-dir.js';
import { EvidenceError, toEvidenceError } from './evidence-error.js';
import { indexText } from './index-file.js';
import { EVIDENCE, isArchived } from './layout.js';

/** A file as it has to be when its bytes enter the archive. */
export interface IndexedFile extends WrittenFile {
  readonly name: string;
}

/**
 * The first pass: reads every file that belongs to the archive and writes 59_index.sha256 about them.
 * Returns them with the index itself, sorted by name. Throws `EvidenceError`.
 */
export async function indexEvidence(evidence: EvidenceDir, signal: AbortSignal): Promise<IndexedFile[]> {
  const files: IndexedFile[] = [];
  for (const name of await archivedNames(evidence)) {
    signal.throwIfAborted();
    files.push({ name, ...(await evidence.digest(name)) });
  }
  files.push({ name: EVIDENCE.index, ...(await evidence.write(EVIDENCE.index, indexText(files))) });
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The second pass: streams the files once through tar, gzip, the digests and the disk, in constant memory, and renames the
 * result to evidence.tar.gz. The same files give the same bytes: fixed order, date, mode and owner, and a gzip header that
 * names neither time nor system. Throws `EvidenceError` CHANGED for a file whose bytes are not those of the index, and for
 * one that came or went meanwhile; no archive is on disk then.
 */
export async function writeArchive(
  evidence: EvidenceDir,
  files: readonly IndexedFile[],
  signal: AbortSignal,
): Promise<WrittenFile> {
  await discardArchive(evidence);
  try {
    const written = await streamArchive(evidence, files, signal);
    await assertSameNames(evidence, files);
    await evidence.rename(PARTIAL, EVIDENCE.archive);
    return written;
  } catch (error) {
    await rm(join(evidence.path, PARTIAL), { force: true });
    signal.throwIfAborted();
    throw toEvidenceError(error, 'write', EVIDENCE.archive);
  }
}

/** Removes what an interrupted attempt left: an archive that nobody has recorded. */
export async function discardArchive(evidence: EvidenceDir): Promise<void> {
  for (const name of [PARTIAL, EVIDENCE.archive, EVIDENCE.archiveDigest])
    await rm(join(evidence.path, name), { force: true }).catch(unwritable);
}

const PARTIAL = `${EVIDENCE.archive}.partial`;
/** Not the epoch: GNU tar warns of "an implausibly old time stamp". */
const DATE = new Date('1980-01-01T00:00:00Z');

async function streamArchive(evidence: EvidenceDir, files: readonly IndexedFile[], signal: AbortSignal): Promise<WrittenFile> {
  const { TarArchive } = await import('archiver');
  const sha256 = createHash('sha256');
  let size = 0;
  const digests = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sha256.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const tar = new TarArchive();
  const gzip = createGzip();
  const broken = new AbortController();
  // The tar is piped by hand: destroyed in the middle of an entry, tar-stream would emit an error that nobody can listen to.
  tar.pipe(gzip).once('error', (error) => {
    tar.unpipe(gzip);
    broken.abort(error);
  });
  tar.once('error', (error) => gzip.destroy(error));
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const disk = await open(join(evidence.path, PARTIAL), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o644).catch(unwritable);
  try {
    fill(tar, evidence, files, broken.signal).catch((error: unknown) => gzip.destroy(error as Error));
    await pipeline(gzip, withoutSystem(), digests, writable(disk), { signal });
    await disk.sync().catch(unwritable);
  } finally {
    await disk.close();
  }
  return { sha256: sha256.digest('hex'), size };
}

function writable(disk: FileHandle): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      disk
        .appendFile(chunk)
        .catch(unwritable)
        .then(() => done(), done);
    },
  });
}

function unwritable(error: unknown): never {
  throw toEvidenceError(error, 'write', EVIDENCE.archive);
}

async function fill(tar: TarArchive, evidence: EvidenceDir, files: readonly IndexedFile[], broken: AbortSignal): Promise<void> {
  for (const file of files) await appendFile(tar, evidence, file, broken);
  await tar.finalize();
}

/** Appends one file and waits until all of it has been taken, so that no other is open meanwhile. */
async function appendFile(tar: TarArchive, evidence: EvidenceDir, file: IndexedFile, broken: AbortSignal): Promise<void> {
  const checked = checkedAgainst(file);
  const read = pipeline(evidence.stream(file.name), checked, { signal: broken });
  const taken = once(tar, 'entry', { signal: broken }) as Promise<[{ readonly name: string }]>;
  tar.append(checked, entryData(file));
  const [[entry]] = await Promise.all([taken, read]);
  if (entry.name === file.name) return;
  const what = `The archive would hold the file as ${JSON.stringify(entry.name)}`;
  throw new EvidenceError('UNSAFE_NAME', file.name, what, 'Give the file a name without a backslash.');
}

/** What the tar header says. archiver takes the size from `stats` alone; without it, it would read the file into memory. */
function entryData({ name, size }: IndexedFile): Parameters<TarArchive['append']>[1] {
  return { name, date: DATE, mode: 0o644, type: 'file', stats: { size } as Stats };
}

/** Passes the bytes on and fails unless they are those of the index; more bytes than the tar header announces never pass. */
function checkedAgainst({ name, sha256, size }: IndexedFile): Transform {
  const hash = createHash('sha256');
  let seen = 0;
  const changed = () =>
    new EvidenceError(
      'CHANGED',
      name,
      'An evidence file changed while it was archived',
      'Find out who writes to it, then seal again.',
    );
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      seen += chunk.length;
      done(seen > size ? changed() : null, chunk);
    },
    flush(done) {
      done(hash.digest('hex') === sha256 ? null : changed());
    },
  });
}

/** RFC 1952: byte 9 of the gzip header tells the operating system; 255 is "unknown". zlib leaves the time (bytes 4-7) at zero. */
function withoutSystem(): Transform {
  let position = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunk[9 - position] = 255; // outside of the chunk, this changes nothing
      position += chunk.length;
      done(null, chunk);
    },
  });
}

async function archivedNames(evidence: EvidenceDir): Promise<string[]> {
  const names = (await evidence.list()).map(({ name }) => name);
  return names.filter((name) => isArchived(name) && name !== EVIDENCE.index);
}

async function assertSameNames(evidence: EvidenceDir, files: readonly IndexedFile[]): Promise<void> {
  const indexed = new Set(files.map(({ name }) => name));
  const present = new Set([...(await archivedNames(evidence)), EVIDENCE.index]);
  const odd = [...present].find((name) => !indexed.has(name)) ?? [...indexed].find((name) => !present.has(name));
  if (odd === undefined) return;
  throw new EvidenceError(
    'CHANGED',
    odd,
    'An evidence file came or went while the archive was written',
    'Find out who writes there, then seal again.',
  );
}
