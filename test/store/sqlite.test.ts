import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { StoreUnavailableError } from '../../src/store/errors.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { asStoreError } from '../../src/store/sqlite/sqlite-error.js';
import { first, holder, newRun, next, RUN } from './builders.js';
import { describeStore } from './conformance.js';
import { TemporaryStore } from './temporary-store.js';

const SYNCHRONOUS_FULL = 2;

describeStore('the SQLite store', () => Promise.resolve(new TemporaryStore()));

describe('the database file', () => {
  let at: TemporaryStore;
  beforeEach(() => {
    at = new TemporaryStore();
  });
  afterEach(async () => {
    await at.dispose();
  });

  test.each(['read', 'write'] as const)(
    'mode %s never makes a database: a missing one is named, with what to do',
    async (mode) => {
      const opened = at.connect(mode);
      await expect(opened).rejects.toThrow(StoreUnavailableError);
      await expect(opened).rejects.toThrow(
        `There is no database at ${at.file}: start a run first, pass --db, or put the last good "cutover backup" there.`,
      );
      expect(readdirSync(at.directory)).toEqual([]);
    },
  );

  test('it and its directory are for its owner only', async () => {
    const store = await at.connect();
    await store.createRun(newRun(), holder(), first());
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(modeOf(dirname(at.file))).toBe('700');
    for (const suffix of ['', '-wal', '-shm']) expect(modeOf(at.file + suffix)).toBe('600');
    await store.backup(at.backupFile);
    expect(modeOf(at.backupFile)).toBe('600');
  });

  test('it does not show in git status', async () => {
    execFileSync('git', ['init', '-q'], { cwd: at.directory });
    await at.connect();
    await at.connect('create', join(at.directory, 'elsewhere', 'runs.db'));
    const status = execFileSync('git', ['status', '--porcelain', '--untracked-files=all'], {
      cwd: at.directory,
      encoding: 'utf8',
    });
    expect(status).toBe('');
  });

  test('a directory that was there before is not ignored, unless it is named .cutover; a .gitignore of its own is kept', async () => {
    await at.connect('create', join(at.directory, 'runs.db'));
    expect(existsSync(join(at.directory, '.gitignore'))).toBe(false);
    mkdirSync(dirname(at.file));
    await at.connect();
    expect(readFileSync(join(dirname(at.file), '.gitignore'), 'utf8')).toBe('*\n');
    writeFileSync(join(dirname(at.file), '.gitignore'), 'mine\n');
    await at.connect();
    expect(readFileSync(join(dirname(at.file), '.gitignore'), 'utf8')).toBe('mine\n');
  });

  test('commits are as durable as SQLite can make them, and wait for each other', async () => {
    const db = await openDatabase(at.file, 'create');
    const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'recursive_triggers', 'busy_timeout', 'fullfsync'];
    expect(settings.map((name) => db.pragma(name, { simple: true }))).toEqual(['wal', SYNCHRONOUS_FULL, 1, 1, 10_000, 1]);
    db.close();
  });

  test('a process that comes while another one sets the file up waits for it', async () => {
    writeFileSync(at.backupFile, '');
    const other = at.raw(at.backupFile);
    other.exec('BEGIN IMMEDIATE');
    let isOpen = false;
    const opened = at.connect('create', at.backupFile).then((store) => {
      isOpen = true;
      return store;
    });
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    expect(isOpen).toBe(false);
    other.exec('ROLLBACK');
    expect(await (await opened).latestRunId()).toBeNull();
  });

  test('a store opened for reading refuses to write, and reads what others write', async () => {
    const writer = await at.connect();
    await writer.createRun(newRun(), holder(), first());
    const reader = await at.connect('read');
    await expect(reader.commit(next(2))).rejects.toThrow(StoreUnavailableError);
    await writer.commit(next(2));
    expect(await reader.getRun(RUN)).toMatchObject({ headSeq: 2 });
    expect(await reader.check()).toMatchObject({ faults: [] });
  });

  test('an empty file is no database for a reader', async () => {
    writeFileSync(at.backupFile, '');
    await expect(at.connect('read', at.backupFile)).rejects.toThrow(/is empty: start a run first/);
    expect(statSync(at.backupFile).size).toBe(0);
  });

  test.each(['create', 'write', 'read'] as const)(
    'mode %s refuses a file that is no database, and leaves it as it is',
    async (mode) => {
      const file = join(at.directory, 'notes.txt');
      writeFileSync(file, 'not a database, but longer than a header of a hundred bytes would be'.repeat(20));
      const before = readFileSync(file);
      await expect(at.connect(mode, file)).rejects.toThrow(/is not a SQLite database .*Name the right file with --db/);
      expect(readFileSync(file)).toEqual(before);
    },
  );

  test.each(['create', 'write', 'read'] as const)('mode %s refuses a directory', async (mode) => {
    mkdirSync(at.file, { recursive: true });
    await expect(at.connect(mode)).rejects.toThrow(/is not a file. Name the right one with --db/);
  });

  const longRun = async () => {
    const store = await at.connect();
    await store.createRun(newRun(), holder(), first());
    for (let seq = 2; seq <= 400; seq += 1) await store.commit(next(seq));
    await store.close();
    return statSync(at.file).size;
  };

  test('a file cut in half is refused', async () => {
    truncateSync(at.file, Math.floor((await longRun()) / 2));
    await expect(at.connect('read')).rejects.toThrow(/is damaged .*last good "cutover backup"/);
  });

  test('a file with damaged pages is found out by check, and not read past them', async () => {
    const size = await longRun();
    const descriptor = openSync(at.file, 'r+');
    writeSync(descriptor, Buffer.alloc(size / 2, 0xee), 0, size / 2, size / 2);
    closeSync(descriptor);
    const damaged = await at.connect('read');
    const { faults } = await damaged.check();
    expect(faults.length).toBeGreaterThan(0);
    await expect(lastSeq(damaged.history(RUN))).rejects.toThrow(/is damaged .*last good "cutover backup"/);
  });

  test('a backup into a directory that is missing fails by name, and leaves nothing', async () => {
    const store = await at.connect();
    const file = join(at.directory, 'missing', 'backup.db');
    await expect(store.backup(file)).rejects.toThrow(`The backup ${file} failed`);
    expect(existsSync(dirname(file))).toBe(false);
  });

  test('a backup of a damaged chain is not kept', async () => {
    const store = await at.connect();
    await store.createRun(newRun(), holder(), first());
    at.raw().prepare('UPDATE runs SET head_hash = ?').run('0'.repeat(64));
    await expect(store.backup(at.backupFile)).rejects.toThrow(/was not kept: the copy has 1 fault/);
    expect(readdirSync(at.directory)).toEqual(['.cutover']);
  });

  test('a backup is one file, readable from a directory that cannot be written', async () => {
    const store = await at.connect();
    await store.createRun(newRun(), holder(), first());
    const shelf = join(at.directory, 'shelf');
    mkdirSync(shelf);
    await store.backup(join(shelf, 'backup.db'));
    expect(readdirSync(shelf)).toEqual(['backup.db']);
    chmodSync(shelf, 0o500);
    const copy = await at.connect('read', join(shelf, 'backup.db'));
    expect(await copy.check()).toEqual({ runs: 1, transitions: 1, faults: [] });
    expect(readdirSync(shelf)).toEqual(['backup.db']);
    chmodSync(shelf, 0o700);
  });
});

