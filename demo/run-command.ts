import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a command in the foreground, as a person at the terminal would; resolves with its exit code. Rejects when it can't be started. */
export function runCommand(file: string, args: readonly string[], { cwd, env }: CommandOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code, signal) => (code === null ? reject(new Error(`${file} was ended by ${signal}`)) : resolve(code)));
  });
}
