import { openDatabase } from '../dist/src/store/sqlite/database.js';
import { tablesOf } from '../dist/src/store/sqlite/commit.js';
import { definition, WHO } from './ten-steps.mjs';

/** What every transition of a filled store has in common. */
export const TRANSITION = {
  at: '2026-01-01T00:00:00.000Z',
  event: { type: 'RESUMED' },
  from: 'step0',
  to: 'step0',
  who: WHO,
  machineVersion: definition.version,
  snapshot: { value: 'step0', context: {}, historyValue: {}, status: 'active' },
  status: 'active',
  settles: [],
  spawns: [],
  environmentLock: null,
  deadlines: [],
  messages: [],
  isAloneInCycle: false,
};
export const SPAWN = { step: 'step0', src: 'nothing', input: null, notBefore: null };

/** Fills a store by its own tables, chain and all, in one commit: a long history would otherwise take an hour of waiting for the disk. */
export async function filling(file, fill) {
  const db = await openDatabase(file, 'create');
  try {
    const tables = tablesOf(db);
    db.transaction(() => fill(tables)).immediate();
  } finally {
    db.close();
  }
}
