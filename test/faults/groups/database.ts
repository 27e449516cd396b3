import { chmod, copyFile, mkdir, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const FILE = '`.cutover/cutover.db`';
const BACKUP = 'the last good "cutover backup"';

/** The file is damaged after a backup was made; the backup is put in its place. */
function damaged(
  how: string,
  damage: (file: string) => unknown,
  fault: Pick<FaultCase, 'says' | 'doctor' | 'exitCode'>,
): FaultCase {
  return {
    what: FILE,
    how: `${how}; then the backup is put in its place`,
    inject: async (pilot) => {
      await makeBackup(pilot);
      await damage(pilot.database);
    },
    mend: restoreBackup,
    ...fault,
  };
}

async function makeBackup(pilot: FaultPilot): Promise<void> {
  await rm(backupOf(pilot), { force: true });
  const { exitCode, stderr } = await pilot.cutover(['backup', backupOf(pilot)]);
  if (exitCode !== 0) throw new Error(`cutover backup failed: ${stderr}`);
}

async function restoreBackup(pilot: FaultPilot): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(pilot.database + suffix, { recursive: true, force: true });
  await copyFile(backupOf(pilot), pilot.database);
}

function backupOf({ directory }: FaultPilot): string {
  return join(directory, 'backup.db');
}

/** With another program that knows nothing of the triggers: they are taken away meanwhile, and put back as they were. */
function edited(how: string, statement: string, fault: Pick<FaultCase, 'says' | 'doctor' | 'exitCode'>): FaultCase {
  return damaged(how, (file) => void withoutTriggers(file, statement), fault);
}

function withoutTriggers(file: string, statement: string): void {
  const db = new Database(file);
  try {
    const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    if (db.prepare(statement).run().changes !== 1) throw new Error(`it changed nothing: ${statement}`);
    for (const { sql } of triggers) db.exec(sql);
  } finally {
    db.close();
  }
}

async function overwrite(file: string, at: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

/** The first page of a table: SQLite's default page has 4096 bytes, and pages count from 1. */
async function spoilFirstPage(file: string, table: string): Promise<void> {
  const db = new Database(file);
  const page = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table) as number;
  db.close();
  await overwrite(file, (page - 1) * 4096, Buffer.alloc(4096, 0xff));
}

function unwritable(
  how: string,
  pathOf: (file: string) => string,
  mode: { bad: number; good: number },
  says: FaultCase['says'],
): FaultCase {
  return {
    what: FILE,
    how,
    inject: async (pilot) => {
      await chmod(pathOf(pilot.database), mode.bad);
      pilot.bindByPermissions();
    },
    mend: (pilot) => chmod(pathOf(pilot.database), mode.good),
    says,
  };
}

/** Held by this process from `inject` to `mend`. */
let holder: Database.Database | null = null;

export const DATABASE: FaultGroup = {
  title: 'The database',
  stage: 'seal',
  cases: [
    damaged('is overwritten at its beginning', (file) => overwrite(file, 0, Buffer.alloc(100, 'x')), {
      says: ['.cutover/cutover.db is not a SQLite database', BACKUP],
      doctor: '.cutover/cutover.db is not a SQLite database',
    }),
    damaged('has a page of garbage', (file) => spoilFirstPage(file, 'runs'), {
      says: ['.cutover/cutover.db is damaged (SQLITE_CORRUPT', 'look at it with "cutover doctor"'],
      doctor: 'malformed',
    }),
    damaged('is cut off', async (file) => truncate(file, Math.floor((await stat(file)).size / 8192) * 4096), {
      says: ['.cutover/cutover.db is damaged (SQLITE_CORRUPT', 'look at it with "cutover doctor"'],
      doctor: 'malformed',
    }),
    damaged('is empty', (file) => truncate(file, 0), {
      says: ['.cutover/cutover.db is empty: start a run first, pass --db', BACKUP],
      doctor: '.cutover/cutover.db is empty',
    }),
    damaged('is gone, the evidence is there', (file) => rm(file), {
      says: ['There is no database at ', BACKUP],
      doctor: 'has the evidence of 1 run(s)',
    }),
    damaged('is a directory', (file) => rename(file, `${file}.aside`).then(() => mkdir(file)), {
      says: ['.cutover/cutover.db is not a file.', 'Name the right one with --db.'],
      doctor: '.cutover/cutover.db is not a file.',
    }),
    damaged('was written by a newer version', setUserVersion, {
      says: ['was written by a newer cutover (schema 99, this one knows ', 'Use that version of cutover.'],
      doctor: 'was written by a newer cutover (schema 99',
    }),
    edited('one transition was edited', "UPDATE transitions SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 3", {
      says: ['HISTORY_BROKEN: The history of run ', 'Keep the database as it is and examine it with: cutover doctor'],
      doctor: 'transition 3: hash ',
    }),
    edited("the run's row was edited: completed", "UPDATE runs SET status = 'completed', state = 'completed'", {
      says: ['There is no such evidence file: "90_result_summary.txt"'],
      doctor: 'its row says completed',
    }),
    edited('the recorded digest of a log was edited', "UPDATE attempt_logs SET sha256 = 'abc' WHERE file = '30_rc_gates.txt'", {
      exitCode: 2,
      says: ['30_rc_gates.txt', 'the file is not what its step left behind (SHA-256 abc'],
      doctor: '30_rc_gates.txt: the file is not what its step left behind',
    }),
  ],
};

export const DATABASE_ACCESS: FaultGroup = {
  title: 'The database: it cannot be written',
  stage: 'seal',
  cases: [
    unwritable('is read-only', (file) => file, { bad: 0o444, good: 0o600 }, [
      '.cutover/cutover.db cannot be written (SQLITE_READONLY',
      'Check the permissions of the file and of its directory',
    ]),
    unwritable('its directory is read-only', dirname, { bad: 0o555, good: 0o700 }, [
      '.cutover/cutover.db cannot be ',
      'its directory',
    ]),
    {
      what: FILE,
      how: 'another process holds its lock for longer than the 10 s that are waited',
      inject: ({ database }) => {
        holder = new Database(database);
        holder.exec('BEGIN IMMEDIATE');
      },
      mend: () => void holder?.close(),
      says: [
        '.cutover/cutover.db stayed locked by another process',
        'wait for it to finish, then try again. Nothing was written.',
      ],
    },
    {
      what: FILE,
      how: 'there is no room for its write-ahead log',
      inject: (pilot) => pilot.limitFileSize(48),
      says: ['Reading or writing the database ', '.cutover/cutover.db failed', 'Check the disk'],
    },
  ],
};

function setUserVersion(file: string): void {
  const db = new Database(file);
  db.pragma('user_version = 99');
  db.close();
}
