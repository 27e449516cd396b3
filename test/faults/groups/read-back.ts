import type { FaultCase, FaultGroup } from '../fault-case.js';
import { archiveFault, ERRORS, s3Control, versionList } from '../s3-faults.js';

const LOCK_MODE = 'x-amz-object-lock-mode';
const RETAIN_UNTIL = 'x-amz-object-lock-retain-until-date';
const NOT_WHAT_WAS_ASKED = 'WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/';
const TODO = 'Do not rely on this object: find out who changes the bucket or its answers, then: cutover retry <run>';
const SOON = '2026-01-01T00:00:00.000Z';
/** What HeadObject leaves out for a caller who may not read locks. */
const WITHOUT_LOCK = { [LOCK_MODE]: null, [RETAIN_UNTIL]: null };
const WITHOUT_CHECKSUM = { 'x-amz-checksum-sha256': null, 'x-amz-checksum-type': null };

type Inject = FaultCase['inject'];
type Headers = Record<string, string | null>;

function head(headers: Headers): Inject {
  return archiveFault('HeadObject', { times: 'always', lie: { headers } });
}

function both(...injects: readonly Inject[]): Inject {
  return async (pilot) => {
    for (const inject of injects) await inject(pilot);
  };
}

/** One field of an answer is not what was asked for. */
function differs(what: string, how: string, inject: Inject, field: string): FaultCase {
  return { what, how, inject, says: [NOT_WHAT_WAS_ASKED, `${field}: expected `, TODO] };
}

function headDiffers(how: string, headers: Headers, field: string): FaultCase {
  return differs('HeadObject', how, head(headers), field);
}

/** The lock is asked for by itself, and the answer is another one. */
function lockDiffers(how: string, elements: Headers, field: string): FaultCase {
  const retention = archiveFault('GetObjectRetention', { times: 'always', lie: { elements } });
  return differs('GetObjectRetention', how, both(head(WITHOUT_LOCK), retention), field);
}

/** The list of the read-back; one before the upload and one after it came first. */
function list(fault: Parameters<typeof archiveFault>[1]): Inject {
  return archiveFault('ListObjectVersions', { nth: 3, times: 'always', ...fault });
}

function denied(what: string, inject: Inject, action: string): FaultCase {
  return {
    what,
    how: '403',
    inject,
    says: [`S3_ACCESS_DENIED: S3 refused permission: ${what} on s3://`, `Allow ${action}`],
  };
}

export const READ_BACK: FaultGroup = {
  title: 'Step 5b: what is read back is not what was asked for',
  stage: 'seal',
  cases: [
    headDiffers('another version id', { 'x-amz-version-id': 'of-somebody-else' }, 'VersionId'),
    headDiffers('no version id', { 'x-amz-version-id': null }, 'VersionId'),
    headDiffers('another size', { 'content-length': '7' }, 'ContentLength'),
    headDiffers('another ETag', { etag: '"0"' }, 'ETag'),
    headDiffers('no ETag', { etag: null }, 'ETag'),
    headDiffers('another lock mode', { [LOCK_MODE]: 'COMPLIANCE' }, 'ObjectLockMode'),
    headDiffers('retained for a shorter time', { [RETAIN_UNTIL]: SOON }, 'ObjectLockRetainUntilDate'),
    headDiffers('another SHA-256', { 'x-amz-checksum-sha256': 'AAAA' }, 'ChecksumSHA256'),
    {
      what: 'HeadObject',
      how: 'no retain-until date: the lock is read with GetObjectRetention',
      inject: head({ [RETAIN_UNTIL]: null }),
      exitCode: 0,
      says: ['Verified — VersionId='],
    },
    {
      what: 'HeadObject',
      how: 'no lock at all: it is read with GetObjectRetention',
      inject: head(WITHOUT_LOCK),
      exitCode: 0,
      says: ['Verified — VersionId='],
    },
    lockDiffers('another mode', { Mode: 'COMPLIANCE' }, 'ObjectLockMode'),
    lockDiffers('no mode', { Mode: null }, 'ObjectLockMode'),
    lockDiffers('retained for a shorter time', { RetainUntilDate: SOON }, 'ObjectLockRetainUntilDate'),
    lockDiffers('no retain-until date', { RetainUntilDate: null }, 'ObjectLockRetainUntilDate'),
    headDiffers('a legal hold that nobody asked for', { 'x-amz-object-lock-legal-hold': 'ON' }, 'ObjectLockLegalHoldStatus'),
    headDiffers('a SHA-256 of other parts', { 'x-amz-checksum-sha256': 'AAAA-1' }, 'ChecksumSHA256'),
    {
      what: 'HeadObject',
      how: 'no SHA-256 that says what it is of: the content is downloaded',
      inject: head({ 'x-amz-checksum-type': null }),
      exitCode: 0,
      says: ['Verified — VersionId='],
    },
  ],
};

