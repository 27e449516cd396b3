import type { RunView } from '../../engine/engine.js';
import { replayNeedsOverride, replayRefusal } from '../../machine/replay.js';
import { PLACES, STEPS, type Place } from '../../machine/steps.js';
import { flag, oneOf, requiredText, text, type CommandFile, type CommonOptions } from '../command.js';
import { deciding } from '../drive.js';
import { lookForDrift } from '../drift.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { permitted } from '../permission.js';
import { replayPlan, type ReplayPlan } from '../replay-plan.js';
import { resolveRun } from '../resolve-run.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { contextOf, isSealedAsFailed } from '../run-facts.js';
import { table } from '../table.js';
import { onRun, reading } from '../with-run.js';

export interface ReplayOptions extends DecisionOptions {
  /** Null for a dry run, which needs none. */
  readonly reason: string | null;
  /** Null: the step that failed. */
  readonly from: Place | null;
  readonly override: boolean;
  /** Only a failed gate is meant (`cutover override`). */
  readonly gateOnly: boolean;
  readonly dryRun: boolean;
}

/** A supervisor's decision: the failed step again, or everything from an earlier place on. */
export const replay: CommandFile<ReplayOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command
      .option('--reason <text>', 'why (on the record; in the result summary, too, until a part of that may be locked)')
      .option('--from <step>', `the place to go back to: ${PLACES.join(', ')} (default: the step that failed)`)
      .option('--override', 'judge a failed gate again in this run, although the runbook wants a new one')
      .option('--dry-run', 'show what would run and what would be forgotten; change nothing');
    defineDrift(command);
  },
  examples: [
    'cutover replay latest --dry-run',
    'cutover replay latest --reason "runner lost its network"  --override',
    'cutover replay latest --from drillingAppRollback --reason "drill was disturbed by a deploy"',
  ],
  async parse(args, raw, io) {
    const dryRun = flag(raw, 'dryRun');
    const from = text(raw, 'from');
    return {
      ...(await parseDecision(args, raw, io)),
      reason: dryRun ? (text(raw, 'reason') ?? null) : requiredText(raw, 'reason', 'a replay is on the record: say why.'),
      from: from === undefined ? null : oneOf(from, PLACES, '--from'),
      override: flag(raw, 'override'),
      gateOnly: false,
      dryRun,
    };
  },
  async run(options, io) {
    if (options.dryRun) return showPlan(options, io);
    const view = await deciding(options, 'replay', io, (workspace, runId) =>
      workspace.engine.resume(runId, options.who, async (now) => {
        const { reason, override } = options;
        const request = permitted(now, options.who, { type: 'REPLAY_REQUESTED', from: placeOf(now, options), reason, override });
        const { who, drift } = await lookForDrift(now, { ...options, purpose: 'drive' }, workspace, io);
        return { who, events: [...drift, permitted(now, who, request)] };
      }),
    );
    return showResult(view, options, io);
  },
};

/** Where the replay begins. Throws `RunStateError` with the reason where it may not. */
function placeOf(view: RunView, options: ReplayOptions): Place {
  const { runId, status, state } = view.run;
  const context = contextOf(view);
  const refuse = (why: string) => new RunStateError('REPLAY_REFUSED', `Run ${runId} cannot be replayed: ${why}.`, runId);
  if ((status !== 'failed' && status !== 'waiting') || isSealedAsFailed(view))
    throw refuse(`it is in ${state}; only a failed or waiting run can`);
  const from = options.from ?? context.failure?.step;
  if (from === undefined) throw refuse('nothing failed; say from where with --from');
  if (options.gateOnly && !replayNeedsOverride(context, from))
    throw refuse(`${from} is no gate, so there is nothing to override: cutover replay ${runId} --reason "..."`);
  const refusal = replayRefusal(context, from, options.override);
  if (refusal !== null) throw refuse(refusal);
  return from;
}

async function showPlan(options: ReplayOptions & CommonOptions, io: Io): Promise<number> {
  return reading(options, 'replay', io, async (workspace) => {
    const runId = await resolveRun(workspace, options.run);
    return onRun(workspace, runId, async () => {
      const view = await workspace.engine.inspect(runId);
      const from = placeOf(view, options);
      const plan = replayPlan(view, from);
      io.stdout.write(options.json ? `${JSON.stringify(asDocument(runId, from, plan))}\n` : asText(from, plan));
      return EXIT.ok;
    });
  });
}

function asDocument(run: string, from: Place, { places, isSignOffWithdrawn }: ReplayPlan) {
  return {
    run,
    from,
    would_run: places.map(({ place }) => place),
    would_forget: places.filter(({ isForgotten }) => isForgotten).map(({ place }) => place),
    would_keep: places.flatMap(({ kept }) => kept ?? []),
    sign_off_withdrawn: isSignOffWithdrawn,
  };
}

function asText(from: Place, { places, isSignOffWithdrawn }: ReplayPlan): string {
  const rows = places.map(({ place, isForgotten, kept }) => [
    `  ${place}`,
    place === 'awaitingDbVerification' ? 'human pause' : STEPS[place].label,
    [...(isForgotten ? ['its result is forgotten'] : []), ...(kept === null ? [] : [`${kept.file} is kept as ${kept.as}`])].join(
      '; ',
    ),
  ]);
  const signOff = isSignOffWithdrawn ? ['  The sign-off would be withdrawn.'] : [];
  return `${[`Would run again, from ${from} on:`, ...table(rows), ...signOff, '', 'Nothing was changed.'].join('\n')}\n`;
}
