import { CHANNEL_VARIABLES, configuredChannels } from '../../config/channels.js';
import type { Identity } from '../../evidence/history-record.js';
import type { MessageRecord } from '../../store/outbox.js';
import { count, flag, type CommandFile, type CommonOptions } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { identityOf } from '../identity.js';
import type { Io, Workspace } from '../io.js';
import { troubles } from '../notify/courier.js';
import { deliverDue, type DeliveryReport } from '../notify/deliver.js';
import { fireDue, type Fired } from '../notify/due.js';
import { sendTestMessages } from '../notify/test-message.js';
import { oneLine, table } from '../table.js';
import { withWorkspace } from '../with-run.js';

export interface NotifyOptions {
  readonly who: Identity;
  /** Seconds between two rounds; null for one round. */
  readonly every: number | null;
  /** Those that were given up, too. */
  readonly again: boolean;
  /** Only a message that tells of no run, to see whether it arrives. */
  readonly test: boolean;
}

/** What is due in waiting runs, and what is not delivered yet: to be called by a timer. */
export const notify: CommandFile<NotifyOptions> = {
  define(command) {
    command
      .option('--every <seconds>', 'go on, with so many seconds between two rounds (default: one round)')
      .option('--test', 'only send a test message to each receiver')
      .option('--again', 'also what was given up, once the receiver is mended');
  },
  examples: [
    'cutover notify',
    'cutover notify --test',
    'cutover notify --every 60',
    'cutover notify --again',
    'cutover notify --json',
  ],
  parse: async (_args, raw, io) => ({
    who: await identityOf(undefined, io),
    every: everyOf(count(raw, 'every') ?? null),
    again: flag(raw, 'again'),
    test: flag(raw, 'test'),
  }),
  async run(options, io) {
    if (options.test) return testChannels(options, io);
    return withWorkspace(options, { mode: 'write', command: 'notify', notify: () => {} }, io, async (workspace) => {
      if (options.again) await workspace.store.reopenMessages(configuredChannels(io.env), io.now().toISOString());
      for (;;) {
        const round = await makeRound(workspace, options.who, io);
        show(round, options, io);
        if (options.every !== null) await io.delay(options.every * 1000);
        // Between two rounds nothing is interrupted: a service is stopped so.
        if (options.every === null || io.signal.aborted) return isClean(round) ? EXIT.ok : EXIT.failed;
      }
    });
  },
};

/** In a day: longer than that nobody is reminded, and no timer of the platform can wait for much more. */
const MOST_SECONDS = 86_400;

function everyOf(seconds: number | null): number | null {
  if (seconds !== null && seconds > MOST_SECONDS)
    throw new UsageError(`--every is ${seconds}: give at most ${MOST_SECONDS} seconds, a day.`);
  return seconds;
}

async function testChannels({ json, palette }: CommonOptions, io: Io): Promise<number> {
  const tested = await sendTestMessages(io);
  if (tested.length === 0) {
    throw new UsageError(`No receiver is set. Set ${Object.values(CHANNEL_VARIABLES).join(' or ')} to its https URL.`);
  }
  const ok = tested.every(({ error }) => error === null);
  if (json) io.stdout.write(`${JSON.stringify({ ok, tested })}\n`);
  else {
    const result = (error: string | null) => (error === null ? palette.green('ok') : palette.red('FAULT'));
    const rows = tested.map(({ channel, error }) => [result(error), channel, oneLine(error ?? 'it took the test message')]);
    io.stdout.write(`${table([['RESULT', 'CHANNEL', 'FOUND'], ...rows]).join('\n')}\n`);
  }
  return ok ? EXIT.ok : EXIT.failed;
}

interface Round extends DeliveryReport {
  readonly fired: readonly Fired[];
  /** All that is still to be delivered, whenever it is due. */
  readonly left: readonly MessageRecord[];
}

async function makeRound(workspace: Workspace, who: Identity, io: Io): Promise<Round> {
  const fired = await fireDue(workspace, who, io);
  const report = await deliverDue(workspace.store, io, io.signal);
  return { fired, ...report, left: await workspace.store.messages({ states: ['pending'] }) };
}

function isClean({ fired, undelivered, faults, left }: Round): boolean {
  return left.length === 0 && undelivered.length === 0 && faults.length === 0 && fired.every(({ error }) => error === null);
}

function show(round: Round, { json, palette }: CommonOptions, io: Io): void {
  const { fired, delivered, undelivered, faults, left } = round;
  if (json) {
    const facts = ({ runId, seq, kind, channel, key, attempts, nextAt }: MessageRecord) => ({
      ...{ run: runId, seq, kind, channel, key, attempts },
      next_at: nextAt,
    });
    const given = undelivered.map(({ message, state, error }) => ({ ...facts(message), state, error }));
    const document = {
      ok: isClean(round),
      fired,
      delivered: delivered.map(facts),
      undelivered: given,
      faults,
      left: left.map(facts),
    };
    io.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const rows = [
    ...fired.map(({ run, kind, due_at, error }) => [
      error === null ? palette.green('DUE') : palette.red('LEFT'),
      run,
      kind,
      oneLine(error ?? `since ${due_at}`),
    ]),
    ...delivered.map(({ runId, kind, channel }) => [palette.green('DELIVERED'), runId, kind, `to ${channel}`]),
  ];
  if (rows.length > 0) io.stdout.write(`${table([['WHAT', 'RUN', 'KIND', 'DETAILS'], ...rows]).join('\n')}\n`);
  for (const line of [...troubles(round), ...unknownChannels(left, io.env)]) io.stderr.write(`${line}\n`);
  if (rows.length === 0 && isClean(round)) io.stdout.write('Nothing is due, and everything is delivered.\n');
  else if (left.length > 0) io.stderr.write(`${left.length} message(s) are still to be delivered.\n`);
}

/** Channels for which something is kept, and of which this environment does not know where they lead. */
function unknownChannels(left: readonly MessageRecord[], env: NodeJS.ProcessEnv): string[] {
  const known: readonly string[] = configuredChannels(env);
  const unknown = new Set(left.map(({ channel }) => channel).filter((channel) => !known.includes(channel)));
  return [...unknown].map((channel) => {
    const variable = CHANNEL_VARIABLES[channel as keyof typeof CHANNEL_VARIABLES];
    return `Nothing is sent to ${channel}: ${variable} is not set here. Set it to the receiver's https URL.`;
  });
}
