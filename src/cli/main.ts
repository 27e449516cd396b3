#!/usr/bin/env node
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { READER_GONE_EXIT } from './exit-codes.js';
import { createInterruption } from './interruption.js';
import type { Io } from './io.js';
import { runProgram } from './program.js';

// The AWS SDK's word to those who maintain this program, not to those who drive a cutover.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const interruption = createInterruption(process);

const argv = process.argv.slice(2);
/** These end only when a run does: without a reader they would go on for nobody. */
const isFollowing = argv.find((word) => !word.startsWith('-')) === 'watch' || argv.includes('--follow');

let isListening = true;
let isUnwritten = false;
// A reader that goes away (`cutover run | head -1`) must not end a run half way: the command ends by itself, with its own code.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!isListening) return;
  isListening = false;
  if (error.code === 'EPIPE') {
    if (isFollowing) process.exit(READER_GONE_EXIT);
    return;
  }
  // What was asked for is not there (a full disk): the command goes on, but it does not end well.
  isUnwritten = true;
  process.stderr.write(`cutover: the output could not be written: ${error.message}\n`);
  if (process.exitCode === 0) process.exitCode = 1;
});
// Nobody can see the progress any more, nor be told so: no reason to stop a run for it.
process.stderr.on('error', () => undefined);

const io: Io = {
  stdout: {
    write: (text) => isListening && process.stdout.write(text),
    isTTY: process.stdout.isTTY,
    get columns() {
      return process.stdout.columns;
    },
  },
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  osUser: () => userInfo().username,
  now: () => new Date(),
  delay: (ms) => sleep(ms, undefined, { signal: interruption.signal }).catch(() => undefined),
  get signal() {
    return interruption.signal;
  },
  prompt: process.stdin.isTTY ? askAtTerminal : null,
  parts: {
    openWorkspace: async (options, io) => (await import('./compose.js')).openWorkspace(options, io),
    checkPreconditions: async (request, io, progress) =>
      (await import('./check-preconditions.js')).checkPreconditionsAlone(request, io, progress),
  },
};

const exitCode = await runProgram(argv, io);
process.exitCode = exitCode === 0 && isUnwritten ? 1 : exitCode;

async function askAtTerminal(question: string): Promise<string | null> {
  const { promptAt } = await import('./terminal-prompt.js');
  return promptAt(process.stdin, process.stderr, question, interruption.signal);
}
