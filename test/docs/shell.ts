import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Pilot } from '../e2e/pilot.js';
import type { Command } from './markdown.js';

export interface CommandResult {
  readonly exitCode: number;
  /** Stdout and stderr, as a terminal shows them. */
  readonly output: string;
}

const BIN = resolve('test/docs/bin');
/** No command prints it. */
const MARK = '\x1f';

/**
 * Runs the commands of one block as a reader would who pastes them: in one shell, in the repository of the site, with `cutover` on
 * the PATH and an $EDITOR that completes the checkpoint. Rejects when the shell did not get to the end.
 */
export async function runInShell(pilot: Pilot, commands: readonly Command[]): Promise<CommandResult[]> {
  const script = commands.map(({ text }) => `${text}\nprintf '\\n${MARK}%s\\n' $?`);
  const { env, repository } = pilot.site;
  const shell = spawn('sh', ['-c', ['exec 2>&1', ...script].join('\n')], {
    cwd: repository,
    env: { ...env, PATH: `${BIN}:${env['PATH'] ?? ''}`, EDITOR: 'play-verifier' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await new Promise<void>((done, reject) => {
    shell.once('error', reject);
    shell.once('close', () => done());
  });
  const results = [...text.matchAll(new RegExp(`([^]*?)\\n${MARK}(\\d+)\\n`, 'g'))].map(
    ([, output = '', exitCode]): CommandResult => ({ exitCode: Number(exitCode), output }),
  );
  if (results.length !== commands.length) {
    throw new Error(`the shell ran ${results.length} of ${commands.length} commands, from ${commands[0]?.text}: ${text}`);
  }
  return results;
}
