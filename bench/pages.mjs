import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitTransition, createRun } from '../dist/src/store/sqlite/commit.js';
import { openSqliteStore } from '../dist/src/store/sqlite/sqlite-store.js';
import { filling, TRANSITION } from './filling.mjs';
import { benchEngine, median, runIdOf, runRequest, thisHolder, WHO } from './ten-steps.mjs';

/** A page of 20 of `list` and of `history`, in a store of 100,000 runs with 1,000,000 transitions, beside one of 100 runs with 1,000. */
const SMALL = 100;
const LARGE = 100_000;
const TRANSITIONS_EACH = 10;
const PAGE = 20;
const ROUNDS = 31;

export async function measure() {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
  try {
    const small = await pageTimes(directory, SMALL);
    const large = await pageTimes(directory, LARGE);
    return Object.keys(large).map((page) => ({
      what: `${page} of ${LARGE.toLocaleString('en')} runs, beside ${SMALL}`,
      ours: `${large[page].toFixed(2)} ms`,
      theirs: `${small[page].toFixed(2)} ms`,
      ratio: large[page] / small[page],
      goal: '< 20 ms, O(page)',
      isMet: large[page] < 20,
    }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function pageTimes(directory, runs) {
  const file = join(directory, `${runs}.db`);
  await filled(file, directory, runs);
  const store = await openSqliteStore(file, { mode: 'read' });
  try {
    const engine = benchEngine(store, directory);
    const middle = runIdOf(Math.floor(runs / 2));
    const long = runIdOf(0);
    return {
      'list, newest': await timed(() => engine.list({ limit: PAGE })),
      'list, from the middle': await timed(() => engine.list({ limit: PAGE, before: middle })),
      'list --failed, few of them': await timed(() => engine.list({ limit: PAGE, status: ['failed'] })),
      'list --waiting --failed': await timed(() => engine.list({ limit: PAGE, status: ['waiting', 'failed'] })),
      'find a run by its prefix': await timed(() => store.findRunIds(middle.slice(0, 14), 6)),
      'history, a page': await timed(() => drained(store.history(middle, { limit: PAGE }))),
      'history of a long run, its end': await timed(() => drained(store.history(long, { after: runs - PAGE, limit: PAGE }))),
      status: await timed(() => engine.inspect(middle)),
    };
  } finally {
    await store.close();
  }
}

async function filled(file, directory, runs) {
  await filling(file, (tables) => {
    for (let number = 0; number < runs; number += 1) {
      const runId = runIdOf(number);
      const { evidenceDir } = runRequest(directory, runId);
      const status = number % 1000 === 7 ? 'failed' : number % 10 === 0 ? 'waiting' : 'completed';
      const { fence } = createRun(tables, { runId, operator: WHO, evidenceDir, directory }, thisHolder(), {
        ...TRANSITION,
        from: null,
      });
      // The first run has a history as long as there are runs.
      const length = number === 0 ? runs : TRANSITIONS_EACH;
      for (let seq = 2; seq <= length; seq += 1) {
        commitTransition(tables, { ...TRANSITION, runId, fence, seq, status: seq === length ? status : 'active' });
      }
      tables.leases.release(runId, fence);
    }
  });
}

async function drained(records) {
  let count = 0;
  for await (const record of records) count += record.seq > 0 ? 1 : 0;
  return count;
}

async function timed(ask) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    await ask();
    times.push(performance.now() - began);
  }
  return median(times);
}
