import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { SigningRole } from '../config/policy.js';
import type { AcceptedFinding, SignedFiles } from '../config/step-contracts.js';
import type { RunEvent } from '../engine/definition.js';
import type { RunView } from '../engine/engine.js';
import { notAccepted } from '../evidence/accepted-findings.js';
import { listScreenshots, type Checkpoint } from '../evidence/checkpoint.js';
import { parseCheckpoint, type CheckpointParserOptions } from '../evidence/checkpoint-parser.js';
import type { EvidenceDir, EvidenceEntry } from '../evidence/evidence-dir.js';
import { EvidenceError } from '../evidence/evidence-error.js';
import type { Identity } from '../evidence/history-record.js';
import type { KnownSecret } from '../evidence/known-secrets.js';
import { EVIDENCE, isSigned } from '../evidence/layout.js';
import { pictureTypeIn } from '../evidence/picture-type.js';
import { jsonRedactor } from '../evidence/redact-json.js';
import { scanContent, scanForSecrets } from '../evidence/secret-scan.js';
import { acceptedFindings, type LogDigest, type PilotContext, type SignOff } from '../machine/context.js';
import { isLevelEnough } from '../machine/permissions.js';
import type { Countersignature } from '../machine/signatures.js';
import { CheckpointIncompleteError, SignatureRequiredError, SignOffWithdrawnError, type GateFinding } from './errors.js';
import { refuseClaimOfAnother } from './human-gate.js';
import type { Io, Workspace } from './io.js';
import { recordedLogDifferences } from './recorded-logs.js';
import { contextOf } from './run-facts.js';
import { asGiven, differing, type GivenStatement } from './sign-off/given-statement.js';
import { commandAfterForm, requestFile, signingCommand } from './sign-off/signing-command.js';

