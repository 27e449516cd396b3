import { requiredText, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { lookForDrift } from '../drift.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';

export interface AcceptDriftOptions extends DecisionOptions {
  readonly acceptDrift: string;
}

/** A supervisor lets a run go on in a changed world, or under a changed policy file, without driving or signing it. */
export const acceptDrift: CommandFile<AcceptDriftOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command.option('--reason <text>', 'why (on the record; in the result summary, too, until a part of that may be locked)');
  },
  examples: ['cutover accept-drift latest --reason "a typo in the docs was committed"'],
  parse: async (args, raw, io) => ({
    ...(await parseDecision(args, raw, io)),
    acceptDrift: requiredText(raw, 'reason', 'accepting a changed world is on the record: say why.'),
  }),
  async run(options, io) {
    const view = await deciding(options, 'accept-drift', io, (workspace, runId) =>
      workspace.engine.send(runId, options.who, async (now) => {
        const { who, drift } = await lookForDrift(now, { ...options, purpose: 'accept' }, workspace, io);
        if (drift.length > 0) return { who, events: drift };
        throw new RunStateError('NO_DRIFT', `The world is as run ${runId} froze it: there is nothing to accept.`, runId);
      }),
    );
    await showResult(view, options, io);
    return EXIT.ok;
  },
};
