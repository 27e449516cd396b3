import { type ChildProcess as NodeProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ChildProcess } from '../../src/actors/actor.js';
import { bootId, isSameProcess, machineId } from '../../src/actors/process/process-identity.js';
import { RUN } from '../store/builders.js';
import { compileSources } from '../store/compiled-sources.js';
import { Crashes, type CrashPoint } from './crashes.js';
import { expectIntact, finalState } from './expect-intact.js';
import { toyActors } from './toy-actors.js';
import { finish, livingHolder, Toy } from './toy.js';

const FOLDERS = ['src/engine', 'src/actors', 'src/config', 'src/evidence', 'src/store', 'test/engine', 'test/store'];

let compiled: string;
let calls: readonly string[];
let undisturbed: unknown;
let toy: Toy;
const processes: NodeProcess[] = [];

beforeAll(async () => {
  compiled = compileSources(mkdtempSync(join(tmpdir(), 'cutover-compiled-')), FOLDERS);
  const first = new Toy();
  const crashes = new Crashes();
  const store = await first.store();
  const engine = await first.engine({ store: crashes.wrap(store), openEvidence: () => crashes.wrap(first.evidence()) });
  undisturbed = finalState(await finish(engine, store, first.request()));
  calls = crashes.calls;
  await first.dispose();
});
afterAll(() => {
  rmSync(compiled, { recursive: true });
});
beforeEach(() => {
  toy = new Toy();
});
afterEach(async () => {
  for (const process of processes.splice(0)) process.kill('SIGKILL');
  await toy.dispose();
});

/** Of each kind of call: before the first one, and after the last one. */
function points(): CrashPoint[] {
  return [...new Set(calls)].flatMap((name) => [
    { call: calls.indexOf(name) + 1, when: 'before' as const },
    { call: calls.lastIndexOf(name) + 1, when: 'after' as const },
  ]);
}

function startDriver(task: string): NodeProcess {
  const script = join(compiled, 'test/engine/toy-driver.js');
  const driver = spawn(process.execPath, [script, toy.at.directory, toy.at.file, task], { stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(driver);
  return driver;
}

/** A driver in this process, on the same host and boot as those that were killed. */
async function takeOver(actors = toyActors({ ledger: toy.ledger })) {
  const holder = { ...livingHolder(), machineId: machineId(), bootId: bootId() };
  return finish(await toy.engine({ holder, actors }), await toy.store(), toy.request());
}

test('a process killed by SIGKILL at any kind of call is taken over at once, and the run ends as if undisturbed', async () => {
  for (const point of points()) {
    const [code, signal] = (await once(startDriver(JSON.stringify(point)), 'exit')) as [number | null, string | null];
    expect({ point, code, signal }).toEqual({ point, code: null, signal: 'SIGKILL' });
    await expectIntact(toy, await takeOver(), undisturbed);
    await toy.dispose();
    toy = new Toy();
  }
}, 120_000);

test('a process that a killed driver left running is ended before the run goes on', async () => {
  const driver = startDriver('lingering');
  const { value } = (await createInterface({ input: driver.stdout! })[Symbol.asyncIterator]().next()) as { value: string };
  const orphan = JSON.parse(value) as ChildProcess;
  driver.kill('SIGKILL');
  await once(driver, 'exit');
  expect(isSameProcess(orphan)).toBe(true);
  expect((await (await toy.store()).attempts(RUN, 'building'))[0]?.children).toMatchObject([orphan]);

  const seen: boolean[] = [];
  const look = async () => void seen.push(isSameProcess(orphan));
  const view = await takeOver(toyActors({ ledger: toy.ledger, look }));
  expect(seen).toEqual([false, false]);
  expect(view.attempts.flatMap(({ children }) => children)).toEqual([]);
  expect(view.attempts.map(({ step, status }) => `${step} ${status}`)).toEqual([
    'gathering succeeded',
    'building interrupted',
    'building succeeded',
    'shipping succeeded',
  ]);
});
