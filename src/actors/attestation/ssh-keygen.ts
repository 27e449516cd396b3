import { ActorError } from '../actor.js';
import { couldNotBegin } from '../process/find-command.js';
import { quoteOutput } from '../process/quote-output.js';
import { runProcess, type ProcessOwner, type ProcessResult } from '../process/run-process.js';

const TIMEOUT_MS = 20_000;

/** Runs the real ssh-keygen, which asks nobody for a passphrase and takes times as UTC. Errors: SSH_KEYGEN_MISSING, and those of `runProcess`. */
export async function sshKeygen(owner: ProcessOwner, args: readonly string[], input?: string): Promise<ProcessResult> {
  const options = { timeoutMs: TIMEOUT_MS, env: { SSH_ASKPASS_REQUIRE: 'never', LC_ALL: 'C', TZ: 'UTC' } };
  try {
    return await runProcess(owner, 'ssh-keygen', args, input === undefined ? options : { ...options, input });
  } catch (error) {
    if (!couldNotBegin(error)) throw error;
    throw new ActorError('SSH_KEYGEN_MISSING', `ssh-keygen cannot be run: ${error.message} Install OpenSSH's client.`, {
      cause: error,
    });
  }
}

/** What it said when it failed, on one line. */
export function saidBySshKeygen({ timedOut, stderr, stdout }: ProcessResult, env: NodeJS.ProcessEnv): string {
  return timedOut ? `no answer within ${TIMEOUT_MS / 1000} s` : quoteOutput(stderr.trim() === '' ? stdout : stderr, env);
}
