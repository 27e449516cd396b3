import type { RunView } from '../engine/engine.js';
import type { PilotContext } from '../machine/context.js';
import { exceptionText } from '../machine/exceptions.js';
import { CLAIM_LEVEL, claimant } from '../machine/human-gate.js';
import { decidedTooLate } from '../machine/locked.js';
import { levelOf, signaturesOf } from '../machine/signatures.js';
import { nextLines, nextOf } from './next-commands.js';
import type { Pause } from '../machine/pause.js';
import type { CommonOptions } from './command.js';
import { EXIT } from './exit-codes.js';
import { isGateExpired } from './expiry.js';
import type { Io } from './io.js';
import type { Palette } from './palette.js';
import { dayAndTime } from './clock-format.js';
import { changeTicketOf, contextOf, verdictOf, waitingOn } from './run-facts.js';
import { oneLine, table } from './table.js';

/**
 * The result of a command on a run: a card and the next command of each role, with what explains a failure; or one JSON document.
 * Gives the exit code of the run's state.
 */
export async function showResult(view: RunView, options: CommonOptions, io: Io): Promise<number> {
  const { palette } = options;
  if (options.json) io.stdout.write(`${JSON.stringify(runFacts(view))}\n`);
  else if (view.run.status === 'failed') {
    const { explainRun } = await import('./run-explanation.js');
    const { explanationLines } = await import('./explanation-lines.js');
    const explanation = explanationLines(await explainRun(view), palette);
    io.stdout.write(`${[...cardLines(view, palette, { withMessage: false }), '', ...explanation, ''].join('\n')}`);
  } else io.stdout.write(`${[...cardLines(view, palette), ...nextLines(nextOf(view), palette), ''].join('\n')}`);
  io.stderr.write(lateText(view));
  return exitOf(view);
}

/** What whoever decided must know: it is in no locked evidence. Nothing where all is. */
export function lateText(view: RunView): string {
  const late = decidedTooLate(contextOf(view));
  if (late === 0) return '';
  const { runId } = view.run;
  const decisions = late === 1 ? 'The last decision' : `The last ${late} decisions`;
  return `${decisions} came when a part of the evidence beside the archive could be locked already: it is in the history of the database only (cutover history ${runId}), not in the result summary.\n`;
}

/** Source: the runbook: 0 = PASS, 2 = waiting for the human, 1 = all else; 75 when another run has the environment. */
export function exitOf(view: RunView): number {
  const { run } = view;
  // Not the row's word alone: 0 needs the verdict that was published.
  if (run.status === 'completed') return verdictOf(view) === 'PASS' ? EXIT.ok : EXIT.failed;
  if (contextOf(view).failure?.code === 'ENVIRONMENT_HELD') return EXIT.held;
  return run.status === 'waiting' ? EXIT.waiting : EXIT.failed;
}

/** @param withMessage false where the explanation that follows says it. */
export function cardLines(view: RunView, palette: Palette, { withMessage = true } = {}): string[] {
  const { run, look } = view;
  const context = contextOf(view);
  const rows: [string, string][] = [
    ['Run', palette.bold(run.runId)],
    ['State', `${run.state} (${colored(look.kind, look.text, palette)})`],
    ...(context.pause === null ? [] : [['Gate', gateText(context.pause, isGateExpired(view))] as [string, string]]),
    ['Verdict', verdictOf(view) ?? 'none yet'],
    ['Evidence', run.evidenceDir],
    ...ticketRow(context),
    ['Commit', run.gitHead ?? 'not known yet'],
    ['Operator', `${run.operator.user}@${run.operator.host} (${run.operator.level})`],
    ['Seq', String(run.headSeq)],
  ];
  if (view.lease?.holder && run.status === 'active')
    rows.push(['Driver', `${view.lease.holder.user}@${view.lease.holder.host} (pid ${view.lease.holder.pid})`]);
  if (context.claim !== null) rows.push(['Claimed', `by ${oneLine(claimant(context.claim))}, since ${context.claim.at}`]);
  for (const signature of signaturesOf(context)) {
    rows.push(['Signed', oneLine(`${signature.role}: ${signature.signer}, ${signature.date} (${levelOf(signature)})`)]);
  }
  const missing = waitingOn(view);
  if (missing !== null) rows.push(['Waits for', missing]);
  if (context.signOffWithdrawn !== null) rows.push(['Sign-off', `withdrawn: ${oneLine(context.signOffWithdrawn)}`]);
  if (context.failure !== null) {
    const message = withMessage ? context.failure.message.split('\n') : [];
    rows.push(
      ['Failure', palette.red(`${context.failure.step}: ${context.failure.code}`)],
      ...message.map((line): [string, string] => ['', oneLine(line)]),
    );
  }
  for (const exception of context.exceptions) rows.push(['Exception', oneLine(exceptionText(exception))]);
  return table(rows);
}

/** As `--json` shows a run; stable names. */
export function runFacts(view: RunView) {
  const { run, look } = view;
  const context = contextOf(view);
  const { failure, pause, signOff, countersignatures, claim, exceptions, request } = context;
  return {
    run: run.runId,
    status: run.status,
    state: run.state,
    look: look.text,
    verdict: verdictOf(view),
    seq: run.headSeq,
    head: run.headHash,
    service: request.site.service,
    change_ticket: changeTicketOf(context),
    evidence_dir: run.evidenceDir,
    commit: run.gitHead,
    operator: run.operator,
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    waiting_since: run.waitingSince,
    failure,
    pause,
    sign_off: signOff,
    countersignatures,
    waiting_on: waitingOn(view),
    claim: claim && { ...claim, level: CLAIM_LEVEL },
    exceptions,
    next: nextOf(view),
  };
}

function gateText({ enteredAt, expiresAt }: Pause, isExpired: boolean): string {
  const until =
    expiresAt === null ? 'it does not expire' : `it ${isExpired ? 'expired' : 'expires'} at ${dayAndTime(expiresAt)} UTC`;
  return `open since ${dayAndTime(enteredAt)} UTC; ${until}`;
}

function ticketRow(context: PilotContext): [string, string][] {
  const ticket = changeTicketOf(context);
  return ticket === null ? [] : [['Ticket', oneLine(ticket)]];
}

export function colored(kind: RunView['look']['kind'], text: string, palette: Palette): string {
  switch (kind) {
    case 'completed':
      return palette.green(text);
    case 'failed':
    case 'stalled':
      return palette.red(text);
    case 'waiting':
    case 'retrying':
    case 'interrupted':
      return palette.yellow(text);
    case 'running':
      return palette.cyan(text);
    case 'abandoned':
    case 'superseded':
      return palette.dim(text);
  }
}
