import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootId, machineId, processStartTime } from '../../src/actors/process/process-identity.js';
import { createEngine } from '../../src/engine/create-engine.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { LeaseHolder } from '../../src/store/store.js';
import { Crashes, type CrashPoint } from './crashes.js';
import { Ledger, toyActors } from './toy-actors.js';
import type { ToyActors } from './toy-machine.js';
import { finish, openEvidence, toyOptions, toyRequest } from './toy.js';

/**
 * A driver as a process of its own, run by sigkill.test.ts: drives the toy run of the store in argv[3] below the directory
 * argv[2] to its end, or kills itself at the point of argv[4]; with `lingering` there, its `build` starts a process and waits.
 */
const [, , directory = '', file = '', task = 'null'] = process.argv;
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

const point = task === 'lingering' ? null : (JSON.parse(task) as CrashPoint | null);
const crashes = new Crashes(point, () => process.kill(process.pid, 'SIGKILL'));
const store = await openSqliteStore(file, { mode: 'create' });
const actors = toyActors({ ledger: new Ledger(join(directory, 'ledger.txt')) });
const engine = createEngine({
  ...toyOptions(crashes.wrap(store), directory, task === 'lingering' ? { ...actors, build: lingering } : actors),
  openEvidence: ({ evidenceDir }) => crashes.wrap(openEvidence(evidenceDir, join(directory, 'evidence'))),
  holder: await thisHolder(),
});
await finish(engine, store, toyRequest(directory));
await store.close();

async function thisHolder(): Promise<LeaseHolder> {
  const start = processStartTime(process.pid);
  return {
    user: 'operator',
    host: 'jumphost',
    machineId: machineId(),
    bootId: bootId(),
    pid: process.pid,
    startTime: start,
  };
}

/** Starts a process that nothing but the record ties to this one, and waits until this one is killed. */
async function lingering(...[, context]: Parameters<ToyActors['build']>): Promise<never> {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const recorded = { pid, startTime: processStartTime(pid) };
  await context.childStarted(recorded);
  say(recorded);
  for (;;) await new Promise((resolve) => setTimeout(resolve, 1_000));
}
