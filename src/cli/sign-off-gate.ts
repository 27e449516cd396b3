import type { SigningRole } from '../config/policy.js';
import type { SignedFiles } from '../config/step-contracts.js';
import type { RunEvent } from '../engine/definition.js';
import type { RunView } from '../engine/engine.js';
import type { Checkpoint } from '../evidence/checkpoint.js';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import type { Identity } from '../evidence/history-record.js';
import { EVIDENCE } from '../evidence/layout.js';
import { jsonRedactor } from '../evidence/redact-json.js';
import type { SignOff } from '../machine/context.js';
import { isLevelEnough } from '../machine/permissions.js';
import type { Countersignature } from '../machine/signatures.js';
import { CheckpointIncompleteError, SignatureRequiredError, SignOffWithdrawnError, type GateFinding } from './errors.js';
import { refuseClaimOfAnother } from './human-gate.js';
import type { Io, Workspace } from './io.js';
import { contextOf } from './run-facts.js';
import { asGiven, differing, type GivenStatement } from './sign-off/given-statement.js';
import { lookAtEvidence, type LookOptions } from './sign-off/look-at-evidence.js';
import { commandAfterForm, requestFile, signingCommand } from './sign-off/signing-command.js';

export interface GateOptions extends LookOptions {
  /** Given with `cutover sign-off`, not by the edited checkpoint alone. */
  readonly onPurpose: boolean;
  /** Who gives it on purpose. */
  readonly by?: string;
  /** The statement that its signer has seen; without one, what is found is what is signed. */
  readonly given?: GivenStatement;
}

/** As things are now, for whoever gives it on purpose. */
export function onPurpose(
  { user }: Identity,
  { knownSecrets }: Pick<Workspace, 'knownSecrets'>,
  { now }: Pick<Io, 'now'>,
): GateOptions {
  return { now: now(), known: knownSecrets, onPurpose: true, by: user };
}

/**
 * The human gate: the form is complete, the evidence is what the steps left behind, no secret is in what is signed, and the level is what
 * the policy wants. Gives the event that binds the run, its history and the exact bytes. Throws `CheckpointIncompleteError` with every
 * finding, `SignOffWithdrawnError`, `ClaimedError`, `SignatureRequiredError` and `SignatureRefusedError`. Changes nothing.
 */
export async function passGate(
  view: RunView,
  evidence: EvidenceDir,
  options: GateOptions,
): Promise<RunEvent & { signOff: SignOff }> {
  const found = await signable(view, evidence, options);
  refuseClaimOfAnother(view, [options.by, found.signer, options.given?.signature?.principal]);
  const signOff = options.given === undefined ? found : asGiven(found, options.given, view, evidence);
  requireLevel(view, signOff);
  return { type: 'SIGNED_OFF', signOff };
}

/** What would be signed now, asserted: all of the gate but the claim and the level. Throws as `passGate` does. */
export async function signable(view: RunView, evidence: EvidenceDir, options: GateOptions): Promise<SignOff> {
  const { runId, headSeq } = view.run;
  const context = contextOf(view);
  if (context.signOffWithdrawn !== null && !options.onPurpose) throw new SignOffWithdrawnError(runId, context.signOffWithdrawn);
  const { checkpoint, files } = await complete(view, evidence, options, 'db-restore-verifier', () => []);
  return signOffOf(checkpoint, headSeq, files);
}

/**
 * The gate for whoever signs after the sign-off: the same checks, and each file is what was signed off. Gives the event that binds the
 * very same bytes. Errors as `passGate`.
 */
export async function passCountersignGate(
  view: RunView,
  evidence: EvidenceDir,
  options: GateOptions,
  as: SignsAs,
): Promise<RunEvent & { countersignature: Countersignature }> {
  const found = await countersignable(view, evidence, options, as);
  const countersignature = options.given === undefined ? found : asGiven(found, options.given, view, evidence);
  if (as.role === 'db-restore-verifier') refuseClaimOfAnother(view, [options.by, as.signer, options.given?.signature?.principal]);
  requireLevel(view, countersignature);
  return { type: 'COUNTERSIGNED', countersignature };
}

export interface SignsAs {
  readonly role: SigningRole;
  readonly signer: string;
}

/** What would be signed now after the sign-off, asserted. Throws as `passCountersignGate` does. */
export async function countersignable(
  view: RunView,
  evidence: EvidenceDir,
  options: GateOptions,
  { role, signer }: SignsAs,
): Promise<Countersignature> {
  const { runId, headSeq: seq } = view.run;
  const signed = contextOf(view).signOff?.files ?? {};
  const { files } = await complete(view, evidence, options, role, (found) => notAsSigned(signed, found));
  const date = options.now.toISOString().slice(0, 10);
  return { runId, role, meaning: MEANINGS[role], seq, signer, date, level: 'asserted', files };
}

/** Throws `SignatureRequiredError` where the policy wants a key, and this is a name. */
export function requireLevel(view: RunView, { role, level }: Pick<Countersignature, 'role' | 'level'>): void {
  if (isLevelEnough(contextOf(view).request.policy, role, level)) return;
  const { runId } = view.run;
  const what = contextOf(view).signOff === null ? 'sign-off' : role;
  throw new SignatureRequiredError(runId, signingCommand(view, role), requestFile(runId, what));
}

/** All checks of the gate, and those that are asked of the digests besides. Throws `CheckpointIncompleteError`. */
async function complete(
  view: RunView,
  evidence: EvidenceDir,
  options: GateOptions,
  role: SigningRole,
  more: (files: SignedFiles) => readonly GateFinding[],
): Promise<{ readonly checkpoint: Checkpoint; readonly files: SignedFiles }> {
  const findings: GateFinding[] = [];
  const seen = await lookAtEvidence(view, evidence, options, findings);
  if (seen !== null) {
    const known = new Set(findings.map(({ file }) => file));
    findings.push(...more(seen.files).filter(({ file }) => !known.has(file)));
  }
  if (findings.length > 0 || seen === null || seen.checkpoint === null) {
    const form = `${evidence.path}/${EVIDENCE.checkpoint}`;
    throw new CheckpointIncompleteError(
      view.run.runId,
      form,
      jsonRedactor(options.known)(findings),
      commandAfterForm(view, role),
    );
  }
  return { checkpoint: seen.checkpoint, files: seen.files };
}

function notAsSigned(signed: SignedFiles, found: SignedFiles): GateFinding[] {
  return differing(signed, found).map((file) => {
    const what = signed[file] === undefined ? 'was not there' : found[file] === undefined ? 'is gone' : 'was another one';
    const message = `the file ${what} when the run was signed off: put it back as it was, or have the pause replayed, and sign off anew`;
    return { file, line: null, item: 'changed', message };
  });
}

/** What the signature means, as it is recorded with it. */
const MEANING =
  'The database was restored into a target that is not production and verified by the smoke queries in the checkpoint; the evidence of steps 0-3 is what was seen.';

const REVIEWED = 'The evidence of steps 0-3 and the signed DB restore verification were reviewed; the run may be sealed.';
const MEANINGS: Readonly<Record<SigningRole, string>> = {
  'db-restore-verifier': MEANING,
  'sre-lead': REVIEWED,
  'engineering-lead': REVIEWED,
};

function signOffOf(checkpoint: Checkpoint, seq: number, files: SignedFiles): SignOff {
  return {
    runId: checkpoint.runId,
    role: 'db-restore-verifier',
    meaning: MEANING,
    seq,
    signer: checkpoint.signer,
    date: checkpoint.signedOn,
    level: 'asserted',
    files,
  };
}
