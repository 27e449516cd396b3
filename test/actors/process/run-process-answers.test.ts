import { getEventListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Exit } from '../../../src/actors/process/watchdog.js';

/** With pretended processes: what comes after minutes, or only when the kernel hangs. */

const calls: unknown[][] = [];
let exit: (exit: Exit) => void = () => undefined;
let survivorsHang = false;

jest.unstable_mockModule('../../../src/actors/process/find-command.js', () => ({
  findCommand: () => Promise.resolve('/bin/sh'),
}));
jest.unstable_mockModule('../../../src/actors/process/watchdog.js', () => ({
  spawnWatched: () =>
    Promise.resolve({
      pid: 7,
      startTime: '100',
      stdout: new PassThrough().end(),
      stderr: new PassThrough().end(),
      exited: new Promise<Exit>((resolve) => (exit = resolve)),
      go: () => calls.push(['go']),
      letGo: () => calls.push(['letGo']),
    }),
}));
jest.unstable_mockModule('../../../src/actors/process/process-group.js', () => ({
  GRACE_MS: 5_000,
  endsWithin: (_child: unknown, withinMs: number) => Promise.resolve(calls.push(['endsWithin', withinMs])),
  killSurvivors: () => (survivorsHang ? Promise.reject(new Error('Processes 8 did not end')) : Promise.resolve()),
  signalGroup: (...args: unknown[]) => calls.push(['signalGroup', ...args]),
  signalSurvivors: (_child: unknown, signal: string) => calls.push(['signalSurvivors', signal]),
}));
const { runProcess, unrecordedOwner } = await import('../../../src/actors/process/run-process.js');

beforeEach(() => {
  calls.length = 0;
  survivorsHang = false;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const abort = new AbortController();
function begin() {
  const run = runProcess(unrecordedOwner(abort.signal, {}), 'sh', [], { timeoutMs: 60_000 });
  run.catch(() => undefined);
  return run;
}
/** Lets everything happen that waits for no timer. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await turn();
}

test('a command that ends in time leaves neither timer nor listener behind, and nobody is signalled later', async () => {
  const run = begin();
  await settled();
  expect(calls).toEqual([['go']]);
  expect([jest.getTimerCount(), getEventListeners(abort.signal, 'abort').length]).toEqual([1, 1]);
  exit({ exitCode: 0, signal: null });
  expect(await run).toMatchObject({ exitCode: 0, timedOut: false });
  expect([jest.getTimerCount(), getEventListeners(abort.signal, 'abort').length]).toEqual([0, 0]);
  expect(calls.slice(1)).toEqual([['signalGroup', 7, 'SIGKILL'], ['letGo']]);
});

test('one that ends within the grace is not killed when the grace is over: its group may be another’s by then', async () => {
  const run = begin();
  await settled();
  jest.advanceTimersByTime(60_000);
  await settled();
  expect(calls).toEqual([['go'], ['signalGroup', 7, 'SIGTERM'], ['signalSurvivors', 'SIGTERM']]);
  jest.advanceTimersByTime(2_000);
  exit({ exitCode: 0, signal: null });
  expect(await run).toMatchObject({ exitCode: null, timedOut: true, durationMs: 62_000 });
  // Of the five seconds, what is left for those that it started.
  expect(calls.slice(3)).toEqual([['endsWithin', 3_000], ['signalGroup', 7, 'SIGKILL'], ['letGo']]);
  expect(jest.getTimerCount()).toBe(0);
});

test('one that does not is killed when the grace is over', async () => {
  const run = begin();
  await settled();
  jest.advanceTimersByTime(60_000);
  await settled();
  jest.advanceTimersByTime(4_999);
  expect(calls).toHaveLength(3);
  jest.advanceTimersByTime(1);
  expect(calls.slice(3)).toEqual([['signalGroup', 7, 'SIGKILL']]);
  exit({ exitCode: null, signal: 'SIGKILL' });
  expect(await run).toMatchObject({ signal: 'SIGKILL', timedOut: true });
});

test('processes that do not even end on SIGKILL are an error that names them', async () => {
  survivorsHang = true;
  const run = begin();
  await settled();
  exit({ exitCode: 0, signal: null });
  await expect(run).rejects.toMatchObject({
    code: 'COMMAND_NOT_ENDED',
    message: 'Processes 8 did not end',
    options: { cause: new Error('Processes 8 did not end') },
  });
});