export const READ_BACK_CALLS: FaultGroup = {
  title: 'Step 5b: the calls that read back',
  stage: 'seal',
  cases: [
    differs(
      'GetObject',
      'one bit of the content is another',
      both(head(WITHOUT_CHECKSUM), archiveFault('GetObject', { lie: { body: { flipByteAt: 100 } } })),
      'SHA-256 of the download',
    ),
    {
      what: 'GetObject',
      how: 'the content is cut off, once',
      inject: both(head(WITHOUT_CHECKSUM), archiveFault('GetObject', { lie: { body: { truncateTo: 100 } } })),
      exitCode: 0,
      says: ['Step 5b: WORM verification failed, is tried again — S3_UNREACHABLE: '],
    },
    differs(
      'ListObjectVersions',
      'another version',
      list({ lie: { elements: { 'Version.VersionId': 'of-somebody-else' } } }),
      'versions at the key',
    ),
    differs('ListObjectVersions', 'no version', list({ lie: { elements: { Version: null } } }), 'versions at the key'),
    differs(
      'ListObjectVersions',
      'a delete marker alone',
      async (pilot) => {
        const replaceWith = versionList('DeleteMarker', await pilot.objectKey('evidence.tar.gz'));
        await list({ lie: { body: { replaceWith } } })(pilot);
      },
      'versions at the key',
    ),
    {
      what: 'ListObjectVersions',
      how: 'does not say whether it is complete',
      inject: list({ lie: { elements: { IsTruncated: null } } }),
      says: [
        'S3_REJECTED: The list of versions at evidence/cutover/',
        'Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.',
      ],
    },
    {
      what: 'ListObjectVersions',
      how: 'an answer that is not XML',
      inject: list({ lie: { body: { replaceWith: '<html>captive portal' } } }),
      says: [
        'S3_REJECTED: The request or its answer could not be understood: ListObjectVersions',
        'Check that AWS_ENDPOINT_URL, if set, is an S3 service',
      ],
    },
    denied(
      'HeadObject',
      s3Control({ deny: ['s3:GetObjectVersion'] }),
      's3:GetObject, s3:GetObjectVersion and s3:ListBucket to the caller',
    ),
    {
      what: 'GetObjectRetention',
      how: '403',
      // The first one is of the upload.
      inject: both(head(WITHOUT_LOCK), archiveFault('GetObjectRetention', { nth: 2, error: ERRORS['403 AccessDenied'] })),
      says: ['S3_ACCESS_DENIED: Not permitted to verify the lock: GetObjectRetention on s3://', 'Allow s3:GetObjectRetention'],
    },
    denied(
      'GetObject',
      both(head(WITHOUT_CHECKSUM), archiveFault('GetObject', { error: ERRORS['403 AccessDenied'] })),
      's3:GetObject, s3:GetObjectVersion and s3:ListBucket to the caller',
    ),
    denied('ListObjectVersions', list({ error: ERRORS['403 AccessDenied'] }), 's3:ListBucketVersions to the caller'),
    {
      what: 'HeadObject',
      how: '500, once',
      inject: archiveFault('HeadObject', { error: ERRORS['500 InternalError'] }),
      exitCode: 0,
      says: ['Step 5b: WORM verification failed, is tried again — S3_UNAVAILABLE: '],
    },
  ],
};
