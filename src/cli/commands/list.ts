import { age } from '../../engine/run-look.js';
import type { RunView } from '../../engine/engine.js';
import { RUN_ID } from '../../evidence/layout.js';
import { named } from '../../evidence/person.js';
import { claimant } from '../../machine/human-gate.js';
import type { RunStatus } from '../../store/store.js';
import { dayAndTime } from '../clock-format.js';
import { count, flag, oneOf, text, type CommandFile } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { isGateExpired } from '../expiry.js';
import { colored, runFacts } from '../run-card.js';
import { contextOf, waitingOn } from '../run-facts.js';
import { oneLine, table } from '../table.js';
import { reading } from '../with-run.js';

export interface ListOptions {
  readonly status: readonly RunStatus[] | null;
  readonly output: 'table' | 'name' | 'json';
  readonly limit: number;
  /** Only runs older than this one. */
  readonly before: string | null;
}

/** The runs, newest first. */
export const list: CommandFile<ListOptions> = {
  define(command) {
    command
      .option('--waiting', 'only those that wait for a human')
      .option('--failed', 'only those that failed')
      .option('-n, --limit <number>', 'at most so many (default: 20)')
      .option('--before <run>', 'only those older than this run: the next page')
      .option('-o, --output <form>', 'table, name or json');
  },
  examples: [
    'cutover list',
    'cutover list --waiting',
    'cutover list -o name',
    'cutover list --failed --json',
    'cutover list --before 20260301T080000Z',
  ],
  parse(_args, raw) {
    const status: RunStatus[] = [];
    if (flag(raw, 'waiting')) status.push('waiting');
    if (flag(raw, 'failed')) status.push('failed');
    const output = oneOf(text(raw, 'output') ?? (flag(raw, 'json') ? 'json' : 'table'), ['table', 'name', 'json'], '--output');
    return {
      status: status.length === 0 ? null : status,
      output,
      limit: count(raw, 'limit') ?? 20,
      before: runIdIn(text(raw, 'before')),
    };
  },
  async run(options, io) {
    const { status, limit, before, output, palette } = options;
    const views = await reading(options, 'list', io, ({ engine }) =>
      engine.list({ ...(status === null ? {} : { status }), ...(before === null ? {} : { before }), limit }),
    );
    switch (output) {
      case 'json':
        io.stdout.write(`${JSON.stringify({ runs: views.map(runFacts) })}\n`);
        break;
      case 'name':
        io.stdout.write(views.map(({ run }) => `${run.runId}\n`).join(''));
        break;
      case 'table': {
        const header = ['RUN', 'STATUS', 'STEP', 'ATT', 'AGE', 'WAITING-ON', 'COMMIT', 'OPERATOR'];
        const rows = views.map((view) => row(view, io.now(), palette));
        if (rows.length === 0)
          io.stderr.write(before === null ? 'No run. Begin one with: cutover start\n' : `No run before ${before}.\n`);
        else io.stdout.write(`${table([header, ...rows]).join('\n')}\n`);
      }
    }
    return EXIT.ok;
  },
};

/** Throws `UsageError`: by anything else the order of the runs says nothing. */
function runIdIn(before: string | undefined): string | null {
  if (before === undefined) return null;
  if (!RUN_ID.test(before)) {
    throw new UsageError(`--before is ${JSON.stringify(before)}: give a run's whole id, as of the last line: YYYYMMDDTHHMMSSZ.`);
  }
  return before;
}

function row(view: RunView, now: Date, palette: Parameters<typeof colored>[2]): string[] {
  const { run, look, attempts } = view;
  const last = attempts.at(-1);
  return [
    run.runId,
    colored(look.kind, look.text, palette),
    contextOf(view).failure?.step ?? run.state,
    last === undefined ? '-' : String(last.attempt),
    age(run.createdAt, now),
    waitingText(view),
    run.gitHead?.slice(0, 12) ?? '-',
    named(run.operator),
  ];
}

/** Who is waited for, who has taken it upon himself, and for how long. */
function waitingText(view: RunView): string {
  const roles = waitingOn(view);
  if (roles === null) return '-';
  const { claim, pause } = contextOf(view);
  const who = `${roles}${claim === null ? '' : `, claimed by ${oneLine(claimant(claim))}`}`;
  if (isGateExpired(view)) return `${who} (expired)`;
  const expiresAt = pause?.expiresAt ?? null;
  return expiresAt === null ? who : `${who} until ${dayAndTime(expiresAt)}`;
}
