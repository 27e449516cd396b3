import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { EvidenceDir, EvidenceSource } from '../evidence/evidence-dir.js';
import { EVIDENCE } from '../evidence/layout.js';
import { openEvidenceDir } from '../evidence/local-evidence-dir.js';
import { createRedactor } from '../evidence/redaction.js';
import { readable } from '../evidence/verify/readable.js';
import type { EvidenceToVerify, FileToVerify } from '../evidence/verify/verify-evidence.js';
import type { CommonOptions } from './command.js';
import { UsageError } from './errors.js';
import type { Io } from './io.js';
import { resolveRun } from './resolve-run.js';
import { reading } from './with-run.js';

export interface VerifySubject {
  /** A path, or a run. */
  readonly subject: string;
  /** The manifest of an archive that has none beside it. */
  readonly manifest: string | null;
}

/** What a person asks to verify. What is there under that name comes first; only a name of nothing is looked up in the database. */
export async function evidenceOf(
  options: VerifySubject & CommonOptions,
  io: Io,
): Promise<{ subject: string; evidence: EvidenceToVerify }> {
  const { subject, manifest } = options;
  const found = subject.trim() === '' ? null : await kindOf(resolve(io.cwd, subject));
  if (found === 'file') {
    const archive = await fileAt(resolve(io.cwd, subject));
    return { subject, evidence: await archiveAlone(archive, manifest === null ? null : resolve(io.cwd, manifest)) };
  }
  if (manifest !== null) {
    throw new UsageError(`--manifest is for an archive; ${JSON.stringify(subject)} is none. A directory has its own manifest.`);
  }
  if (found === 'directory') return { subject, evidence: wholeDirectory(await realpath(resolve(io.cwd, subject))) };
  if (/[/\\]|\.tar\.gz$/.test(subject)) {
    throw new UsageError(`There is nothing at ${JSON.stringify(subject)}. Name a directory, an archive or a run.`);
  }
  const path = await reading(options, 'verify', io, async (workspace) => {
    const runId = await resolveRun(workspace, subject);
    return (await workspace.engine.inspect(runId)).run.evidenceDir;
  });
  return { subject: path, evidence: wholeDirectory(path) };
}

async function kindOf(path: string): Promise<'file' | 'directory' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** A run's directory, as it is to be verified. */
export function wholeDirectory(path: string): EvidenceToVerify & { readonly beside: EvidenceSource } {
  const directory = open(path);
  const file = (name: string): FileToVerify => ({ directory, name });
  return {
    directory,
    beside: directory,
    archive: file(EVIDENCE.archive),
    manifest: file(EVIDENCE.manifest),
    archiveDigest: file(EVIDENCE.archiveDigest),
  };
}

/** Its digest file is in no bucket: it is looked at when it is there; the manifest must be. */
async function archiveAlone(archive: FileToVerify, manifest: string | null): Promise<EvidenceToVerify> {
  const { directory } = archive;
  // Something in its place that is no file is a finding, too.
  const hasDigest = (await readable(() => directory.exists(EVIDENCE.archiveDigest))) !== false;
  return {
    directory: null,
    beside: (await hasMore(directory)) ? directory : null,
    archive,
    manifest: manifest === null ? { directory, name: EVIDENCE.manifest } : await manifestAt(manifest),
    archiveDigest: hasDigest ? { directory, name: EVIDENCE.archiveDigest } : null,
  };
}

/** With any of the files that are locked beside the archive, all of them are expected. */
async function hasMore(directory: EvidenceSource): Promise<boolean> {
  for (const name of [EVIDENCE.attestation, EVIDENCE.timestamp, EVIDENCE.historyTail, EVIDENCE.summary]) {
    if ((await readable(() => directory.exists(name))) !== false) return true;
  }
  return false;
}

async function manifestAt(path: string): Promise<FileToVerify> {
  if ((await kindOf(path)) !== 'file') throw new UsageError(`--manifest is ${JSON.stringify(path)}, which is no file.`);
  return fileAt(path);
}

/** A link that a person names is followed; below it none is. */
async function fileAt(path: string): Promise<FileToVerify> {
  const real = await realpath(path);
  return { directory: open(dirname(real)), name: basename(real) };
}

/** Nothing is written through it. */
function open(path: string): EvidenceDir {
  return openEvidenceDir(path, { root: dirname(path), redactor: () => createRedactor() });
}