describe("SQLite's own errors", () => {
  let at: TemporaryStore;
  beforeEach(async () => {
    at = new TemporaryStore();
    await at.connect();
  });
  afterEach(async () => {
    await at.dispose();
  });

  const said = (call: () => unknown): string => {
    try {
      call();
    } catch (error) {
      const known = asStoreError('cutover.db', error);
      if (known instanceof StoreUnavailableError) return known.message;
      throw error;
    }
    throw new Error('an error was expected');
  };

  test('a full disk says what to do', () => {
    const db = at.raw();
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true }))}`);
    expect(said(() => db.exec(`CREATE TABLE big (x); INSERT INTO big VALUES (zeroblob(1000000))`))).toMatch(
      /no space left .*Make room/,
    );
  });

  test('a lock that others keep says what to do', () => {
    const [one, other] = [at.raw(), at.raw()];
    other.pragma('busy_timeout = 0');
    one.exec('BEGIN IMMEDIATE');
    expect(said(() => other.exec('BEGIN IMMEDIATE'))).toMatch(/stayed locked by another process .*try again/);
  });

  test('a broken constraint is a fault of ours, and stays one', () => {
    expect(() => said(() => at.raw().exec(`INSERT INTO runs (run_id) VALUES (NULL)`))).toThrow(/NOT NULL/);
  });
});

async function lastSeq(history: AsyncIterable<{ seq: number }>): Promise<number> {
  let last = 0;
  for await (const { seq } of history) last = seq;
  return last;
}
