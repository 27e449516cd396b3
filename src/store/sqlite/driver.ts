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

/**
 * Keeps each statement that was prepared: better-sqlite3 compiles at every `prepare`, which takes longer than most of ours take to
 * run. A text must always be used in the same way (`pluck` stays with the statement).
 */
export function keepStatements(db: Database): Database {
  const kept = new Map<string, BetterSqlite3.Statement>();
  const prepare = db.prepare.bind(db);
  db.prepare = ((sql: string) => {
    const statement = kept.get(sql) ?? prepare(sql);
    kept.set(sql, statement);
    return statement;
  }) as Database['prepare'];
  return db;
}
