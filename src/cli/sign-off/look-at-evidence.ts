import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { AcceptedFinding, SignedFiles } from '../../config/step-contracts.js';
import type { RunView } from '../../engine/engine.js';
import { notAccepted } from '../../evidence/accepted-findings.js';
import { listScreenshots, type Checkpoint } from '../../evidence/checkpoint.js';
import { parseCheckpoint, type CheckpointParserOptions } from '../../evidence/checkpoint-parser.js';
import type { EvidenceDir, EvidenceEntry } from '../../evidence/evidence-dir.js';
import { EvidenceError } from '../../evidence/evidence-error.js';
import type { KnownSecret } from '../../evidence/known-secrets.js';
import { EVIDENCE, isSigned } from '../../evidence/layout.js';
import { pictureTypeIn } from '../../evidence/picture-type.js';
import { scanContent, scanForSecrets } from '../../evidence/secret-scan.js';
import { acceptedFindings, type LogDigest, type PilotContext } from '../../machine/context.js';
import type { GateFinding } from '../errors.js';
import { recordedLogDifferences } from '../recorded-logs.js';
import { contextOf } from '../run-facts.js';

export interface LookOptions {
  readonly now: Date;
  readonly known: readonly KnownSecret[];
  /** The completed form, when it is not yet the one in the evidence directory. */
  readonly form?: Buffer;
}

/** The evidence that must be there before anyone can sign it. Source: the runbook, "Evidence Structure". */
const REQUIRED = [
  EVIDENCE.preflight,
  EVIDENCE.scope,
  EVIDENCE.rcGates,
  EVIDENCE.stagingDryRun,
  EVIDENCE.rollbackDrill,
  EVIDENCE.checkpoint,
];

/**
 * What a signature would bind: whether the form is complete, the evidence is what the steps left behind, and no secret is in it. Adds
 * what is not so to `findings`. Null where a look at the evidence itself was refused (a link, a special file...): a finding, too.
 */
export async function lookAtEvidence(
  view: RunView,
  evidence: EvidenceDir,
  options: LookOptions,
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
  { known, form }: LookOptions,
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
