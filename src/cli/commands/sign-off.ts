import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { attemptLogName, EVIDENCE } from '../../evidence/layout.js';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import type { RunEvent } from '../../engine/definition.js';
import type { Prepare, RunView } from '../../engine/engine.js';
import { flag, requiredText, text, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { driftEvents } from '../drift.js';
import { beforeExpiry } from '../expiry.js';
import { RunStateError, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { goOn } from '../go-on.js';
import type { Io, Workspace } from '../io.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { passGate } from '../sign-off-gate.js';

export interface SignOffOptions extends DecisionOptions {
  /** The completed form, absolute; null: the one in the evidence directory. */
  readonly file: string | null;
  /** Why the restore failed; null for a sign-off. */
  readonly rejectedBecause: string | null;
  readonly andResume: boolean;
  /** Someone at the terminal is to type the run's id. */
  readonly confirm: boolean;
}

/** The human gate, on purpose. It commits and does not drive on: that is the operator's part, unless `--and-resume` says so. */
export const signOff: CommandFile<SignOffOptions> = {
  define(command) {
    defineRun(command, 'required');
    defineWho(command);
    command
      .option('--file <file>', 'a completed checkpoint: copied into the evidence, the earlier one is kept')
      .option('--reject', 'the restore failed (with --reason)')
      .option('--reason <text>', 'why it is rejected')
      .option('--and-resume', 'go on with the sealing at once')
      .option('--yes', 'do not ask to type the run id');
    defineDrift(command);
  },
  examples: [
    'cutover sign-off latest',
    'cutover sign-off 20260221T120000Z --as verifier@example.com --file ~/checkpoint.txt',
    'cutover sign-off latest --reject --reason "the restore stopped at 80 %"',
  ],
  parse(args, raw, io) {
    const reject = flag(raw, 'reject');
    const file = text(raw, 'file');
    if (reject && file !== undefined) throw new UsageError('--reject and --file exclude each other: a rejection needs no form.');
    if (!reject && text(raw, 'reason') !== undefined)
      throw new UsageError('--reason belongs to --reject: a sign-off says it all in the form.');
    if (io.prompt === null && text(raw, 'as') === undefined) {
      throw new UsageError('--as is missing: without a terminal nobody can be asked who signs. Give --as NAME.');
    }
    return {
      ...parseDecision(args, raw, io),
      file: file === undefined ? null : resolve(io.cwd, file),
      rejectedBecause: reject ? requiredText(raw, 'reason', 'say why the restore is rejected.') : null,
      andResume: flag(raw, 'andResume'),
      confirm: !flag(raw, 'yes'),
    };
  },
  async run(options, io) {
    const form = options.file === null ? null : await readCompleted(options.file);
    const view = await deciding(options, 'sign-off', io, async (workspace, runId) => {
      const decide = async () => {
        requireWaiting(await workspace.engine.inspect(runId));
        await confirm(runId, options, io);
        return workspace.engine.send(runId, options.who, deciders(options, form, workspace, io));
      };
      // That the restore failed can be said at any time: it opens nothing.
      const isRejected = options.rejectedBecause !== null;
      const signed = await (isRejected ? decide() : beforeExpiry(workspace, runId, options.who, io, decide));
      if (!options.andResume || isRejected) return signed;
      return goOn(workspace, runId, { ...options, retriesSealing: false }, io);
    });
    const exit = await showResult(view, options, io);
    return options.andResume ? exit : EXIT.ok;
  },
};

async function readCompleted(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(
      `--file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}): give the completed checkpoint. Nothing was signed.`,
      { cause: error },
    );
  }
}

function deciders(options: SignOffOptions, form: Buffer | null, workspace: Workspace, io: Io): Prepare {
  return async (view, evidence) => {
    requireWaiting(view);
    const { rejectedBecause, who } = options;
    if (rejectedBecause !== null) return [{ type: 'VERIFICATION_REJECTED', reason: rejectedBecause, by: who.user }];
    const events: RunEvent[] = await driftEvents(view, options.acceptDrift, workspace, io);
    const gate = { now: io.now(), known: workspace.knownSecrets, onPurpose: true, ...(form === null ? {} : { form }) };
    events.push(await passGate(view, evidence, gate));
    if (form !== null) await replaceForm(evidence, form);
    return events;
  };
}

/** The earlier form is kept under the name of an earlier attempt. Only a form that passed the gate comes here. */
async function replaceForm(evidence: EvidenceDir, form: Buffer): Promise<void> {
  if (await evidence.exists(EVIDENCE.checkpoint)) {
    let attempt = 1;
    while (await evidence.exists(attemptLogName(EVIDENCE.checkpoint, attempt))) attempt += 1;
    await evidence.rename(EVIDENCE.checkpoint, attemptLogName(EVIDENCE.checkpoint, attempt));
  }
  await evidence.write(EVIDENCE.checkpoint, form);
}

async function confirm(runId: string, { confirm, rejectedBecause }: SignOffOptions, io: Io): Promise<void> {
  if (io.prompt === null || !confirm) return;
  const what = rejectedBecause === null ? 'sign the DB restore verification of' : 'reject the DB restore of';
  const typed = await io.prompt(`You ${what} run ${runId}. Type the run id to confirm: `);
  if (typed.trim() !== runId) throw new UsageError(`${JSON.stringify(typed.trim())} is not ${runId}: nothing was signed.`);
}

function requireWaiting({ run }: RunView): void {
  if (run.status === 'waiting') return;
  throw new RunStateError(
    'NOT_WAITING',
    `Run ${run.runId} is in ${run.state}: only a run that waits for the DB restore verification can be signed off or rejected.`,
    run.runId,
  );
}
