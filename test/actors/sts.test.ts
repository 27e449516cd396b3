import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { callerIdentity, createStsClient } from '../../src/actors/sts.js';
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

  test.each<[string, Record<string, string | null>]>([
    ['no account', { Account: null }],
    ['an account that is none', { Account: '1234567890123' }],
    ['an account with a name', { Account: 'a123456789012' }],
    ['no ARN', { Arn: null }],
    ['an ARN that is none', { Arn: 'dpp-admin' }],
  ])('is not known from an answer with %s', async (_what, fields) => {
    const elements = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [`GetCallerIdentityResult.${name}`, value]),
    );
    service.control({ faults: [{ operation: 'GetCallerIdentity', lie: { elements } }] });
    await expect(ask()).rejects.toMatchObject({
      code: 'AWS_FAILED',
      message:
        'STS GetCallerIdentity answered without an account and ARN. Check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS: what answers there?',
    });
  });

  test('is asked a second time when the answer is lost, and no third time', async () => {
    const asked = () => service.state().requests.length;
    service.control({ faults: [{ operation: 'GetCallerIdentity', reset: true, times: 'always' }] });
    await expect(ask()).rejects.toMatchObject({ code: 'AWS_UNREACHABLE' });
    expect(asked()).toBe(2);
  });

  test('is not asked when the attempt was stopped before', async () => {
    const stopped = callerIdentity(settings, env(), AbortSignal.abort(new Error('stop')));
    await expect(stopped).rejects.toThrow('stop');
    expect(service.state().requests).toEqual([]);
  });

  test('an abort ends the question with its reason, at once', async () => {
    const before = performance.now();
    service.control({ faults: [{ operation: 'GetCallerIdentity', hang: true, times: 'always' }] });
    const abort = new AbortController();
    const asked = callerIdentity(settings, env(), abort.signal);
    const failed = expect(asked).rejects.toThrow('stop');
    const seen = setInterval(() => service.state().requests.length > 0 && abort.abort(new Error('stop')), 10);
    await failed;
    clearInterval(seen);
    // Else it would end with the time-out of ten seconds.
    expect(performance.now() - before).toBeLessThan(9_000);
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

describe('the client', () => {
  const environment = { ...process.env };
  beforeEach(() => {
    const profile = (name: string, { accessKeyId, secretAccessKey }: RunningS3['credentials']) =>
      `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    const wrong = { ...service.credentials, secretAccessKey: 'wrong' };
    writeFileSync(join(folder, 'credentials'), profile('default', wrong) + profile('dpp-admin', service.credentials));
    writeFileSync(join(folder, 'config'), '[default]\nendpoint_url = http://127.0.0.1:9\n');
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
    process.env['AWS_CONFIG_FILE'] = join(folder, 'config');
  });
  afterEach(() => {
    process.env = { ...environment };
  });
  const profiled = (awsProfile: string | null, changes: NodeJS.ProcessEnv = {}) =>
    callerIdentity({ ...settings, awsProfile }, { AWS_ENDPOINT_URL: service.url, ...changes }, new AbortController().signal);

  test('has the credentials of the profile of the run', async () => {
    expect(await profiled('dpp-admin')).toMatchObject({ account: '000000000000' });
    await expect(profiled(null)).rejects.toMatchObject({ code: 'AWS_ACCESS_DENIED' });
  });

  test('has those of the environment before any profile', async () => {
    expect(await profiled('default', env())).toMatchObject({ account: '000000000000' });
    await expect(profiled('dpp-admin', env({ AWS_SECRET_ACCESS_KEY: 'wrong' }))).rejects.toMatchObject({
      code: 'AWS_ACCESS_DENIED',
    });
  });

  test('asks AWS in the region of the run where the environment has no endpoint, whatever the AWS configuration says', async () => {
    const client = await createStsClient(settings, env({ AWS_ENDPOINT_URL: '' }));
    let hostname = '';
    client.middlewareStack.add(
      () => (args) => {
        hostname = (args.request as { hostname: string }).hostname;
        return Promise.resolve({ response: {}, output: { $metadata: {} } });
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await client.getCallerIdentity();
    expect(hostname).toBe('sts.ap-northeast-2.amazonaws.com');
    client.destroy();
  });

  test('does not wait for ever', async () => {
    const client = await createStsClient(settings, env());
    await client.getCallerIdentity();
    const handler = client.config.requestHandler as unknown as { httpHandlerConfigs(): object };
    expect(handler.httpHandlerConfigs()).toMatchObject({
      connectionTimeout: 5_000,
      requestTimeout: 10_000,
      throwOnRequestTimeout: true,
    });
    client.destroy();
  });
});
