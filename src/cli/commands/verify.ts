import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { OptionValues } from 'commander';
import type { Signer } from '../../config/step-contracts.js';
import { certificatesIn } from '../../evidence/attestation/authorities.js';
import { publicKeyIn } from '../../evidence/attestation/public-key.js';
import { EVIDENCE } from '../../evidence/layout.js';
import type { VerifyCheck } from '../../evidence/verify/check.js';
import { verifyEvidence, type Verification, type VerifyWith } from '../../evidence/verify/verify-evidence.js';
import { sealedFacts } from '../../machine/sealed-facts.js';
import { text, type CommandFile, type CommonOptions } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { signatureFaultFor, statementVerifierFor } from '../signature-fault.js';
import { oneLine, table } from '../table.js';
import { bucketChecks, evidenceIn, onlineChecks, s3SubjectIn, versionAskedFor, withFolder } from '../verify-bucket.js';
import { evidenceOf, type VerifySubject } from '../verify-subject.js';

export interface VerifyOptions extends VerifySubject {
  /** The file of the public key that is known to be the signer's. */
  readonly key: string | null;
  /** The file with the certificates of the timestamp authorities that are trusted. */
  readonly tsaCa: string | null;
  /** Compare with what is locked in this bucket; null: offline. */
  readonly bucket: string | null;
}

/** Whether sealed evidence is what was sealed: offline unless the bucket is named, and for a directory or an archive without a database. */
export const verify: CommandFile<VerifyOptions> = {
  define(command) {
    command
      .argument(
        '<run>',
        'a run\'s evidence directory, an evidence.tar.gz, s3://BUCKET/KEY?versionId=ID, or a run: an id, the beginning of one, or "latest"',
      )
      .option('--manifest <file>', `the manifest of an archive (default: ${EVIDENCE.manifest} beside it)`)
      .option('--key <file>', "the signer's public key, PEM or OpenSSH (default: the one that the run recorded)")
      .option('--tsa-ca <file>', "certificates (PEM) of the authority that the timestamp's certificate must lead to")
      .option('--online', 'ask the bucket, too: is each file there as it is here, in one version, its lock in force?')
      .option('--bucket <name>', 'the bucket, for --online (the manifest shows three characters of its name)');
  },
  examples: [
    'cutover verify latest',
    'cutover verify dpp/evidence/phase6_4_cutover/20260221T120000Z',
    'cutover verify evidence.tar.gz --manifest 60_evidence_seal_manifest.json',
    'cutover verify latest --key cutover-signer.pub',
    'cutover verify latest --key cutover-signer.pub --tsa-ca tsa-ca.pem',
    'cutover verify latest --online --bucket dpp-audit-worm',
    'cutover verify "s3://dpp-audit-worm/evidence/cutover/phase6_4_cutover/20260221T120000Z/evidence.tar.gz"',
    'cutover verify latest --json',
  ],
  parse: ([subject], raw) => ({
    subject: subject ?? '',
    manifest: text(raw, 'manifest') ?? null,
    key: text(raw, 'key') ?? null,
    tsaCa: text(raw, 'tsaCa') ?? null,
    bucket: bucketIn(raw),
  }),
  async run(options, io) {
    const trusted = options.key === null ? null : await publicKeyAt(resolve(io.cwd, options.key));
    const keys = { trusted, fault: signatureFaultFor(io) };
    const authorities = options.tsaCa === null ? null : await certificatesAt(resolve(io.cwd, options.tsaCa));
    const { subject, ...verification } = await verified(
      options,
      { derive: sealedFacts, keys, verifyStatement: statementVerifierFor(io), authorities },
      io,
    );
    if (options.json) io.stdout.write(`${JSON.stringify({ subject, ...facts(verification) })}\n`);
    else io.stdout.write(`${shown(subject, verification, options).join('\n')}\n`);
    if (verification.verified) return EXIT.ok;
    if (!options.json) io.stderr.write(WHAT_TO_DO);
    return EXIT.failed;
  },
};

const WHAT_TO_DO =
  'Leave the evidence as it is, and compare each file named above with its locked copy in S3: the manifest has key and version.\n';

function bucketIn(raw: OptionValues): string | null {
  const bucket = text(raw, 'bucket') ?? null;
  if (raw['online'] === true && bucket === null) {
    throw new UsageError('--online needs --bucket NAME: the manifest shows the first three characters of its name only.');
  }
  if (raw['online'] !== true && bucket !== null) throw new UsageError('--bucket is for --online.');
  return bucket;
}

async function verified(
  options: VerifyOptions & CommonOptions,
  using: VerifyWith,
  io: Io,
): Promise<Verification & { readonly subject: string }> {
  const { bucket } = options;
  const inBucket = s3SubjectIn(options.subject);
  if (inBucket !== null) {
    if (bucket !== null || options.manifest !== null) {
      throw new UsageError(
        'An s3:// URL names the bucket, and the manifest lies beside the archive: neither --online nor --manifest.',
      );
    }
    return withFolder(inBucket.bucket, inBucket.folder, io, async (folder) => {
      const found = await verifyEvidence(evidenceIn(folder), using, io.signal);
      const more = await bucketChecks(found, { folder, here: null, bucket: inBucket.bucket }, io);
      return { subject: options.subject, ...withChecks(found, [...versionAskedFor(found, inBucket.versionId), ...more]) };
    });
  }
  const { subject, evidence } = await evidenceOf(options, io);
  const { keys, authorities } = using;
  const needsMore = keys.trusted !== null ? '--key' : authorities !== null ? '--tsa-ca' : bucket !== null ? '--online' : null;
  if (needsMore !== null && evidence.beside === null) {
    throw new UsageError(
      `${needsMore} needs the files that were locked with the archive: ${EVIDENCE.attestation} is not beside it.`,
    );
  }
  const found = await verifyEvidence(evidence, using, io.signal);
  if (bucket === null || evidence.beside === null) return { subject, ...found };
  return { subject, ...withChecks(found, await onlineChecks(found, evidence.beside, bucket, io)) };
}

function withChecks(verification: Verification, more: readonly VerifyCheck[]): Verification {
  const checks = [...verification.checks, ...more];
  return { ...verification, checks, verified: checks.every(({ ok }) => ok) };
}

async function publicKeyAt(path: string): Promise<Signer> {
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--key cannot be read: ${(error as Error).message}`);
  });
  const key = publicKeyIn(content);
  if (key === null) throw new UsageError(`--key is ${JSON.stringify(path)}, which holds no public key (PEM, or OpenSSH).`);
  return key;
}

async function certificatesAt(path: string): Promise<readonly Uint8Array[]> {
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--tsa-ca cannot be read: ${(error as Error).message}`);
  });
  const certificates = certificatesIn(content);
  if (certificates === null) throw new UsageError(`--tsa-ca is ${JSON.stringify(path)}, which holds no certificate (PEM).`);
  return certificates;
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
