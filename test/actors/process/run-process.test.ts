import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isSameProcess, processStartTime, processStat } from '../../../src/actors/process/process-identity.js';
import { runProcess, unrecordedOwner, type ProcessOptions } from '../../../src/actors/process/run-process.js';
import { liveMemory } from '../../live-memory.js';
import { recordingOwner } from './recording-owner.js';
import { until } from './until.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-process-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const owner = unrecordedOwner(new AbortController().signal, process.env);
const sh = (script: string, options: Partial<ProcessOptions> = {}) =>
  runProcess(owner, 'sh', ['-c', script], { timeoutMs: 20_000, ...options });
const path = (name: string) => join(folder, name);
const pidIn = (name: string) => Number(readFileSync(path(name), 'utf8'));
const written = (name: string) => existsSync(path(name)) && readFileSync(path(name), 'utf8').endsWith('\n');
const dead = (pid: number) => [undefined, 'Z'].includes(processStat(pid)?.state);

describe('what a command did', () => {
  test.each([0, 3, 125, 126, 127, 137, 255])('exit code %d is reported as it is', async (code) => {
    expect(await sh(`exit ${code}`)).toMatchObject({ exitCode: code, signal: null, timedOut: false });
  });

  test('death by SIGKILL is told from exit code 137', async () => {
    expect(await sh('kill -KILL $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: false });
    expect(await sh('kill -SEGV $$')).toMatchObject({ exitCode: null, signal: 'SIGSEGV' });
  });

  test('stdout and stderr are kept apart when they are collected', async () => {
    expect(await sh('echo out; echo err >&2')).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
  });

  test('stdin is empty, or what it was given', async () => {
    expect((await sh('cat; echo done')).stdout).toBe('done\n');
    expect((await sh('cat', { input: 'a\nb' })).stdout).toBe('a\nb');
  });

  test('a command need not read its input', async () => {
    expect(await sh('exit 4', { input: 'x'.repeat(4_000_000) })).toMatchObject({ exitCode: 4 });
  });

  test('arguments arrive unchanged', async () => {
    const args = ['', ' ', '-n', "it's", '$HOME', '*', 'a\nb', '"'];
    const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    const { stdout } = await runProcess(owner, process.execPath, ['-e', script, '--', ...args], { timeoutMs: 20_000 });
    expect(JSON.parse(stdout)).toEqual(args);
  });

  test('the environment is the owner’s with the additions, and nothing of this process', async () => {
    const alone = unrecordedOwner(new AbortController().signal, { PATH: process.env['PATH'], A: '1', B: '1' });
    const { stdout } = await runProcess(alone, 'env', [], { timeoutMs: 20_000, env: { B: '2' } });
    const names = stdout.split('\n').map((line) => line.split('=')[0]);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['A=1', 'B=2']));
    expect(names).not.toContain('HOME');
  });

  test('the working directory is the given one', async () => {
    expect((await sh('pwd', { cwd: folder })).stdout.trim()).toBe(folder);
  });

  test('the command inherits none of the watchdog’s pipes', async () => {
    const { stdout } = await sh('ls -l /proc/self/fd');
    expect(stdout.split('\n').filter((line) => / [3-9] -> .*(?:socket|pipe)/.test(line))).toEqual([]);
  });

  test('a command that waits for all of its children does not wait for the watchdog', async () => {
    const script = `
import os
while True:
    try: os.wait()
    except ChildProcessError: break
print('no children')`;
    const { stdout } = await runProcess(owner, 'python3', ['-c', script], { timeoutMs: 20_000 });
    expect(stdout).toBe('no children\n');
  });

  test('a script without a first line that names its shell is run by sh', async () => {
    writeFileSync(path('plain'), 'echo plain', { mode: 0o755 });
    expect(await runProcess(owner, './plain', [], { timeoutMs: 20_000, cwd: folder })).toMatchObject({
      exitCode: 0,
      stdout: 'plain\n',
    });
  });
});

