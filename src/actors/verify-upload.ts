import type { StepContracts, VerifiedFacts, VerifyInput } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import { manifestJson, redactedBucket } from '../evidence/manifest.js';
import type { Actor } from './actor.js';
import { verifyLockedObject } from './s3/locked-object.js';
import { withSession } from './s3/session.js';
import { wantedArchive } from './upload-to-worm.js';

type Contract = StepContracts['verifyUpload'];

/**
 * Runbook step 5b: reads the stored version back, compares every field, and writes 60_evidence_seal_manifest.json from what
 * was found. Goes on in the upload's log. Throws WORM_VERIFY_FAILED and the errors of S3.
 */
export const verifyUpload: Actor<Contract['input'], Contract['output']> = async (input, context) => {
  const log = await context.openLog(EVIDENCE.uploadLog, { append: true });
  try {
    const write = (line: string) => log.write(`${line}\n`);
    const verified = await withSession(input.settings, context, write, (session) =>
      verifyLockedObject(session, wantedArchive(input), input.upload),
    );
    await context.evidence.write(EVIDENCE.manifest, manifest(context.runId, input, verified));
    return verified;
  } finally {
    await log.close();
  }
};

function manifest(runId: string, input: VerifyInput, verified: VerifiedFacts): string {
  const { settings, archive, upload } = input;
  return manifestJson({
    schema_version: 1,
    run_id: runId,
    verdict: input.verdict,
    generated_at: input.generatedAt,
    tarball_path: EVIDENCE.archive,
    tarball_size_bytes: archive.size,
    sha256: archive.sha256,
    s3_bucket: redactedBucket(settings.bucket),
    s3_key: input.key,
    version_id: upload.versionId,
    etag: upload.etag,
    lock_mode: settings.lockMode,
    retention_days: settings.retentionDays,
    retain_until: input.retainUntil,
    verified_lock_mode: verified.lockMode,
    verified_retain_until: verified.retainUntil,
    content_verified_by: verified.contentVerifiedBy,
    seal_seq: input.upToSeq,
    chain_head: archive.chainHead,
  });
}
