import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { ActorError } from '../../../src/actors/actor.js';
import { CollectedOutput, OutputReader } from '../../../src/actors/process/read-output.js';

/** A pipe, and a reader on it that keeps what it took. */
function reading(take: (text: string) => Promise<void> | void = () => undefined) {
  const pipe = new PassThrough();
  const taken: string[] = [];
  const reader = new OutputReader(pipe, (chunk) => {
    taken.push(Buffer.from(chunk).toString());
    return take(taken.at(-1) ?? '');
  });
  return { pipe, taken, reader };
}

const LONG_MS = 600_000;

describe('reading the output of a command', () => {
  test('takes each piece before it asks for the next one, to the end', async () => {
    const order: string[] = [];
    const reader = new OutputReader(Readable.from([Buffer.from('a'), Buffer.from('b')]), async (chunk) => {
      order.push(`begin ${Buffer.from(chunk).toString()}`);
      await new Promise(setImmediate);
      order.push(`end ${Buffer.from(chunk).toString()}`);
    });
    await reader.done;
    expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b']);
    await reader.finish(LONG_MS);
  });

  test('fails with what its taker throws', async () => {
    const { pipe, reader } = reading(() => Promise.reject(new Error('disk full')));
    pipe.write('a');
    await expect(reader.done).rejects.toThrow('disk full');
    await expect(reader.finish(LONG_MS)).rejects.toThrow('disk full');
  });

  test('fails with what the pipe breaks with, unless it was abandoned', async () => {
    const broken = reading();
    broken.pipe.destroy(new Error('EIO'));
    await expect(broken.reader.done).rejects.toThrow('EIO');
    const { pipe, reader } = reading();
    reader.abandon();
    await reader.done;
    expect(pipe.destroyed).toBe(true);
  });
});

describe('finishing after the last known writer has ended', () => {
  test('reads what still comes, and ends with the pipe at once', async () => {
    const { pipe, taken, reader } = reading();
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const finished = reader.finish(LONG_MS);
    pipe.write('a');
    pipe.end('b');
    await finished;
    expect(taken.join('')).toBe('ab');
    // Else it would hold this process for so long.
    expect(timers()).toBe(before);
  });

  test('gives up a pipe that is held open without a word', async () => {
    const { pipe, taken, reader } = reading();
    pipe.write('a');
    await reader.finish(20);
    expect(taken).toEqual(['a']);
    expect(pipe.destroyed).toBe(true);
  });

  test('gives up one on which there never was a word, too', async () => {
    const { pipe, reader } = reading();
    await reader.finish(20);
    expect(pipe.destroyed).toBe(true);
  });

  test('goes on as long as something comes', async () => {
    const { pipe, taken, reader } = reading();
    const pieces = ['a', 'b', 'c', 'd', 'e', 'f'];
    const left = [...pieces];
    const writing = setInterval(() => {
      const piece = left.shift();
      if (piece === undefined) clearInterval(writing);
      else pipe.write(piece);
    }, 50);
    await reader.finish(200);
    expect(taken).toEqual(pieces);
  });

  test('waits for a taker that takes its time', async () => {
    const taking = new PassThrough();
    const { pipe, taken, reader } = reading(async (text) => {
      if (text === 'a') await once(taking, 'data');
    });
    pipe.write('a');
    const finished = reader.finish(5);
    const waited = await Promise.race([finished, new Promise((resolve) => setTimeout(() => resolve('still waiting'), 60))]);
    expect(waited).toBe('still waiting');
    expect(pipe.destroyed).toBe(false);
    pipe.end('b');
    taking.write('go on');
    await finished;
    expect(taken).toEqual(['a', 'b']);
  });
});

describe('collected output', () => {
  test('is its pieces as UTF-8, even where a character was cut in two', () => {
    const output = new CollectedOutput('/bin/tool', 100);
    expect(output.text()).toBe('');
    const bytes = Buffer.from('aü€');
    output.add(bytes.subarray(0, 2));
    output.add(bytes.subarray(2));
    expect(output.text()).toBe('aü€');
    output.add(Buffer.from([0xff]));
    expect(output.text()).toBe('aü€\ufffd');
  });

  test('may reach its limit, and is an error above it', () => {
    const output = new CollectedOutput('/bin/tool', 4);
    output.add(Buffer.from('ab'));
    output.add(Buffer.from('cd'));
    expect(output.text()).toBe('abcd');
    const add = () => output.add(Buffer.from('e'));
    expect(add).toThrow(ActorError);
    expect(add).toThrow(
      expect.objectContaining({
        code: 'COMMAND_OUTPUT_TOO_LARGE',
        message:
          '/bin/tool wrote more than 4 bytes and was ended. Find out why it writes so much, or narrow what it is asked for.',
        options: { details: { file: '/bin/tool', maxBytes: 4 } },
      }),
    );
  });
});

test('what a command wrote is read, however long this process could not look at the pipe', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 0.05; echo said'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = new CollectedOutput('sh', 1024);
  const reader = new OutputReader(child.stdout, (chunk) => output.add(chunk));
  const finished = reader.finish(10);
  blockThisProcess(500);
  await finished;
  expect(output.text()).toBe('said\n');
});

/** As a busy machine does, or a long look at /proc: no timer and no pipe gets its turn. */
function blockThisProcess(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
