import { spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { CollectedOutput, OutputReader } from '../../../src/actors/process/read-output.js';

test('what a command wrote is read, however long this process could not look at the pipe', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 0.05; echo said'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = new CollectedOutput('sh', 1024);
  const reader = new OutputReader(child.stdout, (chunk) => output.add(chunk));
  const finished = reader.finish(10);
  blockThisProcess(500);
  await finished;
  expect(output.text()).toBe('said\n');
});

test('a pipe that is held open and stays quiet is let go', async () => {
  const child = spawn('/bin/sh', ['-c', 'echo said; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = new CollectedOutput('sh', 1024);
  const said = new Promise((resolve) => child.stdout.once('readable', resolve));
  const reader = new OutputReader(child.stdout, (chunk) => output.add(chunk));
  await said;
  await reader.finish(20);
  expect(output.text()).toBe('said\n');
  child.kill('SIGKILL');
});

/** As a busy machine does, or a long look at /proc: no timer and no pipe gets its turn. */
function blockThisProcess(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
