import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { attemptLogName, EVIDENCE } from '../../evidence/layout.js';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { named } from '../../evidence/person.js';
import type { RunEvent } from '../../engine/definition.js';
import type { Prepare, RunView } from '../../engine/engine.js';
import { flag, requiredText, text, type CommandFile } from '../command.js';
import { deciding } from '../drive.js';
import { driftEvents } from '../drift.js';
import { PermissionRefusedError, RunStateError, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { goOn } from '../go-on.js';
import type { Io, Workspace } from '../io.js';
import { permitted, requireDriver } from '../permission.js';
import { defineDrift, defineRun, defineWho, parseDecision, type DecisionOptions } from '../run-argument.js';
import { showResult } from '../run-card.js';
import { contextOf } from '../run-facts.js';
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
  async parse(args, raw, io) {
    const reject = flag(raw, 'reject');
    const file = text(raw, 'file');
    if (reject && file !== undefined) throw new UsageError('--reject and --file exclude each other: a rejection needs no form.');
    if (!reject && text(raw, 'reason') !== undefined)
      throw new UsageError('--reason belongs to --reject: a sign-off says it all in the form.');
    if (io.prompt === null && text(raw, 'as') === undefined) {
      throw new UsageError('--as is missing: without a terminal nobody can be asked who signs. Give --as NAME.');
    }
    return {
      ...(await parseDecision(args, raw, io)),
      file: file === undefined ? null : resolve(io.cwd, file),
      rejectedBecause: reject ? requiredText(raw, 'reason', 'say why the restore is rejected.') : null,
      andResume: flag(raw, 'andResume'),
      confirm: !flag(raw, 'yes'),
    };
  },
  async run(options, io) {
    const form = options.file === null ? null : await readCompleted(options.file);
    const view = await deciding(options, 'sign-off', io, async (workspace, runId) => {
      requireWaiting(await workspace.engine.inspect(runId));
      await confirm(runId, options, io);
      const signed = await workspace.engine.send(runId, options.who, deciders(options, form, workspace, io));
      if (!options.andResume || options.rejectedBecause !== null) return signed;
      return goOn(workspace, runId, { ...options, retriesSealing: false }, io);
    });
    const exit = showResult(view, options, io);
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
    if (rejectedBecause !== null) {
      return [permitted(view, who, { type: 'VERIFICATION_REJECTED', reason: rejectedBecause, by: who.user })];
    }
    requireUnsigned(view);
    if (options.andResume) requireDriverAfterwards(view, options);
    const events: RunEvent[] = await driftEvents(view, { ...options, isDriving: false }, workspace, io);
    const gate = { now: io.now(), known: workspace.knownSecrets, onPurpose: true, ...(form === null ? {} : { form }) };
    events.push(permitted(view, who, await passGate(view, evidence, gate)));
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

/** Others sign what was signed first: with a command of their own, which says as whom. */
function requireUnsigned(view: RunView): void {
  const { runId } = view.run;
  const { signOff } = contextOf(view);
  if (signOff === null) return;
  throw new RunStateError(
    'SIGNED_OFF_ALREADY',
    `Run ${runId} is signed off by ${signOff.signer} (${signOff.level}). The further signatures that its policy wants: cutover sign ${runId} --role ROLE`,
    runId,
  );
}

/** Asked before anything is signed: a signature is not given by half of a command. */
function requireDriverAfterwards(view: RunView, { who }: SignOffOptions): void {
  const { runId } = view.run;
  if (contextOf(view).request.policy.separation) {
    const refusal = `${named(who)} would drive the run that is signed with the same command (separation of duties): sign without --and-resume, an operator goes on`;
    throw new PermissionRefusedError(refusal, runId);
  }
  requireDriver(view, who);
}

function requireWaiting({ run }: RunView): void {
  if (run.status === 'waiting') return;
  throw new RunStateError(
    'NOT_WAITING',
    `Run ${run.runId} is in ${run.state}: only a run that waits for the DB restore verification can be signed off or rejected.`,
    run.runId,
  );
}
