import { attemptLogName } from '../../evidence/layout.js';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { isStep, STEP_NAMES, STEPS } from '../../machine/steps.js';
import type { AttemptRecord } from '../../store/store.js';
import { count, flag, type CommandFile, type CommonOptions } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { followFile } from '../follow-file.js';
import { logFileOf } from '../log-file.js';
import type { Io } from '../io.js';
import { resolveRun } from '../resolve-run.js';
import { lastLines } from '../last-lines.js';
import { defineRun } from '../run-argument.js';
import { reading } from '../with-run.js';

export interface LogsOptions {
  readonly run: string;
  readonly step: string | null;
  readonly attempt: number | null;
  readonly failed: boolean;
  readonly follow: boolean;
  readonly tail: number | null;
}

/** What an attempt wrote into the evidence; by default the last attempt that wrote anything. */
export const logs: CommandFile<LogsOptions> = {
  define(command) {
    defineRun(command, 'optional');
    command
      .argument('[step]', 'the step (default: the last one that wrote a log)')
      .option('--attempt <number>', 'this attempt of the step (default: the last one)')
      .option('--failed', 'the last attempt that failed')
      .option('--follow', 'go on while the attempt runs')
      .option('--tail <lines>', 'only the last lines');
  },
  examples: [
    'cutover logs',
    'cutover logs latest runningRcGates --tail 50',
    'cutover logs latest --failed',
    'cutover logs latest --follow',
    'cutover logs latest runningRcGates --attempt 1',
  ],
  parse([run, step], raw) {
    if (step !== undefined && !isStep(step))
      throw new UsageError(`There is no step ${JSON.stringify(step)}. The steps: ${STEP_NAMES.join(', ')}.`);
    return {
      run: run ?? 'latest',
      step: step ?? null,
      attempt: count(raw, 'attempt') ?? null,
      failed: flag(raw, 'failed'),
      follow: flag(raw, 'follow'),
      tail: count(raw, 'tail') ?? null,
    };
  },
  async run(options, io) {
    return reading(options, 'logs', io, async (workspace) => {
      const runId = await resolveRun(workspace, options.run);
      const run = await workspace.store.getRun(runId);
      if (run === null) throw new UsageError(`There is no run ${runId}.`);
      const attempts = await workspace.store.attempts(runId);
      const chosen = choose(attempts, options, runId);
      const evidence = workspace.openEvidence(run);
      const file = await fileOf(chosen, attempts, evidence);
      io.stderr.write(`${chosen.step} attempt ${chosen.attempt} (${chosen.status}): ${run.evidenceDir}/${file}\n`);
      if (options.follow) {
        const runs = async () =>
          (await workspace.store.attempts(runId, chosen.step)).some(
            ({ attemptId, status }) => attemptId === chosen.attemptId && status === 'running',
          );
        await followFile(
          evidence,
          file,
          { goesOn: runs, tail: options.tail, write: (text) => writeFollowed(text, options, io) },
          io,
        );
        return EXIT.ok;
      }
      await writeWhole(evidence, file, chosen, options, io);
      return EXIT.ok;
    });
  },
};

function choose(attempts: readonly AttemptRecord[], { step, attempt, failed }: LogsOptions, runId: string): AttemptRecord {
  const found = attempts.findLast(
    (candidate) =>
      (step === null ? candidate.logFile !== null || failed : candidate.step === step) &&
      (attempt === null || candidate.attempt === attempt) &&
      (!failed || candidate.status === 'failed'),
  );
  if (found !== undefined) return found;
  const wanted = [step ?? 'any step', attempt === null ? '' : `attempt ${attempt}`, failed ? 'that failed' : ''].filter(
    (word) => word !== '',
  );
  throw new UsageError(`Run ${runId} has no attempt of ${wanted.join(' ')}. See which there are: cutover status ${runId}`);
}

/** The log of an earlier attempt is kept under another name; the last one has the runbook's. */
async function fileOf(chosen: AttemptRecord, attempts: readonly AttemptRecord[], evidence: EvidenceDir): Promise<string> {
  const name = chosen.logFile ?? (isStep(chosen.step) ? STEPS[chosen.step].evidence : null);
  if (name === null)
    throw new UsageError(`${chosen.step} writes no log. Its result: cutover history ${chosen.runId} --step ${chosen.step}`);
  const file = await logFileOf(name, chosen, attempts, evidence);
  if (file !== null) return file;
  throw new UsageError(
    `${chosen.step} attempt ${chosen.attempt} left no log: neither ${attemptLogName(name, chosen.attempt)} nor ${name} is of it. Its error: cutover history ${chosen.runId} --failed`,
  );
}

function writeFollowed(text: string, { json }: CommonOptions, io: Io): void {
  if (!json) io.stdout.write(text);
  else
    for (const line of text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined))
      io.stdout.write(`${JSON.stringify({ line })}\n`);
}

async function writeWhole(
  evidence: EvidenceDir,
  file: string,
  { runId, step, attempt, status }: AttemptRecord,
  { json, tail }: LogsOptions & CommonOptions,
  io: Io,
): Promise<void> {
  if (!json && tail === null) {
    for await (const chunk of evidence.stream(file) as AsyncIterable<Buffer>) io.stdout.write(chunk.toString('utf8'));
    return;
  }
  const text = await lastLines(evidence, file, tail);
  if (json) io.stdout.write(`${JSON.stringify({ run: runId, step, attempt, status, file, text })}\n`);
  else io.stdout.write(text);
}
