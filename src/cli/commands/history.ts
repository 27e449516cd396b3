import { Option } from 'commander';
import type { HistoryRecord } from '../../evidence/history-record.js';
import { describePerson } from '../../evidence/person.js';
import type { Store } from '../../store/store.js';
import { dayAndTime } from '../clock-format.js';
import { count, flag, text, type CommandFile, type CommonOptions } from '../command.js';
import { eventWords } from '../event-words.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { jsonDifferences } from '../json-difference.js';
import { resolveRun } from '../resolve-run.js';
import { defineRun } from '../run-argument.js';
import { oneLine, table, truncate } from '../table.js';
import { reading } from '../with-run.js';

export interface HistoryOptions {
  readonly run: string;
  readonly failed: boolean;
  readonly step: string | null;
  /** A part of the user's name. */
  readonly actor: string | null;
  /** Only transitions after this one. */
  readonly after: number | null;
  /** At most so many. */
  readonly limit: number | null;
  /** The snapshot at this transition instead of the list. */
  readonly at: number | null;
  /** What changed between the snapshots of two transitions instead of the list. */
  readonly diff: readonly [number, number] | null;
}

/** Every transition of a run; as JSON, the very records that are chained. */
export const history: CommandFile<HistoryOptions> = {
  define(command) {
    defineRun(command, 'optional');
    command
      .option('--failed', 'only failed attempts and rejections')
      .option('--step <step>', 'only what entered, left or happened in this state')
      .option('--actor <name>', 'only what was done by whose name holds this')
      .option('--after <seq>', 'only what came after this transition')
      .option('-n, --limit <number>', 'at most so many (default: all)')
      .addOption(new Option('--at <seq>', 'the snapshot of the run at this transition').conflicts(['after', 'limit']))
      .addOption(
        new Option('--diff <seqs...>', 'what changed in the snapshot between two transitions: --diff A B').conflicts([
          'at',
          'after',
          'limit',
        ]),
      );
  },
  examples: [
    'cutover history',
    'cutover history latest --failed',
    'cutover history latest --step sealing.uploading',
    'cutover history latest --after 20 --limit 10',
    'cutover history latest --at 7',
    'cutover history latest --diff 7 9',
    'cutover history latest --json | head -1',
  ],
  parse: ([run], raw) => ({
    run: run ?? 'latest',
    failed: flag(raw, 'failed'),
    step: text(raw, 'step') ?? null,
    actor: text(raw, 'actor') ?? null,
    after: count(raw, 'after') ?? null,
    limit: count(raw, 'limit') ?? null,
    at: count(raw, 'at') ?? null,
    diff: twoTransitions(raw['diff']),
  }),
  async run(options, io) {
    return reading(options, 'history', io, async (workspace) => {
      const runId = await resolveRun(workspace, options.run);
      const { at, diff } = options;
      if (at !== null) return showAt(await transitionOf(workspace.store, runId, at), options, io);
      if (diff !== null) {
        const [before, after] = [
          await transitionOf(workspace.store, runId, diff[0]),
          await transitionOf(workspace.store, runId, diff[1]),
        ];
        return showDifferences(before, after, options, io);
      }
      const rows: string[][] = [];
      for await (const record of chosen(workspace.store, runId, options)) {
        if (options.json) io.stdout.write(`${JSON.stringify(record)}\n`);
        else rows.push(row(record));
      }
      if (!options.json) io.stdout.write(`${table([HEADER, ...rows]).join('\n')}\n`);
      return EXIT.ok;
    });
  },
};

/** What is asked for, up to the limit; no more is read than that takes. */
async function* chosen(store: Pick<Store, 'history'>, runId: string, options: HistoryOptions): AsyncIterable<HistoryRecord> {
  const { after, failed, step, actor } = options;
  const isFiltered = failed || step !== null || actor !== null;
  let left = options.limit ?? Infinity;
  const range = { ...(after === null ? {} : { after }), ...(isFiltered || left === Infinity ? {} : { limit: left }) };
  for await (const record of store.history(runId, range)) {
    if (!matches(record, options)) continue;
    yield record;
    left -= 1;
    if (left === 0) return;
  }
}

/** Throws `UsageError` for anything but two whole numbers. */
function twoTransitions(given: unknown): readonly [number, number] | null {
  if (given === undefined) return null;
  const words = given as readonly string[];
  const [a, b] = words.map(Number);
  if (words.length !== 2 || a === undefined || b === undefined || !words.every((word) => /^[1-9]\d{0,14}$/.test(word))) {
    throw new UsageError(
      `--diff is ${JSON.stringify(words.join(' '))}: give two transitions, and the run before it: cutover history <run> --diff 7 9`,
    );
  }
  return [a, b];
}

async function transitionOf(store: Pick<Store, 'history'>, runId: string, seq: number): Promise<HistoryRecord> {
  for await (const record of store.history(runId, { after: seq - 1, upTo: seq })) return record;
  throw new UsageError(`Run ${runId} has no transition ${seq}. See: cutover history ${runId}`);
}

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
    io.stdout.write(
      `${table([HEADER, row(record)]).join('\n')}\nwho  ${oneLine(describePerson(record.who))}\nhash ${record.hash}\n\n${JSON.stringify(snapshot, null, 2)}\n`,
    );
  return EXIT.ok;
}

const MAX_COLUMNS = 60;

function showDifferences(before: HistoryRecord, after: HistoryRecord, { json }: CommonOptions, io: Io): number {
  const changes = jsonDifferences(before.snapshot, after.snapshot);
  if (json) {
    io.stdout.write(`${JSON.stringify({ run: before.run_id, from: before.seq, to: after.seq, changes })}\n`);
    return EXIT.ok;
  }
  const head = ['PATH', `AT ${before.seq}`, `AT ${after.seq}`];
  const rows = changes.map((change) => [change.path, shown(change.before), shown(change.after)]);
  io.stdout.write(rows.length === 0 ? 'No difference.\n' : `${table([head, ...rows]).join('\n')}\n`);
  return EXIT.ok;
}

function shown(value: unknown): string {
  return value === undefined ? '(none)' : truncate(oneLine(JSON.stringify(value)), MAX_COLUMNS);
}
