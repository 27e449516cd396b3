import { requiredText, type CommandFile } from '../command.js';
import { defineDrift, defineRun, defineWho, parseDecision } from '../run-argument.js';
import { replay, type ReplayOptions } from './replay.js';

/**
 * A supervisor's decision against the runbook, which answers a failed gate with a new run: the gate is judged again in this one. It
 * must then pass: nothing is overridden but the need for a new run. The same as a replay with `--override`.
 */
export const override: CommandFile<ReplayOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command.option('--reason <text>', 'why no new run is made (on the record, and in the result summary)');
    defineDrift(command);
  },
  examples: [
    'cutover override latest --as supervisor@example.com --reason "the runner lost its network, the commit is the same"',
  ],
  parse: (args, raw, io) => ({
    ...parseDecision(args, raw, io),
    reason: requiredText(raw, 'reason', 'an override is on the record: say why it is better than a new run.'),
    from: null,
    override: true,
    gateOnly: true,
    dryRun: false,
  }),
  run: (options, io) => replay.run(options, io),
};
