import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../dist/src/store/sqlite/sqlite-store.js';

/** Durable transitions of the store, beside bare SQLite commits with the same pragmas, in the same run. `npm run build` first. */
const COMMITS = 500;
const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
const snapshot = { value: 'step', context: { filler: 'x'.repeat(4000) }, historyValue: {}, status: 'active' };
const who = { user: 'operator', host: 'host', email: null, level: 'engine' };

try {
  const bare = bareCommits();
  const store = await storeCommits();
  console.log(`bare SQLite        ${bare.toFixed(0).padStart(6)} commits/s`);
  console.log(
    `cutover's store    ${store.toFixed(0).padStart(6)} transitions/s   ${(bare / store).toFixed(1)} x slower than bare`,
  );
} finally {
  rmSync(directory, { recursive: true });
}

function bareCommits() {
  const db = new Database(join(directory, 'bare.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)');
  const insert = db.prepare('INSERT INTO rows (body) VALUES (?)');
  const body = JSON.stringify(snapshot);
  const began = performance.now();
  for (let n = 0; n < COMMITS; n += 1) insert.run(body);
  const seconds = (performance.now() - began) / 1000;
  db.close();
  return COMMITS / seconds;
}

async function storeCommits() {
  const store = await openSqliteStore(join(directory, 'store.db'), { mode: 'create' });
  const runId = '20260101T000000Z';
  const holder = { user: 'operator', host: 'host', machineId: null, bootId: null, pid: process.pid, startTime: null };
  const transition = {
    at: new Date().toISOString(),
    event: { type: 'TICK' },
    from: null,
    to: 'step',
    who,
    machineVersion: '1',
    snapshot,
  };
  const rest = { status: 'active', settles: [], spawns: [], environmentLock: null };
  const { fence } = await store.createRun({ runId, operator: who, evidenceDir: directory, directory }, holder, {
    ...transition,
    ...rest,
  });
  const began = performance.now();
  for (let seq = 2; seq <= COMMITS + 1; seq += 1) await store.commit({ ...transition, ...rest, from: 'step', runId, fence, seq });
  const seconds = (performance.now() - began) / 1000;
  await store.close();
  return COMMITS / seconds;
}
