import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { ActorError } from '../../../src/actors/actor.js';
import { codeOf, explainS3Error, s3Error, statusOf, type S3Request } from '../../../src/actors/s3/errors.js';
import { networkError, sdkError, type Answered } from './sdk-error.js';

const REGION = 'ap-northeast-2';
const put: S3Request = { operation: 'PutObject', bucket: 'worm', key: 'a/evidence.tar.gz', region: REGION };
const headBucket: S3Request = { operation: 'HeadBucket', bucket: 'worm', key: null, region: REGION };
const explain = (answer: Answered, request = put) => explainS3Error(sdkError(answer), request);

afterEach(() => {
  jest.restoreAllMocks();
});

describe('what the operator reads', () => {
  test('names the trouble, the call, the object, what S3 said and what to do; the facts are kept apart', () => {
    const cause = sdkError({ status: 503, code: 'SlowDown', message: ' Please\n reduce  your rate. ', requestId: 'R1' });
    const error = s3Error(cause, put);
    expect(error).toBeInstanceOf(ActorError);
    expect(error.code).toBe('S3_SLOW_DOWN');
    expect(error.message).toBe(
      'S3 asks to slow down: PutObject on s3://worm/a/evidence.tar.gz (503 SlowDown: Please reduce your rate.; request id R1). ' +
        'Try again in a while.',
    );
    expect(error.options).toEqual({
      details: { operation: 'PutObject', key: 'a/evidence.tar.gz', status: 503, s3Code: 'SlowDown', requestId: 'R1' },
      transient: true,
      cause,
    });
  });

  test('without an answer there is no status and no request id to show', () => {
    const error = s3Error(networkError('connect ECONNREFUSED 127.0.0.1:9', { code: 'ECONNREFUSED' }), headBucket);
    expect(error.message).toBe(
      'The connection to S3 failed: HeadBucket on s3://worm (Error: connect ECONNREFUSED 127.0.0.1:9). ' +
        'Check the network to ap-northeast-2 and AWS_ENDPOINT_URL. Whether the request took effect is looked up next time.',
    );
    expect(error.options).toMatchObject({
      details: { operation: 'HeadBucket', key: null, status: null, s3Code: 'Error', requestId: null },
      transient: true,
    });
  });

  test.each<[string, Answered, string]>([
    ['in the answer', { requestId: 'R1', headers: { 'x-amz-request-id': 'R2' } }, 'R1'],
    ['in its headers', { headers: { 'x-amz-request-id': 'R2' } }, 'R2'],
    ['nowhere', {}, 'unknown'],
  ])('the request id is looked for %s', (_where, answer, shown) => {
    const { what } = explain({ status: 500, code: 'InternalError', ...answer });
    expect(what).toBe(`S3 failed: PutObject on s3://worm/a/evidence.tar.gz (500 InternalError: said S3; request id ${shown})`);
  });

  test('what is no error at all is shown as it is', () => {
    expect(s3Error('cut off', put)).toMatchObject({
      code: 'S3_REJECTED',
      message: expect.stringContaining('(Error: cut off)'),
      options: { details: { s3Code: 'Error', status: null }, transient: false },
    });
  });
});

const REJECTED = [
  'S3_REJECTED',
  'S3 rejected the request',
  'Read what S3 says, and look its code up in the S3 documentation.',
  false,
] as const;
const EXPIRED = [
  'S3_CREDENTIALS_EXPIRED',
  'The AWS credentials have expired',
  'Log in again: aws sso login, then: cutover retry <run>',
  false,
] as const;
const NO_BUCKET = [
  'S3_NO_SUCH_BUCKET',
  'There is no such bucket',
  'Check DPP_WORM_BUCKET, the account and the region.',
  false,
] as const;
const BAD_KEYS = [
  'S3_REJECTED',
  'S3 does not accept the credentials',
  'Check them with: aws sts get-caller-identity',
  false,
] as const;
const SLOW_DOWN = ['S3_SLOW_DOWN', 'S3 asks to slow down', 'Try again in a while.', true] as const;
const UNAVAILABLE = ['S3_UNAVAILABLE', 'S3 failed', 'Try again in a while.', true] as const;
const DAMAGED = [
  'S3_TRANSFER_DAMAGED',
  'The bytes did not arrive as they were sent',
  'Nothing was stored; try again.',
  true,
] as const;
const CONFLICT = ['S3_CONFLICT', 'Another request changed the same object', 'Try again.', true] as const;
const WITHOUT_REASON = [
  'S3_REJECTED',
  'S3 rejected the request without a reason',
  'Expired credentials and a wrong region are answered so: aws sts get-caller-identity; then aws sso login.',
  false,
] as const;

