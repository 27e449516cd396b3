import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../dist/src/store/sqlite/sqlite-store.js';
import { TRANSITION } from './filling.mjs';
import { median, runIdOf, thisHolder, WHO } from './ten-steps.mjs';

/** Durable transitions, beside bare commits of a row of the same size with the same pragmas. */
const COMMITS = 500;
const ROUNDS = 5;
const snapshot = { ...TRANSITION.snapshot, context: { filler: 'x'.repeat(2_000) } };

export async function measure() {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
  try {
    const rates = { ours: [], theirs: [] };
    // By turns: a disk that is slow for a while is so for both.
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.theirs.push(bareCommits(join(directory, `bare${round}.db`)));
      rates.ours.push(await storeCommits(join(directory, `store${round}.db`), directory));
    }
    const [ours, theirs] = [median(rates.ours), median(rates.theirs)];
    return [
      {
        what: 'durable transitions, beside bare commits',
        ours: `${ours.toFixed(0)}/s`,
        theirs: `${theirs.toFixed(0)}/s`,
        ratio: ours / theirs,
        goal: '>= 0.8 x',
        isMet: ours / theirs >= 0.8,
      },
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function bareCommits(file) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('fullfsync = ON');
  db.pragma('foreign_keys = ON');
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)');
  const insert = db.prepare('INSERT INTO rows (body) VALUES (?)');
  const body = JSON.stringify({ ...TRANSITION, snapshot });
  const rate = perSecond(() => insert.run(body));
  db.close();
  return rate;
}

async function storeCommits(file, directory) {
  const store = await openSqliteStore(file, { mode: 'create' });
  const runId = runIdOf(0);
  const run = { runId, operator: WHO, evidenceDir: directory, directory };
  const { fence } = await store.createRun(run, thisHolder(), { ...TRANSITION, snapshot, from: null });
  let seq = 1;
  const began = performance.now();
  for (let n = 0; n < COMMITS; n += 1) await store.commit({ ...TRANSITION, snapshot, runId, fence, seq: (seq += 1) });
  const rate = (COMMITS / (performance.now() - began)) * 1000;
  await store.close();
  return rate;
}

function perSecond(commit) {
  const began = performance.now();
  for (let n = 0; n < COMMITS; n += 1) commit();
  return (COMMITS / (performance.now() - began)) * 1000;
}
