import { oneOf, requiredText, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { lookForDrift } from '../drift.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { permitted } from '../permission.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { isSealedAsFailed } from '../run-facts.js';

export interface SealOptions extends DecisionOptions {
  readonly reason: string;
}

/** Seals a run that ended without PASS, as locked evidence of that. A PASS is sealed by `resume`, never by this. */
export const seal: CommandFile<SealOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command
      .option('--verdict <verdict>', 'FAIL: the only verdict that can be asked for')
      .option('--reason <text>', 'why (on the record)');
    defineDrift(command);
  },
  examples: ['cutover seal latest --verdict FAIL --reason "gate 7 failed; kept for the review"'],
  async parse(args, raw, io) {
    oneOf(
      requiredText(raw, 'verdict', 'only FAIL can be asked for; a PASS is earned: cutover resume <run>'),
      ['FAIL'],
      '--verdict',
    );
    return {
      ...(await parseDecision(args, raw, io)),
      reason: requiredText(raw, 'reason', 'sealing a failed run is on the record: say why.'),
    };
  },
  async run(options, io) {
    const view = await deciding(options, 'seal', io, (workspace, runId) =>
      workspace.engine.resume(runId, options.who, async (now) => {
        const { status, state } = now.run;
        if (!['failed', 'abandoned', 'superseded'].includes(status) || isSealedAsFailed(now)) {
          throw new RunStateError(
            'NOT_SEALABLE',
            `Run ${runId} is in ${state}: only one that failed or ended without PASS is sealed so.`,
            runId,
          );
        }
        const seal = permitted(now, options.who, { type: 'SEAL_REQUESTED', reason: options.reason });
        const { who, drift } = await lookForDrift(now, { ...options, isDriving: true }, workspace, io);
        permitted(now, who, seal);
        // A run that has ended takes nothing but this request; its drift is recorded right after it.
        return { who, events: status === 'failed' ? [...drift, seal] : [seal, ...drift] };
      }),
    );
    await showResult(view, options, io);
    // What was asked for is done when the evidence is locked; the card says FAIL.
    return isSealedAsFailed(view) ? EXIT.ok : EXIT.failed;
  },
};
