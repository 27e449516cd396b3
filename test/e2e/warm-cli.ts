import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliResult } from './pilot.js';

const PROCESS = resolve('test/e2e/warm-process.mjs');
const COMPILED = resolve('dist/src/cli/program.js');

/**
 * The compiled command line in one process for many commands. What a process needs to load all of it, and to run it for the first time,
 * is more than what a command then takes: with hundreds of cases of some commands each, that is half of the time.
 * What a process of its own is needed for - signals, limits, permissions, a death - is not seen here; nor is `main.ts`.
 */
export class WarmCli {
  #process: ChildProcess | null = null;
  #isBusy = false;

  /** One at a time: environment and directory are those of the process. Rejects when the process ends before the command has. */
  async run(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Promise<CliResult> {
    if (this.#isBusy) throw new Error(`another command is not done yet: cutover ${args.join(' ')} needs a process of its own`);
    this.#isBusy = true;
    const child = (this.#process ??= start());
    const over = new AbortController();
    const { signal } = over;
    try {
      const answered = once(child, 'message', { signal }) as Promise<[CliResult]>;
      const died = once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the process of the commands ended with ${code} in: cutover ${args.join(' ')}`);
      });
      child.send({ args, env, cwd });
      const [result] = await Promise.race([answered, died]);
      return result;
    } finally {
      this.#isBusy = false;
      over.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.#process === null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    this.#process = null;
  }
}

function start(): ChildProcess {
  if (!existsSync(COMPILED)) throw new Error(`${COMPILED} is missing: npm run build`);
  // Of our own environment nothing: what a command may see comes with it.
  return fork(PROCESS, { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}