export interface GateOptions {
  readonly now: Date;
  readonly known: readonly KnownSecret[];
  /** Given with `cutover sign-off`, not by the edited checkpoint alone. */
  readonly onPurpose: boolean;
  /** The completed form, when it is not yet the one in the evidence directory. */
  readonly form?: Buffer;
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
  const seen = await look(view, evidence, options, findings);
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

/** Null where a look at the evidence itself was refused (a link, a special file...): that is a finding, too. */
async function look(
  view: RunView,
  evidence: EvidenceDir,
  options: GateOptions,
  findings: GateFinding[],
): Promise<{ readonly checkpoint: Checkpoint | null; readonly files: SignedFiles } | null> {
  try {
    const entries = (await evidence.list()).filter(({ name }) => isSigned(name));
    const names = entries.map(({ name }) => name);
    const form = options.form ?? (await readForm(evidence, findings));
    const { smokeQueries } = contextOf(view).request.site;
    const expected = { runId: view.run.runId, smokeQueries, now: options.now };
    const checkpoint = form === null ? null : await readCheckpoint(form, evidence, expected, findings);
    const files = await digests(evidence, names, form);
    const absent = missing(files);
    const differences = (await recordedLogDifferences(view.attempts, evidence))
      .filter(({ file }) => absent.every((finding) => finding.file !== file))
      .map(({ file, what, message }) => ({ file, line: null, item: what, message }));
    const ofResults = changed(contextOf(view), files).filter(({ file }) => differences.every((found) => found.file !== file));
    findings.push(...absent, ...differences, ...ofResults, ...(await noPictures(evidence, entries)));
    findings.push(...(await secrets(evidence, names, options, { read: form, accepted: acceptedFindings(contextOf(view)) })));
    return { checkpoint, files };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    findings.push({ file: error.file, line: null, item: 'file', message: error.message });
    return null;
  }
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

/** The evidence that must be there before anyone can sign it. Source: the runbook, "Evidence Structure". */
const REQUIRED = [
  EVIDENCE.preflight,
  EVIDENCE.scope,
  EVIDENCE.rcGates,
  EVIDENCE.stagingDryRun,
  EVIDENCE.rollbackDrill,
  EVIDENCE.checkpoint,
];

async function readForm(evidence: EvidenceDir, findings: GateFinding[]): Promise<Buffer | null> {
  try {
    return await evidence.read(EVIDENCE.checkpoint);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    findings.push({ file: EVIDENCE.checkpoint, line: null, item: 'file', message: error.message });
    return null;
  }
}

async function readCheckpoint(
  form: Buffer,
  evidence: EvidenceDir,
  expected: Omit<CheckpointParserOptions, 'screenshots'>,
  findings: GateFinding[],
): Promise<Checkpoint | null> {
  const parsed = parseCheckpoint(form, { ...expected, screenshots: await listScreenshots(evidence) });
  if (parsed.ok) return parsed.checkpoint;
  findings.push(...parsed.findings.map((finding) => ({ file: EVIDENCE.checkpoint, ...finding })));
  return null;
}

/** The form's digest is of the very bytes that were read as complete. */
async function digests(evidence: EvidenceDir, names: readonly string[], form: Buffer | null): Promise<SignedFiles> {
  const files: Record<string, string> = {};
  for (const name of names) if (name !== EVIDENCE.checkpoint) files[name] = (await evidence.digest(name)).sha256;
  if (form !== null) files[EVIDENCE.checkpoint] = createHash('sha256').update(form).digest('hex');
  return files;
}

/** An empty one counts as none that is there: the form's item E says so. */
async function noPictures(evidence: EvidenceDir, entries: readonly EvidenceEntry[]): Promise<GateFinding[]> {
  const findings: GateFinding[] = [];
  for (const entry of entries) {
    if (!entry.name.startsWith(`${EVIDENCE.screenshots}/`) || entry.size === 0) continue;
    if ((await pictureTypeIn(evidence, entry)) !== null) continue;
    const message = 'neither PNG, JPEG, WebP nor PDF, by its first bytes: put the picture itself here, or take the file away';
    findings.push({ file: entry.name, line: null, item: 'E', message });
  }
  return findings;
}

function missing(files: SignedFiles): GateFinding[] {
  return REQUIRED.filter((name) => name !== EVIDENCE.checkpoint && files[name] === undefined).map((file) => ({
    file,
    line: null,
    item: 'missing',
    message: 'the file is missing: restore it, or have its step replayed',
  }));
}

/** By the results of the run's snapshot. Two steps may write one log, one after the other: the last record is what it must be. */
function changed({ results }: PilotContext, files: SignedFiles): GateFinding[] {
  const recorded = new Map<string, LogDigest>();
  for (const { logs } of Object.values(results).toSorted((a, b) => a.seq - b.seq))
    for (const log of logs) recorded.set(log.file, log);
  recorded.delete(EVIDENCE.checkpoint); // Written to be filled in.
  return [...recorded.values()]
    .filter(({ file, sha256 }) => files[file] !== undefined && files[file] !== sha256)
    .map(({ file, sha256 }) => ({
      file,
      line: null,
      item: 'changed',
      message: `the file is not what its step left behind (SHA-256 ${sha256.slice(0, 12)}… recorded, ${files[file]?.slice(0, 12)}… found): restore it, or have the step replayed`,
    }));
}

async function secrets(
  evidence: EvidenceDir,
  names: readonly string[],
  { known, form }: GateOptions,
  { read, accepted }: { readonly read: Buffer | null; readonly accepted: readonly AcceptedFinding[] },
): Promise<GateFinding[]> {
  // A form that is still elsewhere is scanned by itself; one that could not be read is a finding already.
  const there = names.filter((name) => name !== EVIDENCE.checkpoint || (form === undefined && read !== null));
  const { findings } = await scanForSecrets(evidence, there, known);
  const inForm = form === undefined ? [] : (await scanContent(EVIDENCE.checkpoint, Readable.from([form]), known)).findings;
  return [...(await notAccepted(findings, accepted, evidence)), ...inForm].map(({ file, line, kind }) => ({
    file,
    line: line === 0 ? null : line,
    item: 'secret',
    message: `a secret (${kind})${line === 0 ? ' in its name' : ''}: remove it, and make it invalid where it is used; if it is none, a supervisor says so: cutover accept-finding`,
  }));
}

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
