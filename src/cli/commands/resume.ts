import type { CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { goOn } from '../go-on.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';

/** Goes on from wherever a run stopped; through the human gate when the checkpoint is complete. */
export const resume: CommandFile<DecisionOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    defineDrift(command);
  },
  examples: ['cutover resume latest', 'cutover resume 20260221T1200 --accept-drift "rebased on a typo in the docs"'],
  parse: parseDecision,
  async run(options, io) {
    const view = await deciding(options, 'resume', io, (workspace, runId) =>
      goOn(workspace, runId, { ...options, retriesSealing: false }, io),
    );
    return showResult(view, options, io);
  },
};
