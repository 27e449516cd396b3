import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import type { StoreUnderTest } from './conformance.js';

/** A SQLite store in a directory of its own, with connections by the store's interface and raw ones past it. */
export class TemporaryStore implements StoreUnderTest {
  readonly directory = mkdtempSync(join(tmpdir(), 'cutover-store-'));
  readonly file = join(this.directory, '.cutover', 'cutover.db');
  readonly backupFile = join(this.directory, 'backup.db');
  readonly #close: (() => unknown)[] = [];

  async connect(mode: 'create' | 'write' | 'read' = 'create', file = this.file): Promise<Store> {
    const store = await openSqliteStore(file, { mode });
    this.#close.push(() => store.close());
    return store;
  }

  openBackup(): Promise<Store> {
    return this.connect('read', this.backupFile);
  }

  /** As another program opens the file: none of our settings, foreign keys off. */
  raw(file = this.file): Database.Database {
    const db = new Database(file);
    db.pragma('foreign_keys = OFF');
    this.#close.push(() => db.close());
    return db;
  }

  async dispose(): Promise<void> {
    for (const close of this.#close.reverse()) await close();
    rmSync(this.directory, { recursive: true });
  }
}
