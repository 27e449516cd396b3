import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../dist/src/store/sqlite/sqlite-store.js';
import { benchEngine, median, runIdOf, runRequest } from './ten-steps.mjs';

/**
 * Ten steps that do nothing, durable one by one (cutover commits when a step starts and when it is done), beside two engines for
 * durable workflows. All three wait for the disk: SQLite with synchronous=FULL here and in openworkflow (Node's default), Restate's log
 * server with rocksdb-disable-wal-fsync=false (its default).
 */
const RUNS = 50;
const PEERS = join(import.meta.dirname, 'peers');

export async function measure() {
  installPeers();
  const ours = median(await cutoverRuns());
  const peers = { Restate: median(peerRuns('restate')), openworkflow: median(peerRuns('openworkflow')) };
  return Object.entries(peers).map(([peer, theirs]) => ({
    what: `10 steps, beside ${peer}`,
    ours: `${ours.toFixed(1)} ms`,
    theirs: `${theirs.toFixed(1)} ms`,
    ratio: theirs / ours,
    goal: '>= 3 x faster',
    isMet: theirs / ours >= 3,
  }));
}

async function cutoverRuns() {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
  const store = await openSqliteStore(join(directory, 'cutover.db'), { mode: 'create' });
  try {
    const engine = benchEngine(store, directory);
    const times = [];
    for (let run = -10; run < RUNS; run += 1) {
      const began = performance.now();
      const { run: ended } = await engine.start(runRequest(directory, runIdOf(run + 10)));
      if (run >= 0) times.push(performance.now() - began);
      if (ended.status !== 'completed') throw new Error(`a run ended as ${ended.status}`);
    }
    return times;
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

function peerRuns(name) {
  // They need a newer Node than cutover does: one of their own, from the same lockfile.
  const node = join(PEERS, 'node_modules/.bin/node');
  const env = { ...process.env, RESTATE_LOGGING: 'ERROR', NODE_NO_WARNINGS: '1' };
  return JSON.parse(execFileSync(node, [join(PEERS, `${name}.mjs`), String(RUNS)], { encoding: 'utf8', env }));
}

function installPeers() {
  if (existsSync(join(PEERS, 'node_modules/.package-lock.json'))) return;
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: PEERS, stdio: ['ignore', 2, 2] });
}