const WRONG_REQUEST = [
  'S3_REJECTED',
  'S3 rejected the request',
  'Read what S3 says, and look its code up in the S3 documentation. ' +
    'The request itself is wrong: that is a defect of cutover, report it with what S3 says.',
  false,
] as const;
const UPLOAD_GONE = [
  'S3_UPLOAD_GONE',
  'The upload is not in progress any more',
  'It was completed or aborted; which, is looked up next time.',
  true,
] as const;

type Meaning = readonly [code: string, what: string, todo: string, transient: boolean];

describe('what an answer of S3 means', () => {
  test.each<[number, string, Meaning]>([
    [400, 'ExpiredToken', EXPIRED],
    [403, 'ExpiredTokenException', EXPIRED],
    [400, 'TokenRefreshRequired', EXPIRED],
    [403, 'RequestExpired', EXPIRED],
    [400, 'NotAnExpiredToken', WRONG_REQUEST],
    [400, 'ExpiredTokens', WRONG_REQUEST],
    [404, 'NoSuchBucket', NO_BUCKET],
    [404, 'NoSuchKey', REJECTED],
    [404, 'NoSuchUpload', UPLOAD_GONE],
    [404, 'NoSuchUploads', REJECTED],
    [403, 'InvalidAccessKeyId', BAD_KEYS],
    [403, 'SignatureDoesNotMatch', BAD_KEYS],
    [400, 'InvalidToken', BAD_KEYS],
    [400, 'InvalidTokens', WRONG_REQUEST],
    [400, 'AnInvalidToken', WRONG_REQUEST],
    [503, 'SlowDown', SLOW_DOWN],
    [503, 'ServiceUnavailable', SLOW_DOWN],
    [429, 'Whatever', SLOW_DOWN],
    [400, 'SlowDown', SLOW_DOWN],
    [400, 'Throttling', SLOW_DOWN],
    [400, 'ThrottlingException', SLOW_DOWN],
    [400, 'RequestLimitExceeded', SLOW_DOWN],
    [400, 'TooManyRequests', SLOW_DOWN],
    [400, 'TooManyRequestsException', SLOW_DOWN],
    [400, 'NoSlowDown', WRONG_REQUEST],
    [400, 'SlowDowns', WRONG_REQUEST],
    [400, 'Throttling-', WRONG_REQUEST],
    [400, 'TooManyRequests-', WRONG_REQUEST],
    [500, 'Whatever', UNAVAILABLE],
    [502, 'BadGateway', UNAVAILABLE],
    [504, 'GatewayTimeout', UNAVAILABLE],
    [400, 'InternalError', UNAVAILABLE],
    [505, 'HttpVersionNotSupported', REJECTED],
    [400, 'RequestTimeout', DAMAGED],
    [400, 'IncompleteBody', DAMAGED],
    [400, 'BadDigest', DAMAGED],
    [400, 'XAmzContentSHA256Mismatch', DAMAGED],
    [400, 'BadDigests', WRONG_REQUEST],
    [400, 'NoBadDigest', WRONG_REQUEST],
    [409, 'OperationAborted', CONFLICT],
    [409, 'ConditionalRequestConflict', CONFLICT],
    [409, 'BucketAlreadyExists', REJECTED],
    [409, 'AnOperationAborted', REJECTED],
    [409, 'OperationAborteds', REJECTED],
    [400, '400', WITHOUT_REASON],
    [400, 'BadRequest', WITHOUT_REASON],
    [400, 'UnknownError', WITHOUT_REASON],
    [400, 'Unknown', WITHOUT_REASON],
    [400, 'UnknownErrors', WRONG_REQUEST],
    [400, 'NoUnknown', WRONG_REQUEST],
    [418, 'Unknown', REJECTED],
    [412, 'PreconditionFailed', REJECTED],
    [300, 'MultipleChoices', REJECTED],
  ])('%d %s', (status, code, [meaning, what, todo, transient]) => {
    expect(explain({ status, code, requestId: 'R1' })).toEqual({
      code: meaning,
      what: `${what}: PutObject on s3://worm/a/evidence.tar.gz (${status} ${code}: said S3; request id R1)`,
      todo,
      transient,
    });
  });

  test('a bucket that HEAD does not find is none; a missing object says nothing about its bucket', () => {
    const answer = { status: 404, name: 'NotFound', message: 'UnknownError' };
    expect(explain(answer, headBucket).code).toBe('S3_NO_SUCH_BUCKET');
    expect(explain(answer, { ...put, operation: 'HeadObject' }).code).toBe('S3_REJECTED');
    expect(explain({ ...answer, status: 405 }, headBucket).code).toBe('S3_REJECTED');
  });

  test('an answer that is no rejection but could not be read is not understood', () => {
    const unread = explain({ status: 200, name: 'SyntaxError', message: 'no XML' });
    expect(unread).toEqual({
      code: 'S3_REJECTED',
      what: 'The request or its answer could not be understood: PutObject on s3://worm/a/evidence.tar.gz (SyntaxError: no XML)',
      todo: 'Check that AWS_ENDPOINT_URL, if set, is an S3 service, and that files it reads are there.',
      transient: false,
    });
    expect(explain({ status: 299, name: 'Odd' }).what).toMatch(/^The request or its answer could not be understood: /);
  });
});

