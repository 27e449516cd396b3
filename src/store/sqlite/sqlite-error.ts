import { StoreUnavailableError } from '../errors.js';

/**
 * What SQLite or the file system said about `file`, as an error that a person can act on.
 * Anything else (a broken constraint, a bug of ours, a store error) comes back unchanged.
 */
export function asStoreError(file: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === null) return error;
  const trouble = TROUBLES.find(({ codes }) => codes.some((known) => code === known || code.startsWith(`${known}_`)));
  if (trouble === undefined) return error;
  return new StoreUnavailableError(file, `${trouble.what(file)} (${code}: ${(error as Error).message}). ${trouble.advice}`, {
    cause: error,
  });
}

/** True for an error that SQLite itself reported. */
export function isSqliteError(error: unknown): boolean {
  return errorCode(error)?.startsWith('SQLITE_') ?? false;
}

/** True when another connection held the lock for longer than the busy time-out. */
export function isBusy(error: unknown): boolean {
  return errorCode(error)?.startsWith('SQLITE_BUSY') ?? false;
}

/** True when SQLite found the file's content damaged. */
export function isCorrupt(error: unknown): boolean {
  return errorCode(error)?.startsWith('SQLITE_CORRUPT') ?? false;
}

function errorCode(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

interface Trouble {
  readonly codes: readonly string[];
  readonly what: (file: string) => string;
  readonly advice: string;
}

/** SQLite's result codes (https://www.sqlite.org/rescode.html), its extended ones included, and those of the file system. */
const TROUBLES: readonly Trouble[] = [
  {
    codes: ['SQLITE_CORRUPT'],
    what: (file) => `The database ${file} is damaged`,
    advice: 'Keep the file as it is, look at it with "cutover doctor", and go on from the last good "cutover backup".',
  },
  {
    codes: ['SQLITE_NOTADB'],
    what: (file) => `${file} is not a SQLite database`,
    advice: 'Name the right file with --db; if it is this one, go on from the last good "cutover backup".',
  },
  {
    codes: ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'],
    what: (file) => `The database ${file} stayed locked by another process`,
    advice: 'Find the process that holds it (fuser FILE), wait for it to finish, then try again. Nothing was written.',
  },
  {
    codes: ['SQLITE_READONLY', 'EROFS'],
    what: (file) => `The database ${file} cannot be written`,
    advice: 'Check the permissions of the file and of its directory (both must be writable), or name another file with --db.',
  },
  {
    codes: ['SQLITE_FULL', 'ENOSPC', 'EDQUOT'],
    what: (file) => `There is no space left for the database ${file}`,
    advice: 'Make room on that disk, then try again. Nothing was written.',
  },
  {
    codes: ['SQLITE_CANTOPEN', 'SQLITE_PERM', 'SQLITE_AUTH', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP'],
    what: (file) => `The database ${file} cannot be opened`,
    advice: 'Check that it is a file, and that you may read and write it and its directory, or name another file with --db.',
  },
  {
    codes: ['SQLITE_IOERR', 'SQLITE_NOLFS', 'EIO'],
    what: (file) => `Reading or writing the database ${file} failed`,
    advice: 'Check the disk; the database belongs on a local one, not on a network share.',
  },
];
