import type { HistoryRecord } from '../../evidence/history-record.js';
import { dayAndTime } from '../clock-format.js';
import { count, flag, text, type CommandFile, type CommonOptions } from '../command.js';
import { eventWords } from '../event-words.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { resolveRun } from '../resolve-run.js';
import { defineRun } from '../run-argument.js';
import { table } from '../table.js';
import { reading } from '../with-run.js';

export interface HistoryOptions {
  readonly run: string;
  readonly failed: boolean;
  readonly step: string | null;
  /** A part of the user's name. */
  readonly actor: string | null;
  /** The snapshot at this transition instead of the list. */
  readonly at: number | null;
}

/** Every transition of a run; as JSON, the very records that are chained. */
export const history: CommandFile<HistoryOptions> = {
  define(command) {
    defineRun(command, 'optional');
    command
      .option('--failed', 'only failed attempts and rejections')
      .option('--step <step>', 'only what entered, left or happened in this state')
      .option('--actor <name>', 'only what was done by whose name holds this')
      .option('--at <seq>', 'the snapshot of the run at this transition');
  },
  examples: [
    'cutover history',
    'cutover history latest --failed',
    'cutover history latest --step sealing.uploading',
    'cutover history latest --at 7',
    'cutover history latest --json | head -1',
  ],
  parse: ([run], raw) => ({
    run: run ?? 'latest',
    failed: flag(raw, 'failed'),
    step: text(raw, 'step') ?? null,
    actor: text(raw, 'actor') ?? null,
    at: count(raw, 'at') ?? null,
  }),
  async run(options, io) {
    return reading(options, 'history', io, async (workspace) => {
      const runId = await resolveRun(workspace, options.run);
      if (options.at !== null) {
        for await (const record of workspace.store.history(runId, { after: options.at - 1, upTo: options.at }))
          return showAt(record, options, io);
        throw new UsageError(`--at is ${options.at}: run ${runId} has no such transition. See: cutover history ${runId}`);
      }
      const rows: string[][] = [];
      for await (const record of workspace.store.history(runId)) {
        if (!matches(record, options)) continue;
        if (options.json) io.stdout.write(`${JSON.stringify(record)}\n`);
        else rows.push(row(record));
      }
      if (!options.json) io.stdout.write(`${table([HEADER, ...rows]).join('\n')}\n`);
      return EXIT.ok;
    });
  },
};

const HEADER = ['SEQ', 'TIME(UTC)', 'EVENT', 'FROM -> TO', 'ATT', 'ACTOR', 'DETAILS'];

function row(record: HistoryRecord): string[] {
  const { seq, at, from, to, who, event } = record;
  const words = eventWords(record);
  return [
    String(seq),
    dayAndTime(at),
    words.event,
    from === to ? to : `${from ?? '-'} -> ${to}`,
    typeof event['attempt'] === 'number' ? String(event['attempt']) : '-',
    `${who.user}(${who.level})`,
    words.text,
  ];
}

function matches(record: HistoryRecord, { failed, step, actor }: HistoryOptions): boolean {
  const isFailure = eventWords(record).kind === 'failed' || record.event.type === 'VERIFICATION_REJECTED';
  if (failed && !isFailure) return false;
  if (step !== null && record.from !== step && record.to !== step) return false;
  return actor === null || record.who.user.includes(actor);
}

function showAt(record: HistoryRecord, { json }: CommonOptions, io: Io): number {
  const { snapshot, ...rest } = record;
  if (json) io.stdout.write(`${JSON.stringify({ ...rest, snapshot })}\n`);
  else
    io.stdout.write(`${table([HEADER, row(record)]).join('\n')}\nhash ${record.hash}\n\n${JSON.stringify(snapshot, null, 2)}\n`);
  return EXIT.ok;
}
