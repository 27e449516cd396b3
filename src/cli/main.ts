#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterruption } from './interruption.js';
import type { Io } from './io.js';
import { runProgram } from './program.js';

// The AWS SDK's word to those who maintain this program, not to those who drive a cutover.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const interruption = createInterruption(process);

// A reader that went away (`cutover history | head`) has what it wanted: no error, no stack.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
});
// Nobody looks at the progress any more: no reason to stop a run for it.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
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

process.exitCode = await runProgram(process.argv.slice(2), io);

async function askAtTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question, { signal: interruption.signal });
  } finally {
    terminal.close();
  }
}
