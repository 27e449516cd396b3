import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { migrate, MIGRATIONS } from '../../src/store/sqlite/migrations.js';
import { first, holder, newRun, RUN } from './builders.js';
import { TemporaryStore } from './temporary-store.js';

describe('migrations', () => {
  let at: TemporaryStore;
  beforeEach(() => {
    at = new TemporaryStore();
  });
  afterEach(async () => {
    await at.dispose();
  });
  const version = () => at.raw().pragma('user_version', { simple: true });

  test('only those that are missing run, and the data stays', async () => {
    const store = await at.connect();
    await store.createRun(newRun(), holder(), first());
    migrate(at.raw(), at.file, [...MIGRATIONS, 'ALTER TABLE runs ADD COLUMN note TEXT', `UPDATE runs SET note = 'kept'`]);
    expect(version()).toBe(MIGRATIONS.length + 2);
    expect(at.raw().prepare('SELECT run_id, note FROM runs').all()).toEqual([{ run_id: RUN, note: 'kept' }]);
  });

  test('when one fails, none has happened', async () => {
    await at.connect();
    const db = at.raw();
    expect(() => migrate(db, at.file, [...MIGRATIONS, 'CREATE TABLE notes (x)', 'NONSENSE'])).toThrow(/syntax error/);
    expect(version()).toBe(MIGRATIONS.length);
    expect(db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'notes'`).all()).toEqual([]);
  });

  test('running them again changes nothing', async () => {
    await at.connect();
    const db = at.raw();
    const before = db.pragma('data_version', { simple: true });
    migrate(db, at.file);
    await at.connect('write');
    expect(db.pragma('data_version', { simple: true })).toBe(before);
  });

  test.each(['create', 'write', 'read'] as const)('mode %s refuses a file of a newer cutover', async (mode) => {
    await at.connect();
    at.raw().pragma(`user_version = ${MIGRATIONS.length + 1}`);
    const newer = `was written by a newer cutover (schema ${MIGRATIONS.length + 1}, this one knows ${MIGRATIONS.length})`;
    await expect(at.connect(mode)).rejects.toThrow(newer);
  });

  test('a reader does not migrate', async () => {
    await at.connect();
    at.raw().pragma('user_version = 0');
    await expect(at.connect('read')).rejects.toThrow(/start a run first/);
    expect(version()).toBe(0);
  });

  test.each(['create', 'write', 'read'] as const)("mode %s leaves another program's database alone", async (mode) => {
    const db = at.raw(at.backupFile);
    db.exec('CREATE TABLE theirs (x)');
    const before = readFileSync(at.backupFile);
    await expect(at.connect(mode, at.backupFile)).rejects.toThrow(/is a database of another program/);
    expect(readFileSync(at.backupFile)).toEqual(before);
  });
});
