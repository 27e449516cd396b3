import { randomBytes } from 'node:crypto';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';
import { archiveFault, ERRORS, type ErrorName, type S3Operation } from '../s3-faults.js';

const TRIED_AGAIN = '✗ Step 5a: WORM upload failed, is tried again — ';

function answers(operation: S3Operation, error: ErrorName, times: number, code: string): FaultCase {
  return {
    what: operation,
    how: `${error}, ${times === 1 ? 'once' : `${times} times`}`,
    inject: archiveFault(operation, { times, error: ERRORS[error] }),
    exitCode: 0,
    says: [`${TRIED_AGAIN}${code}: `],
  };
}

/** Random, so that it does not get smaller in the archive: the connection breaks while the body is on its way. */
async function largeEvidence(pilot: FaultPilot): Promise<void> {
  await pilot.write(await pilot.evidenceFile('notes.bin'), randomBytes(4 * 1024 * 1024));
}

/** What is in progress could still become a second version. */
function nothingInProgress({ site }: FaultPilot): void {
  const { uploads } = site.s3.state();
  if (uploads.length > 0) throw new Error(`still in progress: ${uploads.map(({ key }) => key).join(', ')}`);
}

export const UPLOAD_AGAIN: FaultGroup = {
  title: 'Step 5a: the upload is tried again',
  stage: 'seal',
  cases: [
    answers('UploadPart', '503 SlowDown', 2, 'S3_SLOW_DOWN'),
    {
      what: 'UploadPart',
      how: '503 SlowDown, at each of the five attempts',
      inject: archiveFault('UploadPart', { times: 'always', error: ERRORS['503 SlowDown'] }),
      says: ['Step 5a: WORM upload FAILED — S3_SLOW_DOWN: S3 asks to slow down: UploadPart on s3://', 'Try again in a while.'],
    },
    answers('CreateMultipartUpload', '500 InternalError', 1, 'S3_UNAVAILABLE'),
    answers('CompleteMultipartUpload', '500 InternalError', 1, 'S3_UNAVAILABLE'),
    answers('CompleteMultipartUpload', '409 ConditionalRequestConflict', 1, 'S3_CONFLICT'),
    answers('CompleteMultipartUpload', '412 PreconditionFailed', 1, 'S3_CONFLICT'),
    {
      what: 'CompleteMultipartUpload',
      how: '501 NotImplemented, because the service does not know the condition: it is asked without it',
      inject: archiveFault('CompleteMultipartUpload', { error: ERRORS['501 NotImplemented'] }),
      exitCode: 0,
      says: ['Verified — VersionId='],
    },
    {
      what: 'CreateMultipartUpload',
      how: 'the connection is cut after the upload was begun: it has no parts, and is given up for another one',
      inject: archiveFault('CreateMultipartUpload', { at: 'after', reset: true }),
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_UNREACHABLE: `],
      holdsInTheEnd: nothingInProgress,
    },
    {
      what: 'UploadPart',
      how: 'the connection is cut before anything is stored',
      inject: archiveFault('UploadPart', { reset: true }),
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_UNREACHABLE: `],
    },
    {
      what: 'UploadPart',
      how: 'the connection is cut while the body is sent',
      inject: async (pilot) => {
        await largeEvidence(pilot);
        archiveFault('UploadPart', { at: 'during', reset: true })(pilot);
      },
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_UNREACHABLE: `],
    },
    {
      what: 'CompleteMultipartUpload',
      how: 'the connection is cut after the object was stored: it is looked up at once, taken over, and stays the only version',
      inject: archiveFault('CompleteMultipartUpload', { at: 'after', reset: true }),
      exitCode: 0,
      says: ['Verified — VersionId='],
      holdsInTheEnd: nothingInProgress,
    },
    {
      what: 'CompleteMultipartUpload',
      how: '500 InternalError after the object was stored: it is looked up at once, taken over, and stays the only version',
      inject: archiveFault('CompleteMultipartUpload', { at: 'after', error: ERRORS['500 InternalError'] }),
      exitCode: 0,
      says: ['Verified — VersionId='],
      holdsInTheEnd: nothingInProgress,
    },
    {
      what: 'ListObjectVersions',
      how: '503 SlowDown, once',
      inject: archiveFault('ListObjectVersions', { error: ERRORS['503 SlowDown'] }),
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_SLOW_DOWN: `],
    },
  ],
};
