import type { FaultCase, FaultGroup } from '../fault-case.js';
import {
  archiveFault,
  deleteForeign,
  ERRORS,
  putForeign,
  removeForeign,
  s3Control,
  type ErrorName,
  type S3Operation,
} from '../s3-faults.js';

const ARCHIVE = 'evidence.tar.gz';

function answers(operation: S3Operation, error: ErrorName, says: FaultCase['says']): FaultCase {
  return { what: operation, how: error, inject: archiveFault(operation, { error: ERRORS[error] }), says };
}

/** S3 has stored the object, and says something else of it: the next attempt looks, and takes it over. */
function lies(how: string, headers: Record<string, string | null>, says: FaultCase['says']): FaultCase {
  return { what: 'PutObject', how, inject: archiveFault('PutObject', { lie: { headers } }), says };
}

export const UPLOAD: FaultGroup = {
  title: 'Step 5a: the upload is refused',
  stage: 'seal',
  cases: [
    {
      what: '`s3:PutObject`',
      how: 'not allowed any more',
      inject: s3Control({ deny: ['s3:PutObject'] }),
      says: ['S3_ACCESS_DENIED: S3 refused permission: PutObject on s3://', 'Allow s3:PutObject to the caller'],
    },
    {
      what: '`s3:PutObjectRetention`',
      how: 'not allowed any more',
      inject: s3Control({ deny: ['s3:PutObjectRetention'] }),
      says: ['S3_ACCESS_DENIED: S3 refused permission: PutObject on s3://', 'Allow s3:PutObjectRetention to the caller'],
    },
    {
      what: '`s3:ListBucketVersions`',
      how: 'not allowed any more',
      inject: s3Control({ deny: ['s3:ListBucketVersions'] }),
      says: ['S3_ACCESS_DENIED: S3 refused permission: ListObjectVersions on s3://', 'Allow s3:ListBucketVersions to the caller'],
    },
    answers('PutObject', '400 InvalidRequest', ['S3_REJECTED: S3 rejected the request: PutObject on s3://', 'Read what S3 says']),
    answers('PutObject', '501 NotImplemented', [
      'S3_CONDITIONAL_WRITE_UNSUPPORTED: The service behind s3://',
      'Use a service that supports conditional writes.',
    ]),
    {
      what: 'credentials',
      how: 'expired since the pause',
      inject: s3Control({ credentials: 'expired' }),
      says: ['STS GetCallerIdentity in ap-northeast-2 failed (403', 'log in again: aws sso login --profile dpp-admin'],
    },
    answers('ListObjectVersions', '400 ExpiredToken', [
      'S3_CREDENTIALS_EXPIRED: The AWS credentials have expired: ListObjectVersions',
      'Log in again: aws sso login, then: cutover retry <run>',
    ]),
    {
      what: 'bucket',
      how: 'removed since the pause',
      inject: s3Control({ bucket: { remove: true } }),
      mend: s3Control({ bucket: { create: true } }),
      says: [
        'S3_NO_SUCH_BUCKET: There is no such bucket: ListObjectVersions',
        'Check DPP_WORM_BUCKET, the account and the region.',
      ],
    },
    {
      what: 'bucket',
      how: 'versioning suspended since the pause: the archive is stored as version `null`, which must be removed',
      inject: s3Control({ bucket: { versioning: 'Suspended' } }),
      mend: s3Control({ bucket: { versioning: 'Enabled', forget: true } }),
      says: ['S3_NOT_VERSIONED: S3 stored evidence/cutover/', 'Enable versioning and Object Lock on dpp-audit-worm-demo'],
    },
    {
      what: 'clock of this machine',
      how: 'an hour slow since the pause',
      inject: s3Control({ clockOffsetSeconds: 3600 }),
      says: [
        'S3_CLOCK_SKEW: The clock of this machine is wrong: ListObjectVersions',
        'Set the clock (timedatectl), then try again.',
      ],
    },
    {
      what: 'key of the archive',
      how: 'a foreign object lies there',
      inject: (pilot) => putForeign(pilot, ARCHIVE),
      mend: (pilot) => removeForeign(pilot, ARCHIVE),
      says: ['S3_KEY_OCCUPIED: A foreign or different object lies at s3://', 'Remove it if you may, or seal from a new run.'],
    },
    {
      what: 'key of the archive',
      how: 'a foreign object comes between the look and the PUT, which is answered with 412',
      inject: async (pilot) => {
        await putForeign(pilot, ARCHIVE);
        archiveFault('ListObjectVersions', { lie: { elements: { Version: null } } })(pilot);
      },
      mend: (pilot) => removeForeign(pilot, ARCHIVE),
      says: ['S3_KEY_OCCUPIED: A foreign or different object lies at s3://', 'Remove it if you may, or seal from a new run.'],
    },
    {
      what: 'key of the archive',
      how: 'a delete marker lies there',
      inject: (pilot) => deleteForeign(pilot, ARCHIVE),
      mend: (pilot) => removeForeign(pilot, ARCHIVE),
      says: ['nothing was uploaded: delete marker ', 'Remove it if you may, or seal from a new run.'],
    },
    lies('an answer without version id', { 'x-amz-version-id': null }, [
      'S3_NOT_VERSIONED: S3 stored evidence/cutover/',
      'Enable versioning and Object Lock on dpp-audit-worm-demo',
    ]),
    lies('an answer without ETag', { etag: null }, [
      'WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/',
      'ETag: expected an ETag, found nothing',
    ]),
    lies('an answer with another checksum', { 'x-amz-checksum-sha256': 'AAAA' }, [
      'WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/',
      'found AAAA',
    ]),
  ],
};