describe('output', () => {
  test('stdout and stderr come as one stream in the order in which they were written', async () => {
    const chunks: Uint8Array[] = [];
    const onOutput = async (chunk: Uint8Array) => void chunks.push(chunk);
    const result = await sh('for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done', { onOutput });
    expect(Buffer.concat(chunks).toString()).toBe('o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n');
    expect(result).toMatchObject({ stdout: '', stderr: '', exitCode: 0 });
  });

  test('bytes that are not UTF-8 pass unchanged', async () => {
    const chunks: Uint8Array[] = [];
    await sh("printf '\\377\\000\\303\\050'", { onOutput: async (chunk) => void chunks.push(chunk) });
    expect([...Buffer.concat(chunks)]).toEqual([0xff, 0, 0xc3, 0x28]);
  });

  test('200 MB pass in constant memory, and the writer waits for a slow reader', async () => {
    let bytes = 0;
    let pause = true;
    let atPause = 0;
    const { owner: recording, started } = recordingOwner();
    const before = liveMemory();
    let most = before;
    let samples = 0;
    const run = runProcess(recording, 'sh', ['-c', 'head -c 200000000 /dev/zero'], {
      timeoutMs: 25_000,
      onOutput: async (chunk) => {
        bytes += chunk.length;
        if (bytes > (samples + 1) * 90_000_000) {
          samples += 1;
          most = Math.max(most, liveMemory());
        }
        if (pause) {
          pause = false;
          const state = () => processStat(started[0]?.pid ?? 0)?.state;
          await until(() => state() === 'S', 'the writer waits');
          atPause = bytes;
        }
      },
    });
    expect(await run).toMatchObject({ exitCode: 0 });
    expect(bytes).toBe(200_000_000);
    expect(atPause).toBeLessThan(1_000_000);
    expect(samples).toBe(2);
    expect(most - before).toBeLessThan(20_000_000);
  });

  test('more than the limit ends the command and is an error', async () => {
    await expect(sh('yes', { maxOutputBytes: 100_000 })).rejects.toMatchObject({
      code: 'COMMAND_OUTPUT_TOO_LARGE',
      options: { details: { file: 'sh', maxBytes: 100_000 } },
    });
    const onOutput = () => Promise.resolve();
    await expect(sh('yes', { maxOutputBytes: 100_000, onOutput })).rejects.toMatchObject({ code: 'COMMAND_OUTPUT_TOO_LARGE' });
  });

  test('as much as the limit is fine, of stdout and of stderr; without one it is 16 MiB', async () => {
    const both = 'head -c 1000 /dev/zero; head -c 1000 /dev/zero >&2';
    const { stdout, stderr } = await sh(both, { maxOutputBytes: 1_000 });
    expect([stdout.length, stderr.length]).toEqual([1_000, 1_000]);
    expect(await sh(both, { maxOutputBytes: 2_000, onOutput: () => Promise.resolve() })).toMatchObject({ exitCode: 0 });
    expect((await sh(`head -c ${16 * 1024 * 1024} /dev/zero`)).stdout).toHaveLength(16 * 1024 * 1024);
    await expect(sh(`head -c ${16 * 1024 * 1024 + 1} /dev/zero`)).rejects.toMatchObject({
      options: { details: { maxBytes: 16 * 1024 * 1024 } },
    });
  });

  test('a reader that fails ends the command and its error is passed on', async () => {
    const onOutput = () => Promise.reject(new Error('disk full'));
    await expect(sh('yes', { onOutput })).rejects.toThrow('disk full');
  });

  test('a reader that fails after the command has ended is an error all the same', async () => {
    const file = path('ended');
    const onOutput = async () => {
      await until(() => written('ended') && dead(pidIn('ended')), 'the command has ended');
      throw new Error('disk full');
    };
    await expect(sh(`echo out; echo $$ > ${file}`, { onOutput })).rejects.toThrow('disk full');
  });

  test('a command that closes stdout early is awaited all the same', async () => {
    expect(await sh('exec >&- 2>&-; sleep 0.3; exit 5')).toMatchObject({ exitCode: 5 });
  });

  test('what was written just before the exit is not lost', async () => {
    const chunks: Uint8Array[] = [];
    const onOutput = async (chunk: Uint8Array) => {
      await delay(5);
      chunks.push(chunk);
    };
    await sh('head -c 150000 /dev/zero; echo last', { onOutput });
    expect(Buffer.concat(chunks).subarray(-5).toString()).toBe('last\n');
  });
});

