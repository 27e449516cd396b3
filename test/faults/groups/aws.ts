import type { FaultCase, FaultGroup } from '../fault-case.js';
import { ERRORS, s3Control, s3Fault, type ErrorName, type S3Operation } from '../s3-faults.js';
import { BUCKET_CHECKS } from './bucket.js';

const IDENTITY = '3. AWS identity';
const [REGION, VERSIONING, OBJECT_LOCK, MAY_PUT, , , MAY_LIST] = BUCKET_CHECKS;
/** Nothing listens there. */
const NOBODY = 'http://127.0.0.1:1';

function answers(operation: S3Operation, error: ErrorName, says: FaultCase['says'], check: string): FaultCase {
  return {
    what: operation,
    how: error,
    inject: s3Fault(operation, { times: 'always', error: ERRORS[error] }),
    says,
    failedChecks: [check],
  };
}

function lies(
  operation: S3Operation,
  how: string,
  lie: NonNullable<Parameters<typeof s3Fault>[1]['lie']>,
  says: FaultCase['says'],
  check: string,
): FaultCase {
  return { what: operation, how, inject: s3Fault(operation, { lie }), says, failedChecks: [check] };
}

export const AWS: FaultGroup = {
  title: 'Pre-conditions 3 and 5: AWS answers otherwise, or not at all',
  stage: 'preflight',
  cases: [
    answers(
      'GetCallerIdentity',
      '403 AccessDenied',
      [
        'AWS_ACCESS_DENIED: STS GetCallerIdentity in ap-northeast-2 failed (403',
        'check keys, profile and the clock of this machine',
      ],
      IDENTITY,
    ),
    answers('GetCallerIdentity', '503 SlowDown', ['AWS_UNREACHABLE: STS GetCallerIdentity', 'Try again in a while.'], IDENTITY),
    lies(
      'GetCallerIdentity',
      'an answer without an account',
      { elements: { 'GetCallerIdentityResult.Account': null } },
      [
        'AWS_FAILED: STS GetCallerIdentity answered without an account and ARN.',
        'Check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS',
      ],
      IDENTITY,
    ),
    {
      what: 'STS',
      how: 'connection refused',
      inject: (pilot) => pilot.setVariable('AWS_ENDPOINT_URL_STS', NOBODY),
      says: ['AWS_UNREACHABLE: STS GetCallerIdentity', 'Check the network, the region and AWS_ENDPOINT_URL'],
      failedChecks: [IDENTITY],
    },
    {
      what: 'credentials',
      how: 'expired',
      inject: s3Control({ credentials: 'expired' }),
      says: ['AWS_CREDENTIALS_EXPIRED: STS GetCallerIdentity', 'log in again: aws sso login --profile dpp-admin'],
      failedChecks: [IDENTITY, ...BUCKET_CHECKS],
    },
    {
      what: 'credentials',
      how: 'none: `AWS_PROFILE` names no profile',
      inject: (pilot) => pilot.setVariable('AWS_PROFILE', 'nobody'),
      says: ['AWS_CREDENTIALS_MISSING: STS GetCallerIdentity', 'Check that AWS_PROFILE is a profile of this machine'],
      failedChecks: [IDENTITY, ...BUCKET_CHECKS],
    },
    {
      what: 'clock of this machine',
      how: 'an hour slow',
      inject: s3Control({ clockOffsetSeconds: 3600 }),
      says: ['The clock of this machine is wrong: HeadBucket on s3://dpp-audit-worm-demo (403', 'Set the clock (timedatectl)'],
      failedChecks: BUCKET_CHECKS,
    },
    {
      what: 'S3',
      how: 'connection refused',
      inject: (pilot) => pilot.setVariable('AWS_ENDPOINT_URL_S3', NOBODY),
      says: ['The connection to S3 failed: HeadBucket', 'Check the network to ap-northeast-2 and AWS_ENDPOINT_URL.'],
      failedChecks: BUCKET_CHECKS,
    },
    {
      what: 'HeadBucket',
      how: 'connection reset',
      inject: s3Fault('HeadBucket', { reset: true }),
      says: ['The connection to S3 failed: HeadBucket', 'Check the network to ap-northeast-2 and AWS_ENDPOINT_URL.'],
      failedChecks: [REGION],
    },
    answers(
      'HeadBucket',
      '400 InvalidRequest',
      ['S3 rejected the request without a reason: HeadBucket', 'Expired credentials and a wrong region are answered so'],
      REGION,
    ),
    answers('GetBucketVersioning', '500 InternalError', ['S3 failed: GetBucketVersioning', 'Try again in a while.'], VERSIONING),
    answers('PutObject', '503 SlowDown', ['S3 asks to slow down: PutObject', 'Try again in a while.'], MAY_PUT),
    answers('PutObject', '400 InvalidRequest', ['S3 rejected the request: PutObject', 'Read what S3 says'], MAY_PUT),
    lies(
      'HeadBucket',
      'another region in the answer',
      { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      ['AWS_REGION is ap-northeast-2, the bucket is in eu-west-1', 'Set AWS_REGION=eu-west-1.'],
      REGION,
    ),
    lies(
      'GetBucketVersioning',
      'no `Status` in the answer',
      { elements: { Status: null } },
      ['expected versioning Enabled, found none', 'Enable versioning on the bucket.'],
      VERSIONING,
    ),
    lies(
      'GetObjectLockConfiguration',
      'no `ObjectLockEnabled` in the answer',
      { elements: { ObjectLockEnabled: null } },
      ['expected Object Lock Enabled, found none', 'Use a bucket that was created with Object Lock.'],
      OBJECT_LOCK,
    ),
    lies(
      'ListObjectVersions',
      'an answer that is not XML',
      { body: { replaceWith: '<html>captive portal' } },
      [
        'The request or its answer could not be understood: ListObjectVersions',
        'Check that AWS_ENDPOINT_URL, if set, is an S3 service',
      ],
      MAY_LIST,
    ),
  ],
};
