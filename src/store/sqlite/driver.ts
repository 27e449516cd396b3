import type BetterSqlite3 from 'better-sqlite3';
import { StoreUnavailableError } from '../errors.js';

export type Database = BetterSqlite3.Database;

/** Loads better-sqlite3 on demand: a native module, which commands without a database need not pay for. Throws `StoreUnavailableError`. */
export async function loadDriver(file: string): Promise<typeof BetterSqlite3> {
  try {
    return (await import('better-sqlite3')).default;
  } catch (error) {
    throw new StoreUnavailableError(
      file,
      `The SQLite driver better-sqlite3 cannot be loaded (${(error as Error).message}). Install it again: npm rebuild better-sqlite3`,
      { cause: error },
    );
  }
}
