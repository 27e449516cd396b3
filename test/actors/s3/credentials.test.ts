import { expect, test } from '@jest/globals';
import { environmentCredentials } from '../../../src/actors/s3/credentials.js';

const both = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };

test('credentials of the environment are its key and secret, with the session token when there is one', () => {
  expect(environmentCredentials(both)).toEqual({ accessKeyId: 'key', secretAccessKey: 'secret' });
  expect(environmentCredentials({ ...both, AWS_SESSION_TOKEN: 'token' })).toEqual({
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    sessionToken: 'token',
  });
  expect(Object.keys(environmentCredentials({ ...both, AWS_SESSION_TOKEN: '' }) ?? {})).not.toContain('sessionToken');
});

test.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('without %s, or with an empty one, there are none', (name) => {
  expect(environmentCredentials({ ...both, [name]: undefined })).toBeNull();
  expect(environmentCredentials({ ...both, [name]: '' })).toBeNull();
});
