import { closeSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StoreUnavailableError } from '../errors.js';

/**
 * Makes the database file (0600, empty: SQLite fills it) and its directory (0700) unless they exist.
 * A new directory, or one named `.cutover`, ignores itself in git: the runbook's pre-condition 8 wants a clean working tree.
 * Throws the file system's error.
 */
export function createDatabaseFile(file: string): void {
  const directory = dirname(file);
  const isNew = mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined;
  if (isNew || basename(directory) === '.cutover') {
    unlessPresent(() => writeFileSync(join(directory, '.gitignore'), '*\n', { flag: 'wx' }));
  }
  unlessPresent(() => closeSync(openSync(file, 'wx', 0o600)));
}

/** Throws `StoreUnavailableError` when there is no file of that name; never makes one. */
export function requireDatabaseFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new StoreUnavailableError(
      file,
      `There is no database at ${file}: start a run first, pass --db, or put the last good "cutover backup" there.`,
    );
  }
  if (!found.isFile()) throw new StoreUnavailableError(file, `${file} is not a file. Name the right one with --db.`);
}

function unlessPresent(create: () => void): void {
  try {
    create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
