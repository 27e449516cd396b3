import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fault, good, type HealthFinding } from './finding.js';

/** The directory of that name, or the nearest one above it that exists. */
export function nearestDirectory(path: string): string {
  let directory = path;
  while (!isDirectory(directory) && dirname(directory) !== directory) directory = dirname(directory);
  return directory;
}

/** Evidence can be written: the root is a directory of which we may change the entries, or can be made. */
export function evidenceRootCheck(root: string): HealthFinding {
  const what = 'evidence directory';
  const obstacle = obstacleAt(root);
  if (obstacle !== null) return fault(what, `${root} cannot be a directory: ${obstacle} is none. Move it away.`);
  const directory = nearestDirectory(root);
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return fault(
      what,
      `${directory} cannot be written to (${(error as Error).message}). Give its rights to this user, see: ls -ld`,
    );
  }
  return good(what, directory === root ? `${root} can be written to` : `none yet at ${root}: the first run makes it`);
}

/**
 * Nobody else reads the database and its directory, if that is ours (`.cutover`). A file that is not there is none that others
 * could read. Source: docs/security-model.md, "Secrets".
 */
export function privacyChecks(db: string): HealthFinding[] {
  const what = 'permissions';
  const directory = dirname(db);
  const all = [...(basename(directory) === '.cutover' ? [directory] : []), db, `${db}-wal`, `${db}-shm`];
  const present = all.flatMap((path) => {
    const found = lookAt(path);
    return found === null ? [] : [{ path, mode: found.mode & 0o777 }];
  });
  if (present.length === 0) return [];
  const open = present.filter(({ mode }) => (mode & 0o077) !== 0);
  if (open.length === 0) return [good(what, `nobody but its owner can read ${db}`)];
  const shown = open.map(({ path, mode }) => `${path} (mode ${mode.toString(8)})`).join(', ');
  return [fault(what, `others can read ${shown}. Run: chmod go= ${open.map(({ path }) => path).join(' ')}`)];
}

/** What stands in the way of the directory: the nearest thing of its path that exists and is no directory. */
function obstacleAt(path: string): string | null {
  const found = kindOf(path);
  if (found === 'directory' || dirname(path) === path) return null;
  return found === 'other' ? path : obstacleAt(dirname(path));
}

function isDirectory(path: string): boolean {
  return kindOf(path) === 'directory';
}

function kindOf(path: string): 'directory' | 'other' | 'none' {
  const found = lookAt(path);
  return found === null ? 'none' : found.isDirectory() ? 'directory' : 'other';
}

/** Null for what is not there, and for what is below a file or a directory that we may not enter: what is above it tells. */
function lookAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
