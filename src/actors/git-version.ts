import { ActorError } from './actor.js';
import { couldNotBegin } from './process/find-command.js';
import { quoteOutput } from './process/quote-output.js';
import { runProcess, type ProcessOwner, type ProcessResult } from './process/run-process.js';

const TIMEOUT_MS = 10_000;
/**
 * `log --no-show-signature` came with 2.10, GIT_OPTIONAL_LOCKS (`status` then writes nothing) with 2.15; everything else that
 * `git.ts` calls is older. Source: git's release notes for 2.10.0 and 2.15.0.
 */
const OLDEST = [2, 15] as const;

/** The version of git, e.g. `2.39.5`. Errors: GIT_MISSING, GIT_FAILED, GIT_TOO_OLD (before 2.15), and those of `runProcess`. */
export async function gitVersion(owner: ProcessOwner): Promise<string> {
  const { stdout, exitCode } = await run(owner);
  const [, version, major, minor] = /^git version ((\d+)\.(\d+)\S*)/.exec(stdout) ?? [];
  if (exitCode !== 0 || version === undefined) {
    throw new ActorError(
      'GIT_FAILED',
      `git --version ended with ${exitCode ?? 'a signal'} and printed no version but: ${quoteOutput(stdout, owner.env)}. Reinstall git.`,
    );
  }
  if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1])) {
    throw new ActorError('GIT_TOO_OLD', `git is ${version}; ${OLDEST.join('.')} or newer is needed. Install a newer one.`);
  }
  return version;
}

async function run(owner: ProcessOwner): Promise<ProcessResult> {
  try {
    return await runProcess(owner, 'git', ['--version'], { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!couldNotBegin(error)) throw error;
    throw new ActorError('GIT_MISSING', `git cannot be run: ${error.message}`, { cause: error });
  }
}