describe('what a command leaves behind', () => {
  test('a grandchild that holds stdout open is killed and does not hang the run', async () => {
    const result = await sh(`sleep 600 & echo $! > ${path('left')}; echo done`);
    expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' });
    expect(result.durationMs).toBeLessThan(5_000);
    expect(dead(pidIn('left'))).toBe(true);
  });

  test('a grandchild that left the group with setsid is found by its mark and killed', async () => {
    expect(
      await sh(`setsid sh -c 'echo $$ > ${path('away')}; exec sleep 600' & while ! [ -s ${path('away')} ]; do :; done`),
    ).toMatchObject({
      exitCode: 0,
    });
    expect(dead(pidIn('away'))).toBe(true);
  });

  test('a daemon that shook off group and mark, and holds stdout open, does not hang the run', async () => {
    const file = path('daemon');
    const result = await sh(
      `env -i setsid sh -c 'echo $$ > ${file}; exec sleep 600' & while ! [ -s ${file} ]; do :; done; echo out`,
    );
    try {
      expect(result).toMatchObject({ exitCode: 0, stdout: 'out\n' });
    } finally {
      process.kill(pidIn('daemon'), 'SIGKILL');
    }
  });
});

describe('a command that is stopped', () => {
  test('the time-out ends it, and a result is no exit code then', async () => {
    const result = await sh("trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done", { timeoutMs: 1_000 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: null, stdout: 'up\n' });
    expect(result.durationMs).toBeGreaterThanOrEqual(990);
    expect(result.durationMs).toBeLessThan(5_000);
    expect(Number.isInteger(result.durationMs)).toBe(true);
  });

  test('what it started has the grace to clean up, even when the command itself ends at once', async () => {
    const child = `trap 'sleep 0.3; echo clean > ${path('cleaned')}; exit' TERM; echo up > ${path('up')}; while :; do sleep 0.05; done`;
    const abort = new AbortController();
    const aborting = unrecordedOwner(abort.signal, process.env);
    const script = `sh -c '${child.replaceAll("'", `'\\''`)}' & wait`;
    const failed = expect(runProcess(aborting, 'sh', ['-c', script], { timeoutMs: 20_000 })).rejects.toThrow('stop');
    await until(() => written('up'), 'the child runs');
    abort.abort(new Error('stop'));
    await failed;
    expect(written('cleaned')).toBe(true);
  });

  test('the time-out kills one that ignores SIGTERM after the grace, with what it started', async () => {
    const script = `trap '' TERM; setsid sh -c 'trap "" TERM; echo $$ > ${path('deaf')}; while :; do sleep 1; done' & while :; do sleep 1; done`;
    const result = await sh(script, { timeoutMs: 500 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: 'SIGKILL' });
    expect(result.durationMs).toBeGreaterThan(4_900);
    expect(dead(pidIn('deaf'))).toBe(true);
  });

  test('an abort ends it and rejects with the reason that the signal carries', async () => {
    const abort = new AbortController();
    const { owner: recording, started, ended } = recordingOwner({ signal: abort.signal });
    const run = runProcess(recording, 'sh', ['-c', `echo $$ > ${path('aborted')}; exec sleep 600`], { timeoutMs: 60_000 });
    const reason = new Error('lease lost');
    const failed = expect(run).rejects.toBe(reason);
    await until(() => written('aborted'), 'the command runs');
    abort.abort(reason);
    await failed;
    expect(dead(pidIn('aborted'))).toBe(true);
    expect(ended).toEqual(started);
  });

  test('a signal that is aborted already starts nothing', async () => {
    const { owner: recording, started } = recordingOwner({ signal: AbortSignal.abort(new Error('stop')) });
    await expect(runProcess(recording, 'sh', ['-c', 'exit 0'], { timeoutMs: 1_000 })).rejects.toThrow('stop');
    expect(started).toEqual([]);
  });
});

describe('the record', () => {
  test('the command does nothing before it is recorded, and is forgotten after its end', async () => {
    let early: boolean | null = null;
    const { owner: recording, started, ended } = recordingOwner();
    const run = await runProcess(
      {
        ...recording,
        childStarted: async (child) => {
          await delay(100);
          early = existsSync(path('first'));
          expect(isSameProcess(child)).toBe(true);
          await recording.childStarted(child);
        },
      },
      'sh',
      ['-c', `echo $$ > ${path('first')}; env | grep ^CUTOVER_ATTEMPT=`],
      { timeoutMs: 20_000 },
    );
    expect(early).toBe(false);
    expect(pidIn('first')).toBe(started[0]?.pid);
    expect(run.stdout).toBe(`CUTOVER_ATTEMPT=${started[0]?.pid}-${started[0]?.startTime}\n`);
    expect(ended).toEqual(started);
    expect(processStartTime(started[0]?.pid ?? 0)).toBeNull();
  });

  test('a command that cannot be recorded is never run', async () => {
    const { owner: recording } = recordingOwner({ childStarted: () => Promise.reject(new Error('not durable')) });
    const run = runProcess(recording, 'sh', ['-c', `touch ${path('never')}`], { timeoutMs: 5_000 });
    await expect(run).rejects.toThrow('not durable');
    expect(existsSync(path('never'))).toBe(false);
  });

  test('a command that is killed before it may begin has done nothing, and its signal is reported', async () => {
    const killing = recordingOwner({
      childStarted: async ({ pid }) => {
        process.kill(pid, 'SIGKILL');
        await until(() => dead(pid), 'the watchdog is dead');
      },
    });
    const run = await runProcess(killing.owner, 'touch', [path('never')], { timeoutMs: 5_000 });
    expect(run).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(existsSync(path('never'))).toBe(false);
  });

  test('an abort while it is recorded runs nothing', async () => {
    const abort = new AbortController();
    const { owner: recording, ended } = recordingOwner({
      signal: abort.signal,
      childStarted: () => {
        abort.abort(new Error('stop'));
        return Promise.resolve();
      },
    });
    await expect(runProcess(recording, 'touch', [path('never')], { timeoutMs: 5_000 })).rejects.toThrow('stop');
    expect(existsSync(path('never'))).toBe(false);
    expect(ended).toHaveLength(1);
  });
});

describe('a command that cannot be started', () => {
  test('one that is not on the PATH is named with the PATH', async () => {
    await expect(runProcess(owner, 'no-such-command', [], { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
      message: expect.stringContaining(process.env['PATH'] ?? ''),
    });
  });

  test('a path that does not exist, and a folder, are not found', async () => {
    for (const file of [path('absent'), folder]) {
      await expect(runProcess(owner, file, [], { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
    }
  });

  test('a file without permission to run says what to do', async () => {
    writeFileSync(path('tool'), '#!/bin/sh\n');
    chmodSync(path('tool'), 0o644);
    await expect(runProcess(owner, path('tool'), [], { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'COMMAND_NOT_EXECUTABLE',
      message: expect.stringContaining(`chmod +x ${path('tool')}`),
    });
  });

  test('a working directory that does not exist is an error', async () => {
    await expect(sh('exit 0', { cwd: path('nowhere') })).rejects.toMatchObject({
      code: 'COMMAND_NOT_STARTED',
      message: expect.stringMatching(
        new RegExp(`^/.*/sh could not be started: .*ENOENT.*\\. Check that ${path('nowhere')} and /bin/sh exist, `, 's'),
      ),
    });
  });

  test('arguments larger than the system allows are an error', async () => {
    await expect(runProcess(owner, 'true', ['x'.repeat(4_000_000)], { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'COMMAND_NOT_STARTED',
      message: expect.stringMatching(/E2BIG.*\. Check that the working directory and \/bin\/sh exist/),
    });
  });
});
