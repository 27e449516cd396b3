import type { RunView, Prepare } from '../../engine/engine.js';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { attemptLogName, EVIDENCE } from '../../evidence/layout.js';
import type { SignOffStatement } from '../../evidence/sign-off/statement.js';
import type { CommonOptions } from '../command.js';
import type { SignOffOptions } from '../commands/sign-off.js';
import { deciding } from '../drive.js';
import { lookForDrift } from '../drift.js';
import { beforeExpiry } from '../expiry.js';
import { EXIT } from '../exit-codes.js';
import { goOn } from '../go-on.js';
import { refuseClaimOfAnother, requireNoSignOff, requireWaiting } from '../human-gate.js';
import type { Io, Workspace } from '../io.js';
import { permitted, requireDriverAfterwards } from '../permission.js';
import { contextOf } from '../run-facts.js';
import { showResult } from '../run-card.js';
import { onPurpose, passGate, signable, type GateOptions } from '../sign-off-gate.js';
import { givenFile } from './given-file.js';
import { refuseStale, type GivenStatement } from './given-statement.js';
import { Interview } from './interview.js';
import { requireMaySign } from './may-sign.js';
import { showRequest, writeRequest } from './request.js';
import { seenStatement } from './seen-statement.js';
import { isFormEnough } from './signing-command.js';

type Options = SignOffOptions & CommonOptions;

/** A form that is not yet the one in the evidence; `replaces`: that one is kept under another name. */
interface NewForm {
  readonly content: Buffer;
  readonly replaces: boolean;
}

/** Completes the form, shows what is signed, has it signed, and commits it. Gives the exit code. */
export async function signOffRun(options: Options, io: Io): Promise<number> {
  let requested: SignOffStatement | null = null;
  const view = await deciding(options, 'sign-off', io, async (workspace, runId) => {
    const signed = await beforeExpiry(workspace, runId, options.who, io, async () => {
      const before = await workspace.engine.inspect(runId);
      requireWaiting(before);
      requireNoSignOff(before);
      if (options.andResume) requireDriverAfterwards(before, options.who);
      await requireMaySign(before, 'db-restore-verifier', options, workspace, io);
      const evidence = workspace.openEvidence(before.run);
      const form = await newForm(before, evidence, options, workspace, io);
      const toBeSigned = {
        find: () => signable(before, evidence, gateOptions(options, form, workspace, io)),
        form: async () => form?.content ?? (await evidence.read(EVIDENCE.checkpoint)),
        confirming: confirming(before, form, options),
      };
      const given = await seenStatement(before, options, toBeSigned, io);
      if (given !== null && options.request !== null && options.response === null) {
        requested = given.statement;
        return workspace.engine.send(runId, options.who, requesting(options.request, requested, form, options.who.user));
      }
      return workspace.engine.send(runId, options.who, deciders(options, form, given, workspace, io));
    });
    if (requested !== null) return signed;
    if (!options.andResume) return signed;
    return goOn(workspace, runId, { ...options, retriesSealing: false }, io);
  });
  if (requested !== null && options.request !== null) {
    showRequest(view, requested, options.request, options, io);
    return EXIT.ok;
  }
  const exit = await showResult(view, options, io);
  return options.andResume ? exit : EXIT.ok;
}

/** From a file, or from the person at the terminal; null when the form in the evidence is what there is. */
async function newForm(
  view: RunView,
  evidence: EvidenceDir,
  options: Options,
  { engine }: Workspace,
  io: Io,
): Promise<NewForm | null> {
  if (options.file !== null) return { content: givenFile('--file', options.file), replaces: true };
  if (io.prompt === null || !options.confirm || options.response !== null) return null;
  requireOpen(view, [options.who.user]);
  const { edit, who, stderrPalette: palette } = options;
  const { evidenceDir, request } = contextOf(view);
  const { smokeQueries } = request.site;
  const { runId } = view.run;
  const asked = {
    ...{ runId, smokeQueries, edit, evidenceDir, by: who.user, palette },
    requireOpen: async () => requireOpen(await engine.inspect(runId), [who.user]),
  };
  const content = await new Interview(evidence, asked, io, io.prompt).finishedForm();
  return content === null ? null : { content, replaces: false };
}

/** A request leaves a form that is completed, if it was not: that is confirmed as a signature is, and what it is good for is said. */
function confirming(view: RunView, form: NewForm | null, { request }: Options): string | null {
  const { runId } = view.run;
  if (request === null) return `You sign the DB restore verification of run ${runId}`;
  if (form === null) return null;
  const what = `You finish the form of run ${runId}, for a key elsewhere to sign`;
  return isFormEnough(contextOf(view)) ? `${what}; until that is here, the form counts by itself (asserted)` : what;
}

/** Writes the statement for a key elsewhere, and the form that it is of; commits nothing. */
function requesting(file: string, statement: SignOffStatement, form: NewForm | null, by: string): Prepare {
  return async (view, evidence) => {
    requireOpen(view, [by, statement.name]);
    await writeRequest(statement, file);
    if (form !== null) await evidence.write(EVIDENCE.checkpoint, form.content);
    return [];
  };
}

function requireOpen(view: RunView, people: readonly string[]): void {
  requireWaiting(view);
  requireNoSignOff(view);
  refuseClaimOfAnother(view, people);
}

function deciders(options: Options, form: NewForm | null, given: GivenStatement | null, workspace: Workspace, io: Io): Prepare {
  return async (view, evidence) => {
    requireWaiting(view);
    requireNoSignOff(view);
    if (options.andResume) requireDriverAfterwards(view, options.who);
    const { who, drift } = await lookForDrift(view, { ...options, purpose: 'sign' }, workspace, io);
    if (given !== null) await refuseStale(given, view, workspace.store);
    const gate = gateOptions(options, form, workspace, io);
    const signed = permitted(view, who, await passGate(view, evidence, given === null ? gate : { ...gate, given }));
    if (form?.replaces === true) await keepForm(evidence);
    if (form !== null) await evidence.write(EVIDENCE.checkpoint, form.content);
    return { who, events: [...drift, signed] };
  };
}

function gateOptions({ who }: Options, form: NewForm | null, workspace: Workspace, io: Io): GateOptions {
  return { ...onPurpose(who, workspace, io), ...(form === null ? {} : { form: form.content }) };
}

/** The earlier form is kept under the name of an earlier attempt. Only when another one has passed the gate. */
async function keepForm(evidence: EvidenceDir): Promise<void> {
  if (!(await evidence.exists(EVIDENCE.checkpoint))) return;
  let attempt = 1;
  while (await evidence.exists(attemptLogName(EVIDENCE.checkpoint, attempt))) attempt += 1;
  await evidence.rename(EVIDENCE.checkpoint, attemptLogName(EVIDENCE.checkpoint, attempt));
}
