import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailableError } from '../errors.js';
import { createDatabaseFile, requireDatabaseFile } from './database-file.js';
import { type Database, keepStatements, loadDriver } from './driver.js';
import { migrate, requireNewestSchema, requireSchema, schemaVersion } from './migrations.js';
import { asStoreError, isBusy } from './sqlite-error.js';

/** `create`: make it if it is missing. `write`: it must exist. `read`: it must exist, and nothing in it is changed. */
export type OpenMode = 'create' | 'write' | 'read';

/** How long a connection waits for another one's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;
const WAL_RETRY_MS = 20;

/** Opens the database file with our settings and the newest schema. Throws `StoreUnavailableError`. */
export async function openDatabase(file: string, mode: OpenMode): Promise<Database> {
  try {
    if (mode === 'create') createDatabaseFile(file);
    requireDatabaseFile(file);
    const driver = await loadDriver(file);
    const db = new driver(file, { readonly: mode === 'read', fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    try {
      await prepare(db, file, mode);
    } catch (error) {
      db.close();
      throw error;
    }
    return keepStatements(db);
  } catch (error) {
    throw asStoreError(file, error);
  }
}

async function prepare(db: Database, file: string, mode: OpenMode): Promise<void> {
  // Before anything is changed: a file that is not ours, or is newer than we are, stays as it is.
  if (mode === 'write') requireSchema(db, file);
  else schemaVersion(db, file);
  db.pragma('foreign_keys = ON');
  // Without this, INSERT OR REPLACE deletes a row and no trigger hears of it.
  db.pragma('recursive_triggers = ON');
  db.pragma('trusted_schema = OFF');
  if (mode === 'read') {
    requireNewestSchema(db, file);
    return;
  }
  await useWriteAheadLog(db, file);
  // FULL: in WAL mode the only level at which a commit outlives a power loss. fullfsync: macOS needs it for the same promise.
  db.pragma('synchronous = FULL');
  db.pragma('fullfsync = ON');
  migrate(db, file);
}

/** Changing the journal mode does not wait for the busy time-out when two processes do it at once: so it is tried again here. */
async function useWriteAheadLog(db: Database, file: string): Promise<void> {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      const mode = db.pragma('journal_mode = WAL', { simple: true });
      if (mode === 'wal') return;
      throw new StoreUnavailableError(
        file,
        `The database ${file} cannot use a write-ahead log (journal mode ${String(mode)}). Put it on a local disk with --db.`,
      );
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await delay(WAL_RETRY_MS);
  }
}
