import type { Control } from '../../services/s3/control.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import { ERRORS, s3Control, s3Fault, versionList } from '../s3-faults.js';

const REGION = '5. WORM bucket and its region';
const VERSIONING = '5. WORM bucket versioning';
const OBJECT_LOCK = '5. WORM bucket Object Lock';
const MAY_PUT = '5. permission to store a locked object';
const MAY_READ = '5. permission to read versions';
const MAY_READ_LOCKS = '5. permission to read locks';
const MAY_LIST = '5. permission to list versions';
const MAY_LIST_UPLOADS = '5. permission to list uploads';
const MAY_GO_ON = '5. permission to go on with an upload';
const MAY_GIVE_UP = '5. permission to give an upload up';

/** In the order of the report. */
export const BUCKET_CHECKS = [
  ...[REGION, VERSIONING, OBJECT_LOCK, MAY_PUT, MAY_READ, MAY_READ_LOCKS, MAY_LIST],
  ...[MAY_LIST_UPLOADS, MAY_GO_ON, MAY_GIVE_UP],
] as const;

function bucketIs(
  how: string,
  bucket: NonNullable<Control['bucket']>,
  back: NonNullable<Control['bucket']>,
  says: FaultCase['says'],
  failedChecks: readonly string[],
): FaultCase {
  return { what: 'bucket', how, inject: s3Control({ bucket }), mend: s3Control({ bucket: back }), says, failedChecks };
}

/** The caller's policy lacks one action: only the check that needs it fails. */
function denied(action: string, call: string, failedChecks: readonly string[], refused = 'S3 refused permission'): FaultCase {
  return {
    what: `\`${action}\``,
    how: 'not allowed to the caller',
    inject: s3Control({ deny: [action] }),
    says: [`${refused}: ${call} on s3://dpp-audit-worm-demo`, 'to the caller (aws sts get-caller-identity shows who'],
    failedChecks,
  };
}

function defaultRetention(rule: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days: number }, says: FaultCase['says']): FaultCase {
  const how = `default retention of ${rule.days} days in ${rule.mode}, the run asks for 365 in GOVERNANCE`;
  return bucketIs(how, { defaultRetention: rule }, { defaultRetention: null }, says, [OBJECT_LOCK]);
}

export const BUCKET: FaultGroup = {
  title: 'Pre-condition 5: the WORM bucket',
  stage: 'preflight',
  cases: [
    bucketIs(
      'does not exist',
      { remove: true },
      { create: true },
      [
        'There is no such bucket: HeadBucket on s3://dpp-audit-worm-demo (404',
        'Check DPP_WORM_BUCKET, the account and the region.',
      ],
      BUCKET_CHECKS,
    ),
    bucketIs(
      'is in another region',
      { region: 'eu-west-1' },
      { region: 'ap-northeast-2' },
      ['The bucket is in eu-west-1, not in ap-northeast-2: HeadBucket', 'Set AWS_REGION=eu-west-1 and start again.'],
      BUCKET_CHECKS,
    ),
    bucketIs(
      'has no Object Lock',
      { objectLock: 'Disabled' },
      { objectLock: 'Enabled' },
      ['expected Object Lock Enabled, found no Object Lock configuration', 'Use a bucket that was created with Object Lock.'],
      [OBJECT_LOCK, MAY_PUT, MAY_READ_LOCKS],
    ),
    bucketIs(
      'versioning suspended',
      { versioning: 'Suspended' },
      { versioning: 'Enabled' },
      ['expected versioning Enabled, found Suspended', 'Enable versioning on the bucket.'],
      [VERSIONING],
    ),
    bucketIs(
      'versioning never enabled',
      { versioning: null },
      { versioning: 'Enabled' },
      ['expected versioning Enabled, found none', 'Enable versioning on the bucket.'],
      [VERSIONING],
    ),
    defaultRetention({ mode: 'GOVERNANCE', days: 400 }, [
      "the bucket's default retention is GOVERNANCE for 400 days, the run asks for 365 days",
      'Set DPP_WORM_RETENTION_DAYS to at least 400.',
    ]),
    defaultRetention({ mode: 'COMPLIANCE', days: 30 }, [
      "the bucket's default retention is COMPLIANCE for 30 days, the run asks for GOVERNANCE",
      'Set DPP_WORM_OBJECT_LOCK_MODE=COMPLIANCE, or use another bucket.',
    ]),
    denied('s3:ListBucket', 'HeadBucket', [REGION]),
    denied('s3:GetBucketVersioning', 'GetBucketVersioning', [VERSIONING]),
    denied('s3:GetBucketObjectLockConfiguration', 'GetObjectLockConfiguration', [OBJECT_LOCK]),
    denied('s3:PutObject', 'PutObject', [MAY_PUT]),
    denied('s3:PutObjectRetention', 'PutObject', [MAY_PUT]),
    denied('s3:GetObjectVersion', 'GetObject', [MAY_READ]),
    denied('s3:GetObjectRetention', 'GetObjectRetention', [MAY_READ_LOCKS], 'Not permitted to verify the lock'),
    denied('s3:ListBucketVersions', 'ListObjectVersions', [MAY_LIST]),
    denied('s3:ListBucketMultipartUploads', 'ListMultipartUploads', [MAY_LIST_UPLOADS]),
    denied('s3:ListMultipartUploadParts', 'ListParts', [MAY_GO_ON]),
    denied('s3:AbortMultipartUpload', 'AbortMultipartUpload', [MAY_GIVE_UP]),
    bucketIs(
      'is of another account than the caller',
      { owner: '999999999999' },
      { owner: '000000000000' },
      [
        'S3 refused permission: HeadBucket on s3://dpp-audit-worm-demo (403',
        'If the bucket is of another account than 000000000000, set CUTOVER_BUCKET_OWNER to that one.',
      ],
      BUCKET_CHECKS,
    ),
    {
      what: 'locked write',
      how: 'the service does not know Object Lock on a PUT, with `If-None-Match: *` or without it: 501',
      inject: s3Fault('PutObject', { times: 2, error: ERRORS['501 NotImplemented'] }),
      says: ['the service does not know Object Lock on a PUT (501)', 'Use a service that supports Object Lock.'],
      failedChecks: [MAY_PUT],
    },
    {
      what: 'prefix of the run',
      how: 'an object lies under it',
      inject: s3Fault('ListObjectVersions', {
        lie: { body: { replaceWith: versionList('Version', 'evidence/cutover/foreign.txt') } },
      }),
      says: ['expected nothing under evidence/cutover/phase6_4_cutover/', 'Start a new run, with its own id.'],
      failedChecks: [MAY_LIST],
    },
  ],
};
