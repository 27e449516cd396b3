import { describe, expect, test } from '@jest/globals';
import { Policy } from './policy.js';

const BUCKET = 'arn:aws:s3:::audit';
const statement = (Effect: 'Allow' | 'Deny', Action: string | string[], Resource: string | string[]) => ({
  Effect,
  Action,
  Resource,
});
const policy = (...Statement: ReturnType<typeof statement>[]) => new Policy({ Version: '2012-10-17', Statement });

describe('a policy of the caller', () => {
  test('allows nothing that no statement allows', () => {
    expect(policy().allows('s3:GetObject', `${BUCKET}/a`)).toBe(false);
    const reader = policy(statement('Allow', 's3:GetObject', `${BUCKET}/a`));
    expect(reader.allows('s3:GetObject', `${BUCKET}/a`)).toBe(true);
    expect(reader.allows('s3:GetObjectVersion', `${BUCKET}/a`)).toBe(false);
    expect(reader.allows('s3:GetObject', `${BUCKET}/b`)).toBe(false);
  });

  test.each([
    ['s3:*', `${BUCKET}/*`, true],
    ['S3:getobject', `${BUCKET}/cutover/?/a`, true],
    ['s3:Get*', `${BUCKET}/*/a`, true],
    ['s3:GetObject', `${BUCKET}/Cutover/*`, false],
    ['s3:GetObject', BUCKET, false],
    ['s3:Get?bject', 'arn:aws:s3:::audi.t/*', false],
  ])('%s on %s: %s for reading cutover/1/a', (action, resource, expected) => {
    expect(policy(statement('Allow', action, resource)).allows('s3:GetObject', `${BUCKET}/cutover/1/a`)).toBe(expected);
  });

  test('a denial wins over every permission', () => {
    const denied = policy(statement('Allow', 's3:*', '*'), statement('Deny', ['s3:DeleteObject*'], `${BUCKET}/*`));
    expect(denied.allows('s3:PutObject', `${BUCKET}/a`)).toBe(true);
    expect(denied.allows('s3:DeleteObjectVersion', `${BUCKET}/a`)).toBe(false);
  });

  test.each([
    ['a condition', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }],
    ['NotAction', { NotAction: 's3:*' }],
    ['a principal', { Principal: '*' }],
    ['a Sid that IAM refuses', { Sid: 'read the lock' }],
  ])('%s is refused, not overlooked', (_what, more) => {
    const Statement = [{ ...statement('Allow', 's3:*', '*'), ...more }];
    expect(() => new Policy({ Version: '2012-10-17', Statement })).toThrow('not a policy');
  });
});
