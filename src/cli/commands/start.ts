import { beginRun, defineBegin, parseBegin, type BeginOptions } from '../begin-run.js';
import type { CommandFile } from '../command.js';
import { driving } from '../drive.js';
import { defineWho } from '../run-argument.js';
import { showResult } from '../run-card.js';

/** Preflight, steps 0-3, the checkpoint; then the process ends with 2 and the run waits for a human. */
export const start: CommandFile<BeginOptions> = {
  define(command) {
    defineBegin(command);
    defineWho(command);
  },
  examples: [
    'cutover start',
    'CUTOVER_REQUIRED_COMMITS=abc1234,def5678 cutover start',
    'cutover start --commits-ok "first pilot: no list yet" --context-ok kind-pilot',
  ],
  parse: (_args, raw, io) => parseBegin(raw, io),
  async run(options, io) {
    const view = await driving(options, { mode: 'create', command: 'start' }, io, (workspace) =>
      beginRun(workspace, options, io),
    );
    return showResult(view, options, io);
  },
};
