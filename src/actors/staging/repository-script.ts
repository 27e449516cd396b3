import { resolve } from 'node:path';
import type { Check, StagingInput } from '../../config/step-contracts.js';
import type { EvidenceLog } from '../../evidence/evidence-dir.js';
import { ActorError } from '../actor.js';
import { runProcess, type ProcessOwner } from '../process/run-process.js';
import { withSingleContextKubeconfig } from './single-context-kubeconfig.js';

/** The step's own limit is 30 minutes; our checks need some of it. */
export const SCRIPT_TIMEOUT_MS = 20 * 60_000;

/**
 * Runs a script of the repository in addition to our own checks, in the repository's directory, with a kubeconfig that holds the
 * one context; its output goes into the log. Only exit 0 is a pass. Errors: those of the log, and the signal's reason.
 */
export async function runRepositoryScript(
  owner: ProcessOwner,
  input: StagingInput,
  script: string,
  log: EvidenceLog,
  timeoutMs: number = SCRIPT_TIMEOUT_MS,
): Promise<Check> {
  const name = `Script ${script}`;
  const failed = (message: string) => ({
    name,
    ok: false,
    message,
    advice: `Read its output in ${log.file}, and mend what it found; a script that is not wanted is left out by unsetting its variable.`,
  });
  const { settings } = input;
  try {
    const result = await withSingleContextKubeconfig(owner, input, (kubeconfig) =>
      runProcess(owner, resolve(settings.directory, script), [], {
        cwd: settings.directory,
        env: { KUBECONFIG: kubeconfig },
        timeoutMs,
        onOutput: (chunk) => log.write(chunk),
      }),
    );
    if (result.timedOut) return failed(`did not end within ${timeoutMs / 1000} s and was killed; expected exit 0`);
    if (result.exitCode !== 0)
      return failed(
        `ended with ${result.exitCode === null ? `signal ${result.signal}` : `exit ${result.exitCode}`}; expected exit 0`,
      );
    return { name, ok: true, message: `exit 0 after ${result.durationMs} ms`, advice: null };
  } catch (error) {
    owner.signal.throwIfAborted();
    if (error instanceof ActorError) return failed(`could not be run: ${error.message}`);
    throw error;
  }
}
