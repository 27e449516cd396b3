import type { Settings } from '../../config/settings.js';
import type { ActorContext } from '../actor.js';
import type { BucketSettings } from '../s3/probe-bucket.js';
import { failed, orFailedCheck, type Finding } from './precondition.js';

/** Runbook pre-condition 5: the WORM bucket with Object Lock and versioning, and what sealing will need to be allowed. */
export async function checkBucket(
  valid: Partial<Settings>,
  { env, signal, runId }: Pick<ActorContext, 'env' | 'signal' | 'runId'>,
): Promise<Finding<null>> {
  const name = '5. WORM bucket';
  const settings = forBucket(valid);
  if (settings === null) {
    return { checks: [failed(name, 'not asked: its variables are not valid', 'Set them, see above.')], facts: null };
  }
  return orFailedCheck(name, signal, async () => {
    const { probeBucket } = await import('../s3/probe-bucket.js');
    const checks = await probeBucket(settings, { env, signal, runId });
    return { checks: checks.map((check) => ({ ...check, name: `5. ${check.name}` })), facts: null };
  });
}

/** The bucket is asked as soon as what concerns it is valid, so that a wrong staging URL does not hide a missing permission. */
function forBucket({ awsProfile, awsRegion, bucket, prefix, lockMode, retentionDays }: Partial<Settings>): BucketSettings | null {
  if (awsProfile === undefined || awsRegion === undefined || bucket === undefined) return null;
  if (prefix === undefined || lockMode === undefined || retentionDays === undefined) return null;
  return { awsProfile, awsRegion, bucket, prefix, lockMode, retentionDays };
}
