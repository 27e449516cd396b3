import type { CommandFile } from '../command.js';
import { timeOfDay } from '../clock-format.js';
import { eventWords } from '../event-words.js';
import { resolveRun } from '../resolve-run.js';
import { defineRun } from '../run-argument.js';
import { runFacts, showResult, exitOf } from '../run-card.js';
import { isResting } from '../run-facts.js';
import { onRun, reading } from '../with-run.js';

export interface WatchOptions {
  readonly run: string;
}

const POLL_MS = 500;

/** Follows a run that another process drives, until it rests; its exit code is then that of the run. */
export const watch: CommandFile<WatchOptions> = {
  define: (command) => defineRun(command, 'optional'),
  examples: ['cutover watch', 'cutover watch 20260221T1200', 'cutover watch latest --json'],
  parse: ([run]) => ({ run: run ?? 'latest' }),
  async run(options, io) {
    const { palette } = options;
    return reading(options, 'watch', io, async (workspace) => {
      const runId = await resolveRun(workspace, options.run);
      return onRun(workspace, runId, async () => {
        let seen = 0;
        let look = '';
        for (;;) {
          const view = await workspace.engine.inspect(runId);
          for await (const record of workspace.store.history(runId, { after: seen, upTo: view.run.headSeq })) {
            seen = record.seq;
            const { kind, text } = eventWords(record);
            const mark = { done: palette.green('✓'), failed: palette.red('✗'), noted: '•' }[kind];
            if (options.json) io.stdout.write(`${JSON.stringify(record)}\n`);
            else io.stdout.write(`${palette.dim(timeOfDay(record.at))} ${mark} ${text}\n`);
          }
          if (isResting(view)) {
            if (!options.json) return showResult(view, options, io);
            io.stdout.write(`${JSON.stringify(runFacts(view))}\n`);
            return exitOf(view);
          }
          // Nobody drives it: it would be watched for ever.
          const told = view.look.kind === 'interrupted' || view.look.kind === 'stalled' ? view.look.text : '';
          if (told !== '' && told !== look) io.stderr.write(`${told}: go on with it by: cutover resume ${runId}\n`);
          look = told;
          io.signal.throwIfAborted();
          await io.delay(POLL_MS);
        }
      });
    });
  },
};
