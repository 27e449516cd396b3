import { once } from 'node:events';
import { StoreError } from '../../src/store/errors.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { AT, first, holder, newRun, next, RUN, spawn } from './builders.js';

/**
 * A driver as a process of its own, run by sqlite-processes.test.ts: says `ready`, waits for a line, does one thing with the
 * store in argv[3], and prints what came of it, one JSON value a line.
 */
const [, , task, file = ''] = process.argv;
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

say('ready');
await once(process.stdin, 'data');
process.stdin.pause();
const store = await openSqliteStore(file, { mode: 'create' });
try {
  if (task === 'create') say(await store.createRun(newRun(), holder(process.pid), first()));
  else if (task === 'acquire') say(await store.acquireLease(RUN, holder(process.pid), null, AT));
  else if (task === 'commit') await commitForever();
  else throw new Error(`no such task: ${task}`);
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  say({ code: error.code, message: error.message });
}
await store.close();

/** Each transition settles the attempt before and spawns the next; a seq is printed once its commit has resolved. */
async function commitForever(): Promise<never> {
  const { fence } = await store.seizeLease(RUN, holder(process.pid), AT);
  const run = await store.getRun(RUN);
  for (let seq = (run?.headSeq ?? 0) + 1; ; seq += 1) {
    const open = (await store.attempts(RUN, `step${seq - 1}`)).filter(({ status }) => status === 'pending');
    const settles = open.map(({ attemptId }) => ({ attemptId, status: 'succeeded' as const, output: { seq } }));
    await store.commit(next(seq, fence, { settles, spawns: [spawn(`step${seq}`)] }));
    say(seq);
  }
}
