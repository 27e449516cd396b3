import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreUnavailableError } from '../errors.js';
import { checkDatabase } from './check.js';
import { type Database, loadDriver } from './driver.js';
import { asStoreError, isSqliteError } from './sqlite-error.js';

/**
 * Copies a live database to `file` (0600) by SQLite's online backup, checks the copy, and only then gives it its name.
 * The copy is one file without a write-ahead log, complete in itself. Throws `StoreUnavailableError`, also when `file` exists.
 */
export async function backupDatabase(db: Database, file: string): Promise<void> {
  if (existsSync(file)) throw alreadyThere(file);
  const partial = `${file}.partial-${randomBytes(6).toString('hex')}`;
  try {
    closeSync(openSync(partial, 'wx', 0o600));
    await db.backup(partial);
    await checkCopy(partial, file);
    sync(partial);
    // A link, unlike a rename, never replaces a file that came into being in the meantime.
    linkSync(partial, file);
    sync(dirname(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(file);
    throw backupFailed(db.name, file, error);
  } finally {
    for (const rest of ['', '-wal', '-shm', '-journal']) rmSync(`${partial}${rest}`, { force: true });
  }
}

async function checkCopy(partial: string, file: string): Promise<void> {
  const driver = await loadDriver(file);
  const copy = new driver(partial, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
    const { faults } = await checkDatabase(copy, partial);
    if (faults.length > 0) {
      throw new StoreUnavailableError(
        file,
        `The backup ${file} was not kept: the copy has ${faults.length} fault(s), the first: ${faults[0]}. Look at the original with "cutover doctor".`,
      );
    }
  } finally {
    copy.close();
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function alreadyThere(file: string): StoreUnavailableError {
  return new StoreUnavailableError(file, `${file} exists already and is not overwritten. Give the backup another name.`);
}

function backupFailed(original: string, file: string, error: unknown): unknown {
  // SQLite's own trouble may lie in the original as well as in the copy; the file system's lies in the copy.
  const known = isSqliteError(error) ? asStoreError(original, error) : error;
  if (known instanceof StoreUnavailableError) return known;
  return new StoreUnavailableError(
    file,
    `The backup ${file} failed (${(error as Error).message}). Choose a directory that exists, can be written, and is on a file system with hard links.`,
    { cause: error },
  );
}
