import type { OperationContext } from './operation.js';
import { xmlReply, type Reply } from './reply.js';
import { S3Error } from './s3-error.js';

/** HeadBucket. */
export function headBucket({ bucket }: OperationContext): Reply {
  return { status: 200, headers: { 'x-amz-bucket-region': bucket.region, 'x-amz-access-point-alias': 'false' } };
}

/** GetBucketLocation; us-east-1 is the empty location, for history's sake. */
export function getBucketLocation({ bucket }: OperationContext): Reply {
  return xmlReply('LocationConstraint', bucket.region === 'us-east-1' ? '' : bucket.region);
}

/** GetBucketVersioning; a bucket that never had versioning has no Status at all. */
export function getBucketVersioning({ bucket }: OperationContext): Reply {
  return xmlReply('VersioningConfiguration', { Status: bucket.versioning });
}

/** GetObjectLockConfiguration. */
export function getObjectLockConfiguration({ bucket }: OperationContext): Reply {
  if (!bucket.objectLock) {
    throw new S3Error(
      404,
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
      {},
      { BucketName: bucket.name },
    );
  }
  const rule = bucket.objectLock.defaultRetention;
  return xmlReply('ObjectLockConfiguration', {
    ObjectLockEnabled: 'Enabled',
    Rule: rule && { DefaultRetention: { Mode: rule.mode, Days: rule.days, Years: rule.years } },
  });
}
