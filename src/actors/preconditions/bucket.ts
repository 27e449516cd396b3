import type { RunVariable, Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import type { ActorContext } from '../actor.js';
import type { BucketSettings } from '../s3/probe-bucket.js';
import { invalid, notAsked, orFailedCheck, type Finding } from './precondition.js';

const NEEDED: readonly RunVariable[] = [
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'DPP_WORM_BUCKET',
  'CUTOVER_BUCKET_OWNER',
  'DPP_WORM_PREFIX',
  'DPP_WORM_OBJECT_LOCK_MODE',
  'DPP_WORM_RETENTION_DAYS',
];

/**
 * Runbook pre-condition 5: the WORM bucket with Object Lock and versioning, and what sealing will need to be allowed. `account` is the
 * caller's, whose the bucket is unless another owner is set; null when nobody told.
 */
export async function checkBucket(
  valid: Partial<Settings>,
  variables: readonly Check[],
  { env, signal, runId }: Pick<ActorContext, 'env' | 'signal' | 'runId'>,
  account: () => Promise<string | null>,
): Promise<Finding<null>> {
  const name = '5. WORM bucket';
  const settings = forBucket(valid);
  const wrong = invalid(variables, NEEDED);
  if (wrong.length > 0 || settings === null) return notAsked(name, wrong);
  return orFailedCheck(name, signal, async () => {
    const { probeBucket } = await import('../s3/probe-bucket.js');
    const owner = valid.bucketOwner ?? (await account());
    const checks = await probeBucket(settings, { env, signal, runId, owner });
    return { checks: checks.map((check) => ({ ...check, name: `5. ${check.name}` })), facts: null };
  });
}

/** The bucket is asked as soon as what concerns it is valid, so that a wrong staging URL does not hide a missing permission. */
function forBucket(valid: Partial<Settings>): BucketSettings | null {
  const { awsProfile, awsRegion, bucket, prefix, keyFolder, lockMode, retentionDays } = valid;
  if (awsProfile === undefined || awsRegion === undefined || bucket === undefined) return null;
  if (prefix === undefined || keyFolder === undefined || lockMode === undefined || retentionDays === undefined) return null;
  return { awsProfile, awsRegion, bucket, prefix, keyFolder, lockMode, retentionDays };
}
