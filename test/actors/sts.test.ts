import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { callerIdentity } from '../../src/actors/sts.js';
import { startS3, type RunningS3 } from '../services/s3/server.js';

let folder: string;
let service: RunningS3;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-sts-'));
  service = await startS3({
    bucket: 'dpp-audit-worm-staging',
    dataDir: folder,
    region: 'ap-northeast-2',
    account: '000000000000',
  });
});
afterEach(async () => {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

const settings = { awsRegion: 'ap-northeast-2', awsProfile: null };
const env = (changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  AWS_ENDPOINT_URL: service.url,
  AWS_ACCESS_KEY_ID: service.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: service.credentials.secretAccessKey,
  ...changes,
});
const ask = (changes?: NodeJS.ProcessEnv) => callerIdentity(settings, env(changes), new AbortController().signal);

describe('who we are', () => {
  test('is what STS says', async () => {
    expect(await ask()).toEqual({ account: '000000000000', arn: 'arn:aws:sts::000000000000:assumed-role/dpp-admin/operator' });
  });

  test('expired credentials say how to log in again, with the profile', async () => {
    service.control({ credentials: 'expired' });
    const asked = callerIdentity({ ...settings, awsProfile: 'dpp-admin' }, env(), new AbortController().signal);
    await expect(asked).rejects.toMatchObject({
      code: 'AWS_CREDENTIALS_EXPIRED',
      message: expect.stringContaining('aws sso login --profile dpp-admin'),
      options: { transient: false },
    });
  });

  test('a wrong secret is denied, and is not in the message', async () => {
    const denied = ask({ AWS_SECRET_ACCESS_KEY: 'wrong-secret-value' });
    await expect(denied).rejects.toMatchObject({ code: 'AWS_ACCESS_DENIED' });
    await denied.catch((error: Error) => expect(error.message).not.toContain('wrong-secret-value'));
  });

  test('a service that is not there is unreachable, which is transient', async () => {
    // Port 1 (tcpmux) is never open here; the port of a stopped service may be another test's by now.
    await expect(ask({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'AWS_UNREACHABLE',
      options: { transient: true },
    });
  });

  test('the endpoint of STS goes before the common one', async () => {
    expect(await ask({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_STS: service.url })).toMatchObject({
      account: '000000000000',
    });
  });

  test('an abort ends the question with its reason', async () => {
    service.control({ faults: [{ operation: 'GetCallerIdentity', hang: true, times: 'always' }] });
    const abort = new AbortController();
    const asked = callerIdentity(settings, env(), abort.signal);
    const failed = expect(asked).rejects.toThrow('stop');
    const seen = setInterval(() => service.state().requests.length > 0 && abort.abort(new Error('stop')), 10);
    await failed;
    clearInterval(seen);
  });

  test('a profile that does not exist is an error that names what to check', async () => {
    writeFileSync(join(folder, 'config'), '');
    const asked = callerIdentity({ ...settings, awsProfile: 'no-such-profile' }, {}, new AbortController().signal);
    await expect(asked).rejects.toMatchObject({
      code: expect.stringMatching(/^AWS_CREDENTIALS_/),
      message: expect.stringContaining('no-such-profile'),
    });
  });
});
