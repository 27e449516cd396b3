import type { FaultCase, FaultGroup } from '../fault-case.js';
import {
  abortForeignUpload,
  archiveFault,
  beginForeignUpload,
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

/** S3 has stored it, and says something else of it: the next attempt looks, and goes on with it. */
function lies(operation: S3Operation, how: string, headers: Record<string, string | null>, says: FaultCase['says']): FaultCase {
  return { what: operation, how, inject: archiveFault(operation, { lie: { headers } }), says };
}

export const UPLOAD: FaultGroup = {
  title: 'Step 5a: the upload is refused',
  stage: 'seal',
  cases: [
    {
      what: '`s3:PutObject`',
      how: 'not allowed any more',
      inject: s3Control({ deny: ['s3:PutObject'] }),
      says: ['S3_ACCESS_DENIED: S3 refused permission: CreateMultipartUpload on s3://', 'Allow s3:PutObject to the caller'],
    },
    {
      what: '`s3:PutObjectRetention`',
      how: 'not allowed any more',
      inject: s3Control({ deny: ['s3:PutObjectRetention'] }),
      says: [
        'S3_ACCESS_DENIED: S3 refused permission: CreateMultipartUpload on s3://',
        'Allow s3:PutObjectRetention to the caller',
      ],
    },
    {
      what: '`s3:ListBucketVersions`',
      how: 'not allowed any more',
      inject: s3Control({ deny: ['s3:ListBucketVersions'] }),
      says: ['S3_ACCESS_DENIED: S3 refused permission: ListObjectVersions on s3://', 'Allow s3:ListBucketVersions to the caller'],
    },
    {
      what: '`s3:ListBucketMultipartUploads`',
      how: 'not allowed any more',
      inject: s3Control({ deny: ['s3:ListBucketMultipartUploads'] }),
      says: [
        'S3_ACCESS_DENIED: S3 refused permission: ListMultipartUploads on s3://',
        'Allow s3:ListBucketMultipartUploads to the caller',
      ],
    },
    answers('CreateMultipartUpload', '400 InvalidRequest', [
      'S3_REJECTED: S3 rejected the request: CreateMultipartUpload on s3://',
      'that is a defect of cutover, report it with what S3 says',
    ]),
    answers('CompleteMultipartUpload', '400 InvalidRequest', [
      'S3_REJECTED: S3 rejected the request: CompleteMultipartUpload on s3://',
      'that is a defect of cutover, report it with what S3 says',
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
      says: ['S3_KEY_OCCUPIED: A foreign or different object lies at s3://', 'Remove it if you may, then: cutover retry <run>'],
    },
    {
      what: 'key of the archive',
      how: 'a foreign object comes between the look and the completion, which is answered with 412; the parts are given up',
      inject: async (pilot) => {
        await putForeign(pilot, ARCHIVE);
        archiveFault('ListObjectVersions', { lie: { elements: { Version: null } } })(pilot);
      },
      mend: (pilot) => removeForeign(pilot, ARCHIVE),
      says: ['S3_KEY_OCCUPIED: A foreign or different object lies at s3://', 'Remove it if you may, then: cutover retry <run>'],
    },
    {
      what: 'key of the archive',
      how: 'a delete marker lies there',
      inject: (pilot) => deleteForeign(pilot, ARCHIVE),
      mend: (pilot) => removeForeign(pilot, ARCHIVE),
      says: ['nothing more was uploaded: delete marker ', 'Remove it if you may, then: cutover retry <run>'],
    },
    {
      what: 'key of the archive',
      how: 'somebody else is uploading there',
      inject: (pilot) => beginForeignUpload(pilot, ARCHIVE),
      mend: (pilot) => abortForeignUpload(pilot, ARCHIVE),
      says: ['S3_FOREIGN_UPLOAD: Somebody else is uploading to s3://', 'Find out whose it is, abort it'],
    },
    lies('UploadPart', 'an answer without ETag', { etag: null }, [
      'WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/',
      'ETag of part 1: expected an ETag, found nothing',
    ]),
    lies('UploadPart', 'an answer with another checksum', { 'x-amz-checksum-sha256': 'AAAA' }, [
      'WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/',
      'found AAAA',
    ]),
    lies(
      'CompleteMultipartUpload',
      'an answer with another version than the one that is listed',
      { 'x-amz-version-id': 'other' },
      ['WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/', 'versions at the key: expected other, found '],
    ),
    {
      what: 'ListObjectVersions',
      how: 'nothing is listed after the completion',
      inject: archiveFault('ListObjectVersions', { nth: 2, lie: { elements: { Version: null } } }),
      says: ['WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/', 'versions at the key: expected ', 'found none'],
    },
    {
      what: 'GetObjectRetention',
      how: 'not allowed any more: what nobody may look at is not verified',
      inject: s3Control({ deny: ['s3:GetObjectRetention'] }),
      says: [
        'S3_ACCESS_DENIED: Not permitted to verify the lock: GetObjectRetention on s3://',
        'Allow s3:GetObjectRetention to the caller',
      ],
    },
  ],
};
