import { describe, expect, test } from '@jest/globals';
import { ActorError } from '../../src/actors/actor.js';
import { stsError } from '../../src/actors/sts-error.js';
import { networkError, sdkError } from './s3/sdk-error.js';

const settings = { awsRegion: 'ap-northeast-2', awsProfile: 'dpp-admin' };
const explain = (error: unknown) => stsError(error, settings, {});

describe('an error of STS', () => {
  test('says what was asked where, what came, and what to do; the facts are kept apart', () => {
    const cause = sdkError({ status: 403, code: 'InvalidClientTokenId', message: 'The token is invalid.' });
    const error = explain(cause);
    expect(error).toBeInstanceOf(ActorError);
    expect(error.message).toBe(
      'STS GetCallerIdentity in ap-northeast-2 failed (403, InvalidClientTokenId: The token is invalid.). ' +
        'STS does not accept the credentials: check keys, profile and the clock of this machine.',
    );
    expect(error.options).toEqual({ details: { status: 403, name: 'InvalidClientTokenId' }, transient: false, cause });
  });

  test('shows no secret of the environment', () => {
    const env = { AWS_SECRET_ACCESS_KEY: 'wrong-secret-value' };
    const { message } = stsError(networkError('signed with wrong-secret-value'), settings, env);
    expect(message).not.toContain('wrong-secret-value');
  });

  test.each<[unknown, string]>([
    ['cut off', '(no answer, Error: cut off)'],
    [{}, '(no answer, Error: [object Object])'],
  ])('that is none is shown as it is: %j', (thrown, shown) => {
    expect(explain(thrown)).toMatchObject({
      code: 'AWS_FAILED',
      message: expect.stringContaining(shown),
      options: { details: { status: null, name: 'Error' } },
    });
  });
});

type Meaning = readonly [code: string, todo: string, transient: boolean];
const EXPIRED = [
  'AWS_CREDENTIALS_EXPIRED',
  'The credentials have expired: log in again: aws sso login --profile dpp-admin',
  false,
] as const;
const MISSING = [
  'AWS_CREDENTIALS_MISSING',
  'Check that AWS_PROFILE is a profile of this machine (aws configure list), and log in: aws sso login --profile dpp-admin',
  false,
] as const;
const UNREACHABLE = ['AWS_UNREACHABLE', 'Check the network, the region and AWS_ENDPOINT_URL, then try again.', true] as const;
const BUSY = ['AWS_UNREACHABLE', 'Try again in a while.', true] as const;
const DENIED = [
  'AWS_ACCESS_DENIED',
  'STS does not accept the credentials: check keys, profile and the clock of this machine.',
  false,
] as const;
const FAILED = ['AWS_FAILED', 'Try by hand: aws sts get-caller-identity', false] as const;

const expectMeaning = (error: ActorError, [code, todo, transient]: Meaning) => {
  expect([error.code, error.options.transient]).toEqual([code, transient]);
  expect(error.message.endsWith(`). ${todo}`)).toBe(true);
};

describe('what STS answers', () => {
  test.each<[number, string, Meaning]>([
    [403, 'ExpiredToken', EXPIRED],
    [400, 'ExpiredTokenException', EXPIRED],
    [403, 'RequestExpired', EXPIRED],
    [400, 'TokenRefreshRequired', EXPIRED],
    [400, 'NotExpiredToken', FAILED],
    [500, 'InternalFailure', BUSY],
    [503, 'ServiceUnavailable', BUSY],
    [429, 'TooManyRequests', BUSY],
    [400, 'Throttling', BUSY],
    [400, 'NotThrottling', FAILED],
    [499, 'Odd', FAILED],
    [401, 'Odd', DENIED],
    [403, 'AccessDenied', DENIED],
    [400, 'InvalidAction', FAILED],
  ])('%d %s', (status, code, meaning) => {
    expectMeaning(explain(sdkError({ status, code })), meaning);
  });
});

describe('what comes instead of an answer', () => {
  test.each<[string, { readonly name?: string; readonly code?: string }, Meaning]>([
    ['Could not load credentials', { name: 'CredentialsProviderError' }, MISSING],
    ['No token', { name: 'TokenProviderError' }, MISSING],
    ['Missing', { name: 'CredentialsError' }, MISSING],
    ['Missing', { name: 'MyCredentialsError' }, FAILED],
    ['Missing', { name: 'CredentialsErrors' }, FAILED],
    ['The SSO session has EXPIRED', { name: 'CredentialsProviderError' }, EXPIRED],
    ['run aws sso login', { name: 'CredentialsProviderError' }, EXPIRED],
    ['Token refresh failed', { name: 'TokenProviderError' }, EXPIRED],
    ['no answer within 10000 ms', { name: 'TimeoutError' }, UNREACHABLE],
    ['no route', { code: 'EHOSTUNREACH' }, UNREACHABLE],
    ['Retry failed: connect ECONNREFUSED 127.0.0.1:1', {}, UNREACHABLE],
    ['untrusted', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, UNREACHABLE],
    ['socket hang up', {}, UNREACHABLE],
    ['NOT_ECONNREFUSED', {}, FAILED],
    ['expired', { name: 'TypeError' }, FAILED],
  ])('%s %j', (message, fields, meaning) => {
    expectMeaning(explain(networkError(message, fields)), meaning);
  });

  test('without a profile, the login is the default one', () => {
    const error = stsError(sdkError({ status: 403, code: 'ExpiredToken' }), { ...settings, awsProfile: null }, {});
    expect(error.message).toMatch(/log in again: aws sso login$/);
  });
});