describe('a request that went to the wrong region', () => {
  const header = { 'x-amz-bucket-region': 'eu-west-1' };
  test.each<[string, Answered]>([
    ['a redirect', { status: 301, code: 'PermanentRedirect', headers: header }],
    ['a redirect without a body', { status: 301, name: '301', headers: header }],
    ['a temporary redirect', { status: 307, code: 'TemporaryRedirect', headers: header }],
    ['a rejected signature', { status: 400, code: 'AuthorizationHeaderMalformed', headers: header }],
    [
      'words alone',
      { status: 400, code: 'AuthorizationHeaderMalformed', message: "the region 'x' is wrong; expecting 'eu-west-1'" },
    ],
  ])('is told the right one, as %s names it', (_how, answer) => {
    const { code, what, todo, transient } = explain(answer);
    expect([code, todo, transient]).toEqual(['S3_WRONG_REGION', 'Set AWS_REGION=eu-west-1 and start again.', false]);
    expect(what).toMatch(/^The bucket is in eu-west-1, not in ap-northeast-2: PutObject on /);
  });

  test.each<[string, Answered]>([
    ['301', { status: 301, name: '301' }],
    ['PermanentRedirect', { status: 400, code: 'PermanentRedirect' }],
  ])('is told so, where %s does not name the right one', (_how, answer) => {
    expect(explain(answer)).toMatchObject({ code: 'S3_WRONG_REGION', todo: 'Set AWS_REGION=another region and start again.' });
  });

  test.each<[string, Answered]>([
    ['our own region', { status: 400, code: 'InvalidRequest', headers: { 'x-amz-bucket-region': REGION } }],
    ['another one in a refusal', { status: 403, code: 'AccessDenied', headers: header }],
    ['none', { status: 400, code: 'InvalidRequest', headers: {} }],
  ])('is no longer it when the answer names %s', (_what, answer) => {
    expect(explain(answer).code).not.toBe('S3_WRONG_REGION');
  });
});

describe('a wrong clock', () => {
  const NOW = Date.parse('2026-02-21T12:00:00Z');
  const at = (offsetMs: number) => ({ date: new Date(NOW + offsetMs).toUTCString() });
  const MINUTES = 60_000;
  const skewed = {
    code: 'S3_CLOCK_SKEW',
    todo: 'Set the clock (timedatectl), then try again.',
    what: expect.stringMatching(/^The clock of this machine is wrong: /),
    transient: false,
  };

  test.each<[string, Answered]>([
    ['S3 says so', { status: 403, code: 'RequestTimeTooSkewed' }],
    ['S3 is ahead', { status: 403, name: '403', headers: at(14 * MINUTES + 1000) }],
    ['S3 is behind', { status: 403, name: 'Forbidden', headers: at(-14 * MINUTES - 1000) }],
  ])('is known when %s', (_how, answer) => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW);
    expect(explain(answer, headBucket)).toEqual(skewed);
  });

  test.each<[string, Answered]>([
    ['14 minutes', { status: 403, name: '403', headers: at(14 * MINUTES) }],
    ['hours, but permission is what is missing', { status: 403, code: 'AccessDenied', headers: at(120 * MINUTES) }],
    ['hours, in another answer', { status: 404, code: 'NoSuchKey', headers: at(120 * MINUTES) }],
    ['nobody knows how much', { status: 403, name: '403', headers: {} }],
  ])('is not, when it is off by %s', (_how, answer) => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW);
    expect(explain(answer).code).not.toBe('S3_CLOCK_SKEW');
  });
});

