import { hostname } from 'node:os';
import type { Identity } from '../evidence/history-record.js';
import { LINE_BREAKS } from '../evidence/fact-line.js';
import { UsageError } from './errors.js';
import type { Io } from './io.js';

const ADDRESS = /^[^\s@]+@[^\s@]+$/;
const TIMEOUT_MS = 5_000;

/**
 * Who gives the command: `--as NAME`, else the user of this session; with what else is known of the person, so that another name is
 * no way around the separation of duties. Asserted: nobody proves it. Throws `UsageError` for a name that is more than a line: others
 * read it in tables and messages.
 */
export async function identityOf(as: string | undefined, io: Pick<Io, 'env' | 'cwd' | 'osUser'>): Promise<Identity> {
  const osUser = io.osUser();
  const user = as ?? (io.env['USER'] || io.env['LOGNAME'] || osUser);
  if (LINE_BREAKS.test(user)) {
    throw new UsageError(
      `The name ${JSON.stringify(user)} (${as === undefined ? '$USER' : '--as'}) has a line break or a control character. Nothing was changed. Give the name alone: --as NAME.`,
    );
  }
  const email = (await gitEmail(io)) ?? (ADDRESS.test(user) ? user : null);
  return { user, host: hostname(), email, osUser, level: 'asserted' };
}

/** `git config user.email`; null where there is no git, or it says none: then less is known of the person, and nothing else is wrong. */
async function gitEmail({ env, cwd }: Pick<Io, 'env' | 'cwd'>): Promise<string | null> {
  // Only who changes a run is asked: commands that read start without it.
  const { execFile } = await import('node:child_process');
  return new Promise((resolve) => {
    execFile('git', ['config', 'user.email'], { cwd, env, timeout: TIMEOUT_MS }, (error, stdout) => {
      const email = stdout.trim();
      resolve(error === null && ADDRESS.test(email) ? email : null);
    });
  });
}
