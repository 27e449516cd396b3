import type { StepContracts } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import { manifestJson, sealManifest } from '../evidence/manifest.js';
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
    const verified = await withSession(input, context, write, (session) =>
      verifyLockedObject(session, wantedArchive(input, input.upload.checksum), input.upload),
    );
    await context.evidence.write(EVIDENCE.manifest, manifestJson(sealManifest(context.runId, input, verified)));
    return verified;
  } finally {
    await log.close();
  }
};
