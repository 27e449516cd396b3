import { runProcess } from '../../../src/actors/process/run-process.js';

/**
 * A driver as a process of its own, run by orphans.test.ts: runs the shell script in argv[2], and prints the identity of the
 * child when it is recorded, and its exit code in the end. With `hang` in argv[3] the recording never ends.
 */
const [, , script = '', recording] = process.argv;
const { exitCode } = await runProcess(
  {
    signal: new AbortController().signal,
    env: process.env,
    childStarted: async (child) => {
      process.stdout.write(`${JSON.stringify(child)}\n`);
      if (recording === 'hang') await new Promise((resolve) => setTimeout(resolve, 600_000));
    },
    childEnded: () => Promise.resolve(),
  },
  '/bin/sh',
  ['-c', script],
  { timeoutMs: 600_000 },
);
process.stdout.write(`${exitCode}\n`);
