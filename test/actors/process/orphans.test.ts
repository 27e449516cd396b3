import { spawn, type ChildProcess as NodeChild } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChildProcess } from '../../../src/actors/actor.js';
import { endProcessGroup } from '../../../src/actors/process/process-group.js';
import { bootId, isSameProcess, processStartTime, processStat } from '../../../src/actors/process/process-identity.js';
import { compileSources } from '../../store/compiled-sources.js';
import { until } from './until.js';

let folder: string;
let program: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-orphans-'));
  const compiled = compileSources(join(folder, 'compiled'), ['src/actors', 'src/evidence', 'test/actors/process']);
  program = join(compiled, 'test/actors/process/driver-process.js');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);
const written = (name: string) => existsSync(path(name)) && readFileSync(path(name), 'utf8').endsWith('\n');
const pidIn = (name: string) => Number(readFileSync(path(name), 'utf8'));
const lives = (pid: number) => ![undefined, 'Z', 'X'].includes(processStat(pid)?.state);

const drivers: NodeChild[] = [];
afterEach(() => drivers.splice(0).forEach((driver) => driver.kill('SIGKILL')));

/** Starts a driver that runs the script, and waits for its record of the child. */
async function drive(script: string, recording = 'resolve', stdin: 'ignore' | 'closed' = 'ignore') {
  const args = [program, script, recording];
  const driver =
    stdin === 'ignore'
      ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('/bin/sh', ['-c', 'exec "$@" <&-', 'sh', process.execPath, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  drivers.push(driver);
  let printed = '';
  driver.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await until(() => printed.includes('\n'), 'the driver records its child');
  return { driver, child: JSON.parse(printed.split('\n')[0] ?? '') as ChildProcess, printed: () => printed };
}

async function killDriver(driver: NodeChild): Promise<void> {
  const exit = once(driver, 'exit');
  driver.kill('SIGKILL');
  await exit;
}

describe('a driver whose command has ended', () => {
  test.each([0, 3])('waits for nothing more, and goes on with exit code %d', async (code) => {
    const { driver, printed } = await drive(`exit ${code}`);
    await until(() => driver.exitCode !== null, 'the driver ends');
    expect([driver.exitCode, printed().split('\n')[1]]).toEqual([0, String(code)]);
  });
});

describe('a driver that is killed', () => {
  test.each(['ignore', 'closed'] as const)('takes the command and its children with it (stdin: %s)', async (stdin) => {
    const file = `child-${stdin}`;
    const { driver, child } = await drive(`sleep 600 & echo $! > ${path(file)}; wait`, 'resolve', stdin);
    await until(() => written(file), 'the command runs');
    expect(isSameProcess(child)).toBe(true);
    await killDriver(driver);
    await until(() => !lives(child.pid) && !lives(pidIn(file)), 'command and child are gone');
  });

  test('takes a command with it that ignores the signals by which one asks to end', async () => {
    const { driver, child } = await drive(`trap '' HUP INT TERM PIPE; echo up > ${path('deaf')}; while :; do sleep 1; done`);
    await until(() => written('deaf'), 'the command runs');
    await killDriver(driver);
    await until(() => !lives(child.pid), 'the command is gone');
  });

  test('still does after its group was asked to end', async () => {
    const { driver, child } = await drive(`trap '' TERM; echo up > ${path('asked')}; while :; do sleep 1; done`);
    await until(() => written('asked'), 'the command runs');
    process.kill(-child.pid, 'SIGTERM');
    await killDriver(driver);
    await until(() => !lives(child.pid), 'the command is gone');
  });

  test('before the record is made has started nothing, and the watchdog goes', async () => {
    const { driver, child } = await drive(`touch ${path('never')}`, 'hang');
    expect(isSameProcess(child)).toBe(true);
    await killDriver(driver);
    await until(() => !lives(child.pid), 'the watchdog is gone');
    expect(existsSync(path('never'))).toBe(false);
  });

  test('leaves a process that called setsid, which the one that takes over ends', async () => {
    const { driver, child } = await drive(`setsid sh -c 'echo $$ > ${path('away')}; exec sleep 600' & wait`);
    await until(() => written('away'), 'the command runs');
    await killDriver(driver);
    await until(() => !lives(child.pid), 'the command is gone');
    expect(lives(pidIn('away'))).toBe(true);
    expect(await endProcessGroup({ ...child, bootId: bootId() })).toBe('ended');
    expect(lives(pidIn('away'))).toBe(false);
    expect(await endProcessGroup(child)).toBe('gone');
  });
});

describe('taking over from a driver that hangs', () => {
  test('ends the recorded group, after the grace with SIGKILL', async () => {
    const { child } = await drive(`trap '' TERM; sleep 600 & echo $! > ${path('hung')}; while :; do sleep 1; done`);
    await until(() => written('hung'), 'the command runs');
    expect(await endProcessGroup({ ...child, bootId: bootId() }, 100)).toBe('ended');
    expect([lives(child.pid), lives(pidIn('hung'))]).toEqual([false, false]);
  });

  test('leaves a process alone whose start time or boot is not the recorded one', async () => {
    const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    drivers.push(other);
    const pid = other.pid ?? 0;
    const startTime = processStartTime(pid) ?? '';
    expect(await endProcessGroup({ pid, startTime: String(Number(startTime) - 1) })).toBe('gone');
    expect(await endProcessGroup({ pid, startTime, bootId: 'another boot' })).toBe('gone');
    expect(await endProcessGroup({ pid, startTime: null })).toBe('unproven');
    expect(lives(pid)).toBe(true);
    expect(await endProcessGroup({ pid, startTime })).toBe('ended');
    expect(lives(pid)).toBe(false);
  });

  test('a pid that nobody has is gone', async () => {
    expect(await endProcessGroup({ pid: 2 ** 22 + 1, startTime: null })).toBe('gone');
    expect(await endProcessGroup({ pid: 2 ** 22 + 1, startTime: '1' })).toBe('gone');
  });
});
