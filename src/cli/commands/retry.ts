import { text, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { lookForDrift } from '../drift.js';
import { RunStateError } from '../errors.js';
import { permitted } from '../permission.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';

export interface RetryOptions extends DecisionOptions {
  readonly reason: string;
}

/** On record where nobody says more: the command itself, as that of `run --seal-only`. */
const NO_REASON = 'retry';

/**
 * Sealing again after its cause was mended (source: the runbook, "Step 5 fails: re-run with --seal-only after fixing"); or the scan of a
 * step's files again, without the step, after its findings were accepted.
 */
export const retry: CommandFile<RetryOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command.option('--reason <text>', `what was mended (default: ${NO_REASON})`);
    defineDrift(command);
  },
  examples: ['cutover retry latest', 'cutover retry latest --reason "s3:PutObject granted"'],
  parse: async (args, raw, io) => ({ ...(await parseDecision(args, raw, io)), reason: text(raw, 'reason') ?? NO_REASON }),
  async run(options, io) {
    const view = await deciding(options, 'retry', io, (workspace, runId) =>
      workspace.engine.resume(runId, options.who, async (now) => {
        // Asked before the world is: a drift must not be accepted for a request that is refused.
        if (now.run.status !== 'failed') {
          throw new RunStateError(
            'NOT_FAILED',
            `Run ${runId} is in ${now.run.state}: only a run that failed while it was sealed, or at the scan of a step, is retried.`,
            runId,
          );
        }
        const request = permitted(now, options.who, { type: 'RETRY_REQUESTED', reason: options.reason });
        const { who, drift } = await lookForDrift(now, { ...options, purpose: 'drive' }, workspace, io);
        return { who, events: [...drift, permitted(now, who, request)] };
      }),
    );
    return showResult(view, options, io);
  },
};
