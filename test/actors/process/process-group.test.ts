import { spawn, type ChildProcess as NodeChild } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { endProcessGroup, endsWithin, killSurvivors, signalSurvivors } from '../../../src/actors/process/process-group.js';
import { isSameProcess, processStartTime, processStat } from '../../../src/actors/process/process-identity.js';
import { until } from './until.js';

const started: NodeChild[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

/** A shell in a group of its own, which has said that it is up; what it says afterwards, when it ends. */
async function shell(script: string) {
  const child = spawn('sh', ['-c', `echo up; ${script}`], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const rest = closed.then(([code, signal]) => ({
    said: said.replace('up\n', ''),
    code: code as unknown,
    signal: signal as unknown,
  }));
  return { recorded: { pid, startTime: processStartTime(pid) }, rest };
}

const LOOP = 'while :; do sleep 0.05; done';

describe('ending a group', () => {
  test('asks first, and leaves the time to clean up', async () => {
    const { recorded, rest } = await shell(`trap 'sleep 0.3; echo clean; exit 3' TERM; ${LOOP}`);
    expect(await endProcessGroup(recorded, 20_000)).toBe('ended');
    expect(await rest).toEqual({ said: 'clean\n', code: 3, signal: null });
  });

  test('makes it end when the time is up', async () => {
    const { recorded, rest } = await shell(`trap '' TERM; ${LOOP}`);
    expect(await endProcessGroup(recorded, 50)).toBe('ended');
    expect(await rest).toMatchObject({ signal: 'SIGKILL' });
    expect(await endProcessGroup(recorded)).toBe('gone');
  });
});

describe('what is left of a child', () => {
  test('can be waited for without touching it', async () => {
    const { recorded, rest } = await shell(LOOP);
    expect(await endsWithin(recorded, 50)).toBe(false);
    expect(processStat(recorded.pid)?.state).not.toBe('Z');
    await killSurvivors(recorded);
    expect(await endsWithin(recorded, 0)).toBe(true);
    expect(await rest).toMatchObject({ signal: 'SIGKILL' });
  });

  test('is not known, and not signalled, without a start time or with that of another process', async () => {
    const { recorded } = await shell(LOOP);
    const { pid, startTime } = recorded;
    for (const other of [null, String(Number(startTime) - 1), String(Number(startTime) + 1)]) {
      signalSurvivors({ pid, startTime: other }, 'SIGKILL');
      expect(await endsWithin({ pid, startTime: other }, 0)).toBe(true);
    }
    expect(await endsWithin(recorded, 0)).toBe(false);
  });

  test('is nothing, once it has ended, even if nobody awaited it', async () => {
    const script = 'import os, time\npid = os.fork() or os._exit(0)\nprint(pid, flush=True)\ntime.sleep(600)';
    const parent = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(parent);
    const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(printed.toString());
    await until(() => processStat(pid)?.state === 'Z', 'the child has ended');
    const zombie = { pid, startTime: processStartTime(pid) };
    expect(isSameProcess(zombie)).toBe(false);
    expect(await endProcessGroup(zombie)).toBe('gone');
  });
});
