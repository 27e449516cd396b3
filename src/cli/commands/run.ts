import { resolve } from 'node:path';
import { EVIDENCE } from '../../evidence/layout.js';
import type { EngineNotice, RunView } from '../../engine/engine.js';
import { beginRun, defineBegin, parseBegin, type BeginOptions } from '../begin-run.js';
import { flag, text, type CommandFile, type CommonOptions } from '../command.js';
import { UsageError } from '../errors.js';
import { explanationLines } from '../explanation-lines.js';
import { endedText, goOn, isEnded } from '../go-on.js';
import type { Io, Workspace } from '../io.js';
import { nextLines } from '../next-commands.js';
import { withCourier } from '../notify/courier.js';
import { createProgress } from '../progress.js';
import { defineDrift, defineWho } from '../run-argument.js';
import { exitOf, lateText, runFacts } from '../run-card.js';
import { explainRun } from '../run-explanation.js';
import { contextOf, isSealedAsFailed } from '../run-facts.js';
import { pauseBox, runbookLines, sealingLines, sealOnlyLine } from '../runbook-lines.js';
import { onRun } from '../with-run.js';

export interface RunOptions extends BeginOptions {
  /** The evidence directory of the run that is to be sealed, as given; null for a new run. */
  readonly sealOnly: string | null;
  readonly acceptDrift: string | null;
}

/** Would say something else than what is frozen, and be heard by nobody. */
const FOR_A_NEW_RUN: Readonly<Record<string, string>> = {
  config: '--config',
  policy: '--policy',
  evidenceRoot: '--evidence-root',
  contextOk: '--context-ok',
  commitsOk: '--commits-ok',
  again: '--again',
  tsa: '--tsa',
  ticket: '--ticket',
};

/** The runbook's own form: its two runs, its lines on stdout, its exit codes. */
export const run: CommandFile<RunOptions> = {
  define(command) {
    command.option('--seal-only', 'run 2: seal the run whose directory is $EVIDENCE_DIR');
    defineBegin(command);
    defineWho(command);
    defineDrift(command);
  },
  examples: ['cutover run', 'EVIDENCE_DIR=dpp/evidence/phase6_4_cutover/20260221T120000Z cutover run --seal-only'],
  async parse(_args, raw, io) {
    const sealOnly = flag(raw, 'sealOnly');
    const directory = io.env['EVIDENCE_DIR'];
    const given = sealOnly ? Object.keys(FOR_A_NEW_RUN).find((option) => raw[option] !== undefined) : undefined;
    if (given !== undefined) {
      throw new UsageError(
        `${FOR_A_NEW_RUN[given]} is for a new run: what counts for the one that is sealed was frozen at its start.`,
      );
    }
    if (sealOnly && !directory) {
      throw new UsageError(
        'EVIDENCE_DIR is not set. Give the directory of the run: EVIDENCE_DIR=dpp/evidence/phase6_4_cutover/<run> cutover run --seal-only',
      );
    }
    return {
      ...(await parseBegin(raw, io)),
      sealOnly: sealOnly ? (directory ?? null) : null,
      acceptDrift: text(raw, 'acceptDrift') ?? null,
    };
  },
  async run(options, io) {
    const progress = createProgress(io, { ...options, transitions: false });
    const print = (lines: readonly string[]) => {
      if (options.json || lines.length === 0) return;
      progress.aside(() => void io.stdout.write(`${lines.join('\n')}\n`));
    };
    const notify = (notice: EngineNotice) => {
      // First the live lines of the step go, then its own lines come.
      progress.notify(notice);
      if (notice.type === 'transition') print(runbookLines(notice.record));
    };
    try {
      const mode = options.sealOnly === null ? 'create' : 'write';
      return await withCourier(options, { mode, command: 'run', notify }, io, async (workspace) => {
        const view =
          options.sealOnly === null
            ? await beginRun(workspace, options, io)
            : await sealOnly(workspace, options, options.sealOnly, io, print);
        progress.close();
        return showEnd(workspace, view, options, io, print);
      });
    } finally {
      progress.close();
    }
  },
};

async function sealOnly(
  workspace: Workspace,
  options: RunOptions & CommonOptions,
  given: string,
  io: Io,
  print: (lines: readonly string[]) => void,
): Promise<RunView> {
  const directory = resolve(io.cwd, given);
  const found = (await workspace.store.listRuns()).find(({ evidenceDir }) => evidenceDir === directory);
  if (found === undefined) {
    throw new UsageError(
      `EVIDENCE_DIR is ${JSON.stringify(given)}: no run in the database ${options.db} has that directory. ` +
        'See which there are: cutover list; look in another one: --db FILE',
    );
  }
  const { runId } = found;
  return onRun(workspace, runId, async () => {
    const before = await workspace.engine.inspect(runId);
    if (isEnded(before)) {
      io.stderr.write(`${endedText(before)}\n`);
      return before;
    }
    print([sealOnlyLine(contextOf(before).evidenceDir)]);
    const { status, state } = before.run;
    const isDue = before.attempts.every((attempt) => attempt.status !== 'running');
    if (status === 'active' && state.startsWith('sealing.') && isDue) print(sealingLines(contextOf(before), io.now()));
    return goOn(workspace, runId, { ...options, retriesSealing: true }, io);
  });
}

async function showEnd(
  workspace: Workspace,
  view: RunView,
  options: RunOptions & CommonOptions,
  io: Io,
  print: (lines: readonly string[]) => void,
): Promise<number> {
  const { run } = view;
  if (options.json) io.stdout.write(`${JSON.stringify(runFacts(view))}\n`);
  else if (run.status === 'waiting') print(['', ...pauseBox(contextOf(view))]);
  else if (run.status === 'completed' || isSealedAsFailed(view)) {
    const summary = await workspace.openEvidence(run).read(EVIDENCE.summary);
    io.stdout.write(`\n${summary.toString('utf8')}`);
  }
  const explanation = await explainRun(view);
  const lines =
    run.status === 'failed'
      ? explanationLines(explanation, options.stderrPalette)
      : nextLines(explanation.next, options.stderrPalette);
  io.stderr.write(`${lines.join('\n')}\n${lateText(view)}`);
  return exitOf(view);
}
