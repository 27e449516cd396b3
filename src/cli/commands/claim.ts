import type { CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { beforeExpiry } from '../expiry.js';
import { EXIT } from '../exit-codes.js';
import { requireUnclaimed, requireWaiting } from '../human-gate.js';
import { permitted } from '../permission.js';
import { defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';

/** Tells everyone that a verifier is at it: until it is released, nobody else signs off or rejects. */
export const claim: CommandFile<DecisionOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
  },
  examples: ['cutover claim latest', 'cutover claim 20260221T120000Z --as verifier@example.com'],
  parse: (args, raw, io) => parseDecision(args, raw, io),
  async run(options, io) {
    const view = await deciding(options, 'claim', io, (workspace, runId) =>
      beforeExpiry(workspace, runId, options.who, io, () =>
        workspace.engine.send(runId, options.who, async (now) => {
          requireWaiting(now);
          const claimed = permitted(now, options.who, { type: 'CLAIMED' });
          requireUnclaimed(now);
          return [claimed];
        }),
      ),
    );
    await showResult(view, options, io);
    return EXIT.ok;
  },
};
