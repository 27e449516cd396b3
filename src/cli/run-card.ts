import type { RunView } from '../engine/engine.js';
import { levelOf, signaturesOf } from '../machine/signatures.js';
import { nextCommands, nextLines, type NextCommand, type Position } from './next-commands.js';
import type { CommonOptions } from './command.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import type { Palette } from './palette.js';
import { contextOf, verdictOf, waitingOn } from './run-facts.js';
import { oneLine, table } from './table.js';

/** The result of a command on a run: a card and the next command of each role, or one JSON document. Gives the exit code of the run's state. */
export function showResult(view: RunView, options: CommonOptions, io: Io): number {
  if (options.json) io.stdout.write(`${JSON.stringify(runFacts(view))}\n`);
  else io.stdout.write(`${[...cardLines(view, options.palette), ...nextLines(nextOf(view), options.palette), ''].join('\n')}`);
  return exitOf(view);
}

/** Source: the runbook: 0 = PASS, 2 = waiting for the human, 1 = all else; 75 when another run has the environment. */
export function exitOf(view: RunView): number {
  const { run } = view;
  // Not the row's word alone: 0 needs the verdict that was published.
  if (run.status === 'completed') return verdictOf(view) === 'PASS' ? EXIT.ok : EXIT.failed;
  if (contextOf(view).failure?.code === 'ENVIRONMENT_HELD') return EXIT.held;
  return run.status === 'waiting' ? EXIT.waiting : EXIT.failed;
}

export function nextOf(view: RunView): NextCommand[] {
  return nextCommands(positionOf(view), contextOf(view));
}

export function cardLines(view: RunView, palette: Palette): string[] {
  const { run, look } = view;
  const context = contextOf(view);
  const rows: [string, string][] = [
    ['Run', palette.bold(run.runId)],
    ['State', `${run.state} (${colored(look.kind, look.text, palette)})`],
    ['Verdict', verdictOf(view) ?? 'none yet'],
    ['Evidence', run.evidenceDir],
    ['Commit', run.gitHead ?? 'not known yet'],
    ['Operator', `${run.operator.user}@${run.operator.host} (${run.operator.level})`],
    ['Seq', String(run.headSeq)],
  ];
  if (view.lease?.holder && run.status === 'active')
    rows.push(['Driver', `${view.lease.holder.user}@${view.lease.holder.host} (pid ${view.lease.holder.pid})`]);
  for (const signature of signaturesOf(context)) {
    rows.push(['Signed', oneLine(`${signature.role}: ${signature.signer}, ${signature.date} (${levelOf(signature)})`)]);
  }
  const missing = waitingOn(view);
  if (missing !== null) rows.push(['Waits for', missing]);
  if (context.signOffWithdrawn !== null) rows.push(['Sign-off', `withdrawn: ${oneLine(context.signOffWithdrawn)}`]);
  if (context.failure !== null) {
    rows.push(
      ['Failure', palette.red(`${context.failure.step}: ${context.failure.code}`)],
      ...context.failure.message.split('\n').map((line): [string, string] => ['', oneLine(line)]),
    );
  }
  for (const { at, by, what, reason } of context.exceptions) rows.push(['Exception', oneLine(`${at} ${by}: ${what}: ${reason}`)]);
  return table(rows);
}

/** As `--json` shows a run; stable names. */
export function runFacts(view: RunView) {
  const { run, look } = view;
  const { failure, signOff, countersignatures, exceptions } = contextOf(view);
  return {
    run: run.runId,
    status: run.status,
    state: run.state,
    look: look.text,
    verdict: verdictOf(view),
    seq: run.headSeq,
    head: run.headHash,
    evidence_dir: run.evidenceDir,
    commit: run.gitHead,
    operator: run.operator,
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    failure,
    sign_off: signOff,
    countersignatures,
    waiting_on: waitingOn(view),
    exceptions,
    next: nextOf(view),
  };
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

function positionOf(view: RunView): Position {
  const { run, look } = view;
  const driven = ['running', 'retrying', 'stalled'].includes(look.kind);
  return { runId: run.runId, status: run.status, state: run.state, driven, evidenceDir: contextOf(view).evidenceDir };
}
