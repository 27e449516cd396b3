import { spawn, spawnSync, type ChildProcess as NodeChild } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  bootId,
  isSameProcess,
  machineId,
  parseStat,
  processStartTime,
  processStat,
} from '../../../src/actors/process/process-identity.js';

/** No process has a pid as large as that. */
const NOBODY = 2 ** 22 + 1;
const stat = (name: string, startTime = '4711') => `17 (${name}) S 1 16 15 ${'0 '.repeat(15)}${startTime} 9 9\n`;

const children: NodeChild[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

describe('what /proc says of a process', () => {
  test.each(['sh', 'a b', 'a) S 1 (b', '(((', ')'])('is read past the program name %j', (name) => {
    expect(parseStat(stat(name), '/proc/17/stat')).toEqual({ state: 'S', group: 16, startTime: '4711' });
  });

  test.each(['', '17 (sh) S 1 16 15\n', stat('sh', ''), stat('sh', '4711x'), stat('sh', '-1')])('is refused as %j', (text) => {
    expect(() => parseStat(text, '/proc/17/stat')).toThrow(
      `/proc/17/stat is not of the form that proc(5) describes: ${JSON.stringify(text)}`,
    );
  });

  test('is what ps says, also for a program with such a name', async () => {
    const name = 'a) S 1 (b';
    const script = `open('/proc/self/comm','w').write(${JSON.stringify(name)}); print('up', flush=True); input()`;
    const renamed = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    children.push(renamed);
    await once(renamed.stdout, 'data');
    expect(readFileSync(`/proc/${renamed.pid}/comm`, 'utf8').trim()).toBe(name);
    expect(processStat(renamed.pid ?? 0)).toMatchObject({ group: renamed.pid });
    expect(processStat(process.pid)?.group).toBe(
      Number(spawnSync('ps', ['-o', 'pgid=', '-p', String(process.pid)], { encoding: 'utf8' }).stdout),
    );
    expect(processStartTime(renamed.pid ?? 0)).toMatch(/^\d+$/);
    expect(Number(processStartTime(renamed.pid ?? 0))).toBeGreaterThanOrEqual(Number(processStartTime(process.pid)));
  });

  test('is nothing for a process that does not exist', () => {
    expect([processStat(NOBODY), processStartTime(NOBODY)]).toEqual([null, null]);
  });
});

describe('the same process', () => {
  const startTime = processStartTime(process.pid);
  test.each([
    ['this one', { pid: process.pid, startTime }, true],
    ['one without a recorded start time', { pid: process.pid, startTime: null }, false],
    ['one with another start time', { pid: process.pid, startTime: String(Number(startTime) - 1) }, false],
    ['one that does not exist', { pid: NOBODY, startTime }, false],
  ])('%s', (_which, child, same) => {
    expect(isSameProcess(child)).toBe(same);
  });
});

describe('boot and machine', () => {
  const contents = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  test('have the names that the kernel and the installation gave them', async () => {
    expect(bootId()).toBe(contents('/proc/sys/kernel/random/boot_id'));
    expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(machineId()).toBe(contents('/etc/machine-id') || contents('/var/lib/dbus/machine-id') || null);
  });
});
