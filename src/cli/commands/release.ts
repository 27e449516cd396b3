import { text, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { refuseClaimOfAnother, requireWaiting } from '../human-gate.js';
import { defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { contextOf } from '../run-facts.js';

export interface ReleaseOptions extends DecisionOptions {
  /** Why; needed by whoever does not hold the claim. */
  readonly reason: string | null;
}

/** Gives a claim back: its holder at any time, anyone else with a reason, for a holder who is not there. */
export const release: CommandFile<ReleaseOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command.option('--reason <text>', 'why (needed when somebody else holds the claim)');
  },
  examples: [
    'cutover release latest --as verifier@example.com',
    'cutover release latest --reason "the verifier is ill; a colleague goes on"',
  ],
  parse: (args, raw, io) => ({ ...parseDecision(args, raw, io), reason: text(raw, 'reason') ?? null }),
  async run(options, io) {
    const { reason, who } = options;
    const view = await deciding(options, 'release', io, ({ engine }, runId) =>
      engine.send(runId, who, async (now) => {
        requireWaiting(now);
        if (contextOf(now).claim === null) {
          throw new RunStateError(
            'NOT_CLAIMED',
            `Nobody has claimed run ${runId}: there is nothing to release. See: cutover status ${runId}`,
            runId,
          );
        }
        if (reason === null) refuseClaimOfAnother(now, [who.user]);
        return [{ type: 'RELEASED', reason }];
      }),
    );
    await showResult(view, options, io);
    return EXIT.ok;
  },
};
