import type { Prepare, RunView } from '../../engine/engine.js';
import { EVIDENCE } from '../../evidence/layout.js';
import type { SignOffStatement } from '../../evidence/sign-off/statement.js';
import { missingSignatures } from '../../machine/signatures.js';
import type { CommonOptions } from '../command.js';
import type { SignOptions } from '../commands/sign.js';
import { deciding } from '../drive.js';
import { lookForDrift } from '../drift.js';
import { RunStateError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { beforeExpiry } from '../expiry.js';
import type { Io, Workspace } from '../io.js';
import { permitted } from '../permission.js';
import { showResult } from '../run-card.js';
import { contextOf } from '../run-facts.js';
import { countersignable, onPurpose, passCountersignGate } from '../sign-off-gate.js';
import { refuseStale, type GivenStatement } from './given-statement.js';
import { requireMaySign } from './may-sign.js';
import { showRequest, writeRequest } from './request.js';
import { seenStatement } from './seen-statement.js';

type Options = SignOptions & CommonOptions;

/** Has what was signed off signed by one more person, and commits it; or writes what is to be signed elsewhere. Gives the exit code. */
export async function countersignRun(options: Options, io: Io): Promise<number> {
  let requested: SignOffStatement | null = null;
  const view = await deciding(options, 'sign', io, (workspace, runId) =>
    beforeExpiry(workspace, runId, options.who, io, async () => {
      const { engine, openEvidence } = workspace;
      const before = await engine.inspect(runId);
      requireWanted(before, options);
      const { role, who } = options;
      await requireMaySign(before, role, options, workspace, io);
      const evidence = openEvidence(before.run);
      const toBeSigned = {
        find: () => countersignable(before, evidence, onPurpose(who, workspace, io), { role, signer: who.user }),
        form: () => evidence.read(EVIDENCE.checkpoint),
        confirming: options.request === null ? `You sign run ${runId} as ${role}` : null,
      };
      const given = await seenStatement(before, options, toBeSigned, io);
      if (given !== null && options.request !== null && options.response === null) {
        await writeRequest(given.statement, options.request);
        requested = given.statement;
        return before;
      }
      return engine.send(runId, options.who, deciders(options, given, workspace, io));
    }),
  );
  if (requested !== null && options.request !== null) showRequest(view, requested, options.request, options, io);
  else await showResult(view, options, io);
  return EXIT.ok;
}

function deciders(options: Options, given: GivenStatement | null, workspace: Workspace, io: Io): Prepare {
  return async (view, evidence) => {
    requireWanted(view, options);
    const { role } = options;
    const { who, drift } = await lookForDrift(view, { ...options, purpose: 'sign' }, workspace, io);
    if (given !== null) await refuseStale(given, view, workspace.store);
    const gate = onPurpose(options.who, workspace, io);
    const as = { role, signer: given?.statement.name ?? who.user };
    const signed = await passCountersignGate(view, evidence, given === null ? gate : { ...gate, given }, as);
    return { who, events: [...drift, permitted(view, who, signed)] };
  };
}

/** The run waits, what the others sign is fixed, and a signature of this role is still missing. Throws `RunStateError`. */
function requireWanted(view: RunView, { role }: SignOptions): void {
  const { runId, status, state } = view.run;
  const context = contextOf(view);
  if (status !== 'waiting') {
    throw new RunStateError('NOT_WAITING', `Run ${runId} is in ${state}: only a run that waits for signatures is signed.`, runId);
  }
  if (context.signOff === null) {
    throw new RunStateError(
      'NOT_SIGNED_OFF',
      `Run ${runId} is not signed off: what the others sign is fixed by the first DB restore verifier: cutover sign-off ${runId}`,
      runId,
    );
  }
  const missing = missingSignatures(context);
  if (missing.some((one) => one.role === role)) return;
  throw new RunStateError(
    'SIGNATURE_NOT_WANTED',
    `Run ${runId} wants no further signature of the role ${role} by its policy; missing are: ${missing.map((one) => one.role).join(', ')}.`,
    runId,
  );
}
