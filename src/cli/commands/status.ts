import type { RunView } from '../../engine/engine.js';
import { replayNeedsOverride, replayRefusal } from '../../machine/replay.js';
import type { MessageRecord } from '../../store/outbox.js';
import type { AttemptRecord } from '../../store/store.js';
import { dayAndTime, duration } from '../clock-format.js';
import type { CommandFile } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { nextLines, nextOf } from '../next-commands.js';
import { givenUpText } from '../health/outbox.js';
import type { Palette } from '../palette.js';
import { resolveRun } from '../resolve-run.js';
import { defineRun } from '../run-argument.js';
import { cardLines, runFacts } from '../run-card.js';
import { contextOf, isSealedAsFailed } from '../run-facts.js';
import { stepRows, type StepRow } from '../step-rows.js';
import { firstLine, oneLine, table, truncate } from '../table.js';
import { reading } from '../with-run.js';

export interface StatusOptions {
  readonly run: string;
}

/** One run: a card, its steps, whether it can be replayed, and the next command of each role. */
export const status: CommandFile<StatusOptions> = {
  define: (command) => defineRun(command, 'optional'),
  examples: ['cutover status', 'cutover status 20260221T1200', 'cutover status latest --json'],
  parse: ([run]) => ({ run: run ?? 'latest' }),
  async run(options, io) {
    const { palette } = options;
    const { view, messages } = await reading(options, 'status', io, async (workspace) => {
      const runId = await resolveRun(workspace, options.run);
      return {
        view: await workspace.engine.inspect(runId),
        messages: await workspace.store.messages({ runId, states: ['pending', 'given-up'] }),
      };
    });
    const rows = stepRows(view, io.now());
    if (options.json) {
      io.stdout.write(
        `${JSON.stringify({ ...runFacts(view), steps: rows, attempts: view.attempts.map(attemptFacts), replayable: replayable(view), undelivered: messages.map(messageFacts) })}\n`,
      );
      return EXIT.ok;
    }
    const header = ['STEP', 'RESULT', 'ATT', 'STARTED', 'DURATION', 'EVIDENCE', 'MESSAGE'];
    const lines = [
      ...cardLines(view, palette),
      '',
      ...table([header, ...rows.map((row) => cells(row, palette))]),
      '',
      `Replayable: ${replayable(view)}`,
      ...messages.map((message) => `Message: ${oneLine(messageText(message))}`),
      ...nextLines(nextOf(view), palette),
    ];
    io.stdout.write(`${lines.join('\n')}\n`);
    return EXIT.ok;
  },
};

/** An attempt as `--json` gives it; those that never reported are `interrupted`. */
function attemptFacts({ step, attempt, status, startedAt, endedAt, error, logs }: AttemptRecord) {
  return { step, attempt, status, startedAt, endedAt, logs, error: error ?? null };
}

/** A message that was not delivered, as `--json` gives it. */
function messageFacts({ kind, channel, state, attempts, nextAt, lastError }: MessageRecord) {
  return { kind, channel, state, attempts, next_at: nextAt, error: lastError };
}

function messageText(message: MessageRecord): string {
  const { kind, channel, state, attempts, nextAt, lastError } = message;
  if (state === 'given-up') return givenUpText(message);
  const tried = attempts === 0 ? 'not tried yet' : `attempt ${attempts}: ${lastError ?? 'no answer on record'}`;
  return `"${kind}" to ${channel} is not delivered (${tried}); due ${dayAndTime(nextAt)} UTC, by: cutover notify`;
}

const MESSAGE_WIDTH = 100;

function cells(row: StepRow, palette: Palette): string[] {
  return [
    row.step,
    resultColor(row.result, palette),
    row.attempts === 0 ? '-' : String(row.attempts),
    row.startedAt === null ? '-' : dayAndTime(row.startedAt),
    row.durationMs === null ? '-' : duration(row.durationMs),
    row.evidence ?? '-',
    truncate(firstLine(row.message), MESSAGE_WIDTH),
  ];
}

function resultColor(result: StepRow['result'], palette: Palette): string {
  if (result === 'PASS') return palette.green(result);
  if (result === 'FAIL') return palette.red(result);
  return result === 'NOT RUN' ? palette.dim(result) : palette.yellow(result);
}

/** Whether a supervisor may replay the failed step, in a sentence. */
function replayable(view: RunView): string {
  const context = contextOf(view);
  if (isSealedAsFailed(view) || (view.run.status !== 'failed' && view.run.status !== 'waiting'))
    return `no - it is in ${view.run.state}`;
  const from = context.failure?.step;
  if (from === undefined) return 'yes - from any place up to the pause: cutover replay <run> --from STEP --reason "..."';
  const refusal = replayRefusal(context, from, true);
  if (refusal !== null) return `no - ${refusal}`;
  return replayNeedsOverride(context, from)
    ? `no - a failed gate needs a new run (${from}); or, on the record: cutover override <run> --reason "..."`
    : `yes - from ${from}`;
}
