import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { EvidenceError, notRegular, toEvidenceError } from './evidence-error.js';

/**
 * The absolute path of an evidence name, and what is there now (null: nothing). `directory` and every part below it are looked at
 * with lstat, so that no link leads out of it. Throws `EvidenceError` (UNSAFE_NAME, NOT_REGULAR, READ_FAILED).
 */
export async function resolveSafely(directory: string, name: string): Promise<{ path: string; found: Stats | null }> {
  const parts = safeParts(name);
  await requireRealDirectory(directory);
  let path = directory;
  let found: Stats | null = null;
  for (const [index, part] of parts.entries()) {
    path = join(path, part);
    found = await lstatOrNull(path, name);
    const last = index === parts.length - 1;
    if (found === null) return { path: join(directory, ...parts), found: null };
    if (found.isDirectory() || (last && found.isFile())) continue;
    throw notRegular(
      name,
      found.isSymbolicLink() ? 'a symbolic link' : found.isFile() ? 'a file used as a folder' : 'a special file',
    );
  }
  return { path, found };
}

/** Why a name cannot be that of an evidence file, relative to the run's directory; null when it can. */
export function nameFault(name: string): string | null {
  if (name === '') return 'is empty';
  if (name.includes('\0')) return 'holds a NUL';
  if (name.startsWith('/')) return 'is absolute';
  return name.split('/').some((part) => part === '' || part === '.' || part === '..') ? 'has an empty part, "." or ".."' : null;
}

/** A missing one is no fault here. Throws `EvidenceError` NOT_REGULAR for a link, or for what is no directory. */
export async function requireRealDirectory(directory: string): Promise<void> {
  const found = await lstatOrNull(directory, directory);
  if (found === null || found.isDirectory()) return;
  throw new EvidenceError(
    'NOT_REGULAR',
    directory,
    `The evidence of a run must be in a real directory, this is ${found.isSymbolicLink() ? 'a symbolic link' : 'a file'}`,
    'Put the directory itself in its place.',
  );
}

function safeParts(name: string): string[] {
  const fault = nameFault(name);
  if (fault !== null) {
    throw new EvidenceError(
      'UNSAFE_NAME',
      name,
      `The name ${fault}`,
      'Give a name relative to the evidence directory of the run.',
    );
  }
  return name.split('/');
}

async function lstatOrNull(path: string, name: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw toEvidenceError(error, 'read', name);
  }
}
