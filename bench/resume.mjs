import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../dist/src/store/sqlite/sqlite-store.js';
import { commitTransition, createRun } from '../dist/src/store/sqlite/commit.js';
import { filling, SPAWN, TRANSITION } from './filling.mjs';
import { benchEngine, definition, median, runIdOf, runRequest, thisHolder, WHO } from './ten-steps.mjs';

/** From opening the store to the first step's start, for a run that was interrupted after a history of so many transitions. */
const LENGTHS = [10, 100, 1_000, 10_000, 100_000];
const ROUNDS = 9;

export async function measure() {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
  try {
    const times = [];
    for (const [index, length] of LENGTHS.entries()) times.push(await resumeTime(directory, runIdOf(index), length));
    const [shortest] = times;
    return times.slice(1).map((time, index) => ({
      what: `resume after ${LENGTHS[index + 1].toLocaleString('en')} transitions, beside ${LENGTHS[0]}`,
      ours: `${time.toFixed(1)} ms`,
      theirs: `${shortest.toFixed(1)} ms`,
      ratio: time / shortest,
      goal: '<= 1.5 x (flat)',
      isMet: time / shortest <= 1.5,
    }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function resumeTime(directory, runId, length) {
  const file = join(directory, 'cutover.db');
  await interruptedRun(file, directory, runId, length);
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    const store = await openSqliteStore(file, { mode: 'write' });
    let ended = null;
    const stop = new AbortController();
    const notify = ({ type }) => {
      if (type !== 'attempt-started') return;
      ended ??= performance.now() - began;
      stop.abort(new Error('measured'));
    };
    // What it says does not count once the driver was told to stop.
    const stopped = { nothing: () => Promise.reject(new Error('stopped')) };
    const engine = benchEngine(store, directory, { notify, signal: stop.signal, definition: { ...definition, actors: stopped } });
    await engine.resume(runId, WHO).catch((error) => {
      if (error.message !== 'measured') throw error;
    });
    times.push(ended);
    await store.close();
  }
  return median(times);
}

/** Half of the transitions settle an attempt and ask for the next, as in a run that is tried again and again. */
async function interruptedRun(file, directory, runId, length) {
  const { evidenceDir } = runRequest(directory, runId);
  await filling(file, (tables) => {
    const run = { runId, operator: WHO, evidenceDir, directory };
    const { fence } = createRun(tables, run, thisHolder(), { ...TRANSITION, from: null, spawns: [SPAWN] });
    for (let seq = 2; seq <= length; seq += 1) {
      const [open] = tables.attempts.listOpen(runId);
      const again = { settles: [{ attemptId: open.attemptId, status: 'cancelled' }], spawns: [SPAWN] };
      commitTransition(tables, { ...TRANSITION, runId, fence, seq, ...(seq % 2 === 0 ? {} : again) });
    }
    tables.leases.release(runId, fence);
  });
}
