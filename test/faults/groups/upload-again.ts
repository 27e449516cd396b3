import { randomBytes } from 'node:crypto';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';
import { archiveFault, ERRORS, type ErrorName } from '../s3-faults.js';

const TRIED_AGAIN = '✗ Step 5a: WORM upload failed, is tried again — ';

function answers(error: ErrorName, times: number, code: string): FaultCase {
  return {
    what: 'PutObject',
    how: `${error}, ${times === 1 ? 'once' : `${times} times`}`,
    inject: archiveFault('PutObject', { times, error: ERRORS[error] }),
    exitCode: 0,
    says: [`${TRIED_AGAIN}${code}: `],
  };
}

/** Random, so that it does not get smaller in the archive: the connection breaks while the body is on its way. */
async function largeEvidence(pilot: FaultPilot): Promise<void> {
  await pilot.write(await pilot.evidenceFile('notes.bin'), randomBytes(4 * 1024 * 1024));
}

export const UPLOAD_AGAIN: FaultGroup = {
  title: 'Step 5a: the upload is tried again',
  stage: 'seal',
  cases: [
    answers('503 SlowDown', 2, 'S3_SLOW_DOWN'),
    {
      what: 'PutObject',
      how: '503 SlowDown, at each of the five attempts',
      inject: archiveFault('PutObject', { times: 'always', error: ERRORS['503 SlowDown'] }),
      says: ['Step 5a: WORM upload FAILED — S3_SLOW_DOWN: S3 asks to slow down: PutObject on s3://', 'Try again in a while.'],
    },
    answers('500 InternalError', 1, 'S3_UNAVAILABLE'),
    answers('409 ConditionalRequestConflict', 1, 'S3_CONFLICT'),
    answers('412 PreconditionFailed', 1, 'S3_CONFLICT'),
    {
      what: 'PutObject',
      how: 'the connection is cut before anything is stored',
      inject: archiveFault('PutObject', { reset: true }),
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_UNREACHABLE: `],
    },
    {
      what: 'PutObject',
      how: 'the connection is cut while the body is sent',
      inject: async (pilot) => {
        await largeEvidence(pilot);
        archiveFault('PutObject', { reset: true })(pilot);
      },
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_UNREACHABLE: `],
    },
    {
      what: 'PutObject',
      how: 'the connection is cut after the object was stored: it is taken over, and stays the only version',
      inject: archiveFault('PutObject', { at: 'after', reset: true }),
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_UNREACHABLE: `],
    },
    {
      what: 'PutObject',
      how: '500 InternalError after the object was stored: it is taken over, and stays the only version',
      inject: archiveFault('PutObject', { at: 'after', error: ERRORS['500 InternalError'] }),
      exitCode: 0,
      says: [`${TRIED_AGAIN}S3_UNAVAILABLE: `],
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
