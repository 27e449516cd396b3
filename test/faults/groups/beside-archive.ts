import type { FaultCase, FaultGroup } from '../fault-case.js';
import { ERRORS, objectFault, putForeign, removeForeign } from '../s3-faults.js';

const MANIFEST = '60_evidence_seal_manifest.json';
const UPLOAD_LOG = '70_worm_upload_stdout.txt';
const HISTORY = '80_history_after_seal.ndjson';
const SUMMARY = '90_result_summary.txt';
/** ListObjectVersions: before and after the upload of the archive and in its read-back, then the same for each object in this order. */
const LISTED_BEFORE_SUMMARY = 15;

function differs(name: string, how: string, headers: Record<string, string | null>, field: string): FaultCase {
  return {
    what: `HeadObject of ${name}`,
    how,
    inject: objectFault('HeadObject', name, { times: 'always', lie: { headers } }),
    says: [
      `✗ Result summary FAILED — WORM_VERIFY_FAILED: What S3 shows at evidence/cutover/`,
      `/${name} is not what was asked for: ${field}: expected `,
      'Do not rely on this object',
    ],
  };
}

function refused(operation: 'CreateMultipartUpload' | 'HeadObject', name: string, todo: string): FaultCase {
  return {
    what: `${operation} of ${name}`,
    how: '403',
    inject: objectFault(operation, name, { error: ERRORS['403 AccessDenied'] }),
    says: [`✗ Result summary FAILED — S3_ACCESS_DENIED: S3 refused permission: ${operation} on s3://`, `/${name} (403`, todo],
  };
}

export const BESIDE_ARCHIVE: FaultGroup = {
  title: 'Result summary: the objects that are locked beside the archive',
  stage: 'seal',
  cases: [
    refused('CreateMultipartUpload', MANIFEST, 'Allow s3:PutObject and s3:PutObjectRetention to the caller'),
    refused('CreateMultipartUpload', SUMMARY, 'Allow s3:PutObject and s3:PutObjectRetention to the caller'),
    refused('HeadObject', UPLOAD_LOG, 'Allow s3:GetObject, s3:GetObjectVersion and s3:ListBucket to the caller'),
    differs(MANIFEST, 'another size', { 'content-length': '7' }, 'ContentLength'),
    differs(UPLOAD_LOG, 'another lock mode', { 'x-amz-object-lock-mode': 'COMPLIANCE' }, 'ObjectLockMode'),
    differs(HISTORY, 'another SHA-256', { 'x-amz-checksum-sha256': 'AAAA' }, 'ChecksumSHA256'),
    differs(
      SUMMARY,
      'retained for a shorter time',
      { 'x-amz-object-lock-retain-until-date': '2026-01-01T00:00:00.000Z' },
      'ObjectLockRetainUntilDate',
    ),
    {
      what: 'ListObjectVersions of the summary',
      how: 'another version after the upload',
      inject: objectFault('ListObjectVersions', SUMMARY, {
        nth: LISTED_BEFORE_SUMMARY + 2,
        lie: { elements: { 'Version.VersionId': 'of-somebody-else' } },
      }),
      says: [`/${SUMMARY} is not what was asked for: versions at the key: expected `, 'Do not rely on this object'],
    },
    {
      what: `key of ${MANIFEST}`,
      how: 'a foreign object lies there',
      inject: (pilot) => putForeign(pilot, MANIFEST),
      mend: (pilot) => removeForeign(pilot, MANIFEST),
      says: ['S3_KEY_OCCUPIED: A foreign or different object lies at s3://', 'Remove it if you may, then: cutover retry <run>'],
    },
    {
      what: `UploadPart of ${UPLOAD_LOG}`,
      how: '503 SlowDown, once',
      inject: objectFault('UploadPart', UPLOAD_LOG, { error: ERRORS['503 SlowDown'] }),
      exitCode: 0,
      says: ['✗ Result summary failed, is tried again — S3_SLOW_DOWN: '],
    },
    {
      what: `UploadPart of ${SUMMARY}`,
      how: 'the connection is cut after the part was stored: the next attempt goes on with the upload',
      inject: objectFault('UploadPart', SUMMARY, { at: 'after', reset: true }),
      exitCode: 0,
      says: ['✗ Result summary failed, is tried again — S3_UNREACHABLE: '],
    },
    {
      what: `CompleteMultipartUpload of ${SUMMARY}`,
      how: 'the connection is cut after the object was stored: it is looked up at once, taken over, and stays the only version',
      inject: objectFault('CompleteMultipartUpload', SUMMARY, { at: 'after', reset: true }),
      exitCode: 0,
      says: ['VERDICT: PASS'],
    },
  ],
};