describe('a missing permission', () => {
  test.each([
    ['HeadBucket', 's3:ListBucket'],
    ['GetBucketVersioning', 's3:GetBucketVersioning'],
    ['GetObjectLockConfiguration', 's3:GetBucketObjectLockConfiguration'],
    ['ListObjectVersions', 's3:ListBucketVersions'],
    ['PutObject', 's3:PutObject and s3:PutObjectRetention'],
    ['HeadObject', 's3:GetObject, s3:GetObjectVersion and s3:ListBucket'],
    ['GetObject', 's3:GetObject, s3:GetObjectVersion and s3:ListBucket'],
    ['ListMultipartUploads', 's3:ListBucketMultipartUploads'],
    ['ListParts', 's3:ListMultipartUploadParts'],
    ['CreateMultipartUpload', 's3:PutObject and s3:PutObjectRetention'],
    ['UploadPart', 's3:PutObject'],
    ['CompleteMultipartUpload', 's3:PutObject'],
    ['AbortMultipartUpload', 's3:AbortMultipartUpload'],
    ['PutObjectRetention', 's3:PutObjectRetention'],
    ['DeleteObject', 'the permission for DeleteObject'],
  ])('for %s is named: %s', (operation, permission) => {
    for (const status of [401, 403]) {
      expect(explain({ status, code: 'AccessDenied' }, { ...put, operation })).toEqual({
        code: 'S3_ACCESS_DENIED',
        what: expect.stringMatching(/^S3 refused permission: /),
        todo: `Allow ${permission} to the caller (aws sts get-caller-identity shows who that is).`,
        transient: false,
      });
    }
  });

  test('to read a lock means that it is not verified', () => {
    expect(explain({ status: 403, code: 'AccessDenied' }, { ...put, operation: 'GetObjectRetention' })).toMatchObject({
      code: 'S3_ACCESS_DENIED',
      what: expect.stringMatching(/^Not permitted to verify the lock: GetObjectRetention on /),
      todo: 'Allow s3:GetObjectRetention to the caller (aws sts get-caller-identity shows who that is).',
    });
  });

  test('is the one that S3 names, when it names one', () => {
    const message = 'User: arn:aws:iam::000000000000:user/op is not authorized to perform: s3:PutObjectRetention on resource: x';
    expect(explain({ status: 403, code: 'AccessDenied', message }).todo).toMatch(/^Allow s3:PutObjectRetention to the caller /);
  });
});

describe('a request that S3 did not answer', () => {
  const unreachable = {
    code: 'S3_UNREACHABLE',
    what: expect.stringMatching(/^The connection to S3 failed: /),
    todo: 'Check the network to ap-northeast-2 and AWS_ENDPOINT_URL. Whether the request took effect is looked up next time.',
    transient: true,
  };
  test.each<[string, { readonly name?: string; readonly code?: string }]>([
    ['no route', { code: 'EHOSTUNREACH' }],
    ['getaddrinfo ENOTFOUND s3', {}],
    ['read ECONNRESET', { name: 'TimeoutError' }],
    ['socket hang up', {}],
    ['Parse Error: HPE_INVALID_CONSTANT', {}],
    ['wrong version', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }],
    ['Premature close', { code: 'ERR_STREAM_PREMATURE_CLOSE' }],
    ['Aborted', {}],
  ])('may have taken effect: %s %j', (message, fields) => {
    expect(explainS3Error(networkError(message, fields), put)).toEqual(unreachable);
  });

  test('one that took too long is told from one that was cut off', () => {
    expect(explainS3Error(networkError('no answer within 60000 ms', { name: 'TimeoutError' }), put)).toEqual({
      code: 'S3_TIMEOUT',
      what: expect.stringMatching(/^S3 did not answer in time: /),
      todo: 'Check the network to ap-northeast-2.',
      transient: true,
    });
  });

  test.each(['CredentialsProviderError', 'TokenProviderError', 'CredentialsError'])('%s: nobody is logged in', (name) => {
    expect(explainS3Error(networkError('Could not load credentials from any providers', { name }), put)).toEqual({
      code: 'S3_CREDENTIALS_MISSING',
      what: expect.stringMatching(/^There are no AWS credentials: /),
      todo: 'Export AWS_PROFILE (and log in with: aws sso login), then try again.',
      transient: false,
    });
  });

  test.each(['The SSO session has EXPIRED', 'run aws sso login', 'Token refresh failed'])('a login that ended: %s', (message) => {
    const { code, todo, transient } = explainS3Error(networkError(message, { name: 'CredentialsProviderError' }), put);
    expect([code, todo, transient]).toEqual(['S3_CREDENTIALS_EXPIRED', EXPIRED[2], false]);
  });

  test.each(['ACredentialsProviderError', 'CredentialsErrors', 'TypeError'])('%s is none of these', (name) => {
    expect(explainS3Error(networkError('expired RECONNRESET ECONNRESETS unaborted', { name }), put)).toEqual({
      code: 'S3_REJECTED',
      what: expect.stringMatching(/^The request or its answer could not be understood: /),
      todo: 'Check that AWS_ENDPOINT_URL, if set, is an S3 service, and that files it reads are there.',
      transient: false,
    });
  });
});

test('status and code are S3’s own; the name where it gave no code, and no status where it did not answer', () => {
  expect([statusOf(sdkError({ status: 404 })), codeOf(sdkError({ status: 404, code: 'NoSuchKey', name: 'Odd' }))]).toEqual([
    404,
    'NoSuchKey',
  ]);
  expect([statusOf(networkError('x')), codeOf(networkError('x', { name: 'TimeoutError' }))]).toEqual([null, 'TimeoutError']);
});
