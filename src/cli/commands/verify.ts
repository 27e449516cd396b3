import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { EvidenceDir } from '../../evidence/evidence-dir.js';
import { EVIDENCE } from '../../evidence/layout.js';
import { openEvidenceDir } from '../../evidence/local-evidence-dir.js';
import { createRedactor } from '../../evidence/redaction.js';
import type { VerifyCheck } from '../../evidence/verify/check.js';
import { readable } from '../../evidence/verify/readable.js';
import {
  verifyEvidence,
  type EvidenceToVerify,
  type FileToVerify,
  type Verification,
} from '../../evidence/verify/verify-evidence.js';
import { sealedFacts } from '../../machine/sealed-facts.js';
import { text, type CommandFile, type CommonOptions } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { resolveRun } from '../resolve-run.js';
import { oneLine, table } from '../table.js';
import { reading } from '../with-run.js';

export interface VerifyOptions {
  /** A path, or a run. */
  readonly subject: string;
  /** The manifest of an archive that has none beside it. */
  readonly manifest: string | null;
}

/** Whether sealed evidence is what was sealed: offline, and for a directory or an archive without a database. */
export const verify: CommandFile<VerifyOptions> = {
  define(command) {
    command
      .argument('<run>', 'a run\'s evidence directory, an evidence.tar.gz, or a run: an id, the beginning of one, or "latest"')
      .option('--manifest <file>', `the manifest of an archive (default: ${EVIDENCE.manifest} beside it)`);
  },
  examples: [
    'cutover verify latest',
    'cutover verify dpp/evidence/phase6_4_cutover/20260221T120000Z',
    'cutover verify evidence.tar.gz --manifest 60_evidence_seal_manifest.json',
    'cutover verify latest --json',
  ],
  parse: ([subject], raw) => ({ subject: subject ?? '', manifest: text(raw, 'manifest') ?? null }),
  async run(options, io) {
    const { subject, evidence } = await evidenceOf(options, io);
    const verification = await verifyEvidence(evidence, sealedFacts, io.signal);
    if (options.json) io.stdout.write(`${JSON.stringify({ subject, ...facts(verification) })}\n`);
    else io.stdout.write(`${shown(subject, verification, options).join('\n')}\n`);
    if (verification.verified) return EXIT.ok;
    if (!options.json) io.stderr.write(WHAT_TO_DO);
    return EXIT.failed;
  },
};

const WHAT_TO_DO =
  'Leave the evidence as it is, and compare each file named above with its locked copy in S3: the manifest has key and version.\n';

/** What is there under that name comes first; only a name of nothing is looked up in the database. */
async function evidenceOf(
  options: VerifyOptions & CommonOptions,
  io: Io,
): Promise<{ subject: string; evidence: EvidenceToVerify }> {
  const { subject, manifest } = options;
  const found = subject.trim() === '' ? null : await kindOf(resolve(io.cwd, subject));
  if (found === 'file') {
    const archive = await fileAt(resolve(io.cwd, subject));
    return { subject, evidence: await archiveAlone(archive, manifest === null ? null : resolve(io.cwd, manifest)) };
  }
  if (manifest !== null) {
    throw new UsageError(`--manifest is for an archive; ${JSON.stringify(subject)} is none. A directory has its own manifest.`);
  }
  if (found === 'directory') return { subject, evidence: wholeDirectory(await realpath(resolve(io.cwd, subject))) };
  if (/[/\\]|\.tar\.gz$/.test(subject)) {
    throw new UsageError(`There is nothing at ${JSON.stringify(subject)}. Name a directory, an archive or a run.`);
  }
  const path = await reading(options, 'verify', io, async (workspace) => {
    const runId = await resolveRun(workspace, subject);
    return (await workspace.engine.inspect(runId)).run.evidenceDir;
  });
  return { subject: path, evidence: wholeDirectory(path) };
}

async function kindOf(path: string): Promise<'file' | 'directory' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function wholeDirectory(path: string): EvidenceToVerify {
  const directory = open(path);
  const file = (name: string): FileToVerify => ({ directory, name });
  return {
    directory,
    archive: file(EVIDENCE.archive),
    manifest: file(EVIDENCE.manifest),
    archiveDigest: file(EVIDENCE.archiveDigest),
  };
}

/** Its digest file is in no bucket: it is looked at when it is there; the manifest must be. */
async function archiveAlone(archive: FileToVerify, manifest: string | null): Promise<EvidenceToVerify> {
  const { directory } = archive;
  // Something in its place that is no file is a finding, too.
  const hasDigest = (await readable(() => directory.exists(EVIDENCE.archiveDigest))) !== false;
  return {
    directory: null,
    archive,
    manifest: manifest === null ? { directory, name: EVIDENCE.manifest } : await manifestAt(manifest),
    archiveDigest: hasDigest ? { directory, name: EVIDENCE.archiveDigest } : null,
  };
}

async function manifestAt(path: string): Promise<FileToVerify> {
  if ((await kindOf(path)) !== 'file') throw new UsageError(`--manifest is ${JSON.stringify(path)}, which is no file.`);
  return fileAt(path);
}

/** A link that a person names is followed; below it none is. */
async function fileAt(path: string): Promise<FileToVerify> {
  const real = await realpath(path);
  return { directory: open(dirname(real)), name: basename(real) };
}

/** Nothing is written through it. */
function open(path: string): EvidenceDir {
  return openEvidenceDir(path, { root: dirname(path), redactor: () => createRedactor() });
}

function facts({ verified, runId, checks }: Verification) {
  return {
    run: runId,
    verified,
    checks: checks.map(({ artefact, what, ok, expected, found, unproven }) => ({
      artefact,
      check: what,
      ok,
      expected,
      found,
      ...(unproven ? { unproven } : {}),
    })),
  };
}

function shown(subject: string, { verified, runId, checks }: Verification, { palette }: CommonOptions): string[] {
  const result = ({ ok, unproven }: VerifyCheck) =>
    unproven ? palette.yellow('unproven') : ok ? palette.green('ok') : palette.red('FAIL');
  const row = (check: VerifyCheck) => [result(check), ...[check.artefact, check.what, check.expected, check.found].map(oneLine)];
  const failures = checks.filter(({ ok }) => !ok).length;
  const unproven = checks.filter((check) => check.unproven).length;
  const of = oneLine(`run ${runId ?? 'unknown'}, ${subject}`);
  return [
    ...table([['RESULT', 'ARTEFACT', 'CHECK', 'EXPECTED', 'FOUND'], ...checks.map(row)]),
    '',
    verified
      ? palette.green(`VERIFIED: ${of}: ${checks.length} checks${unproven > 0 ? `, ${unproven} of them unproven` : ''}`)
      : palette.red(`NOT VERIFIED: ${of}: ${failures} of ${checks.length} checks failed`),
  ];
}
