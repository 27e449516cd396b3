import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Settings } from '../../../src/config/settings.js';
import { probeBucket } from '../../../src/actors/s3/probe-bucket.js';
import { createS3Client } from '../../../src/actors/s3/client.js';
import { BUCKET, RUN_ID, s3For, settings } from '../sealing-context.js';

let s3: Awaited<ReturnType<typeof s3For>>;
beforeEach(async () => {
  s3 = await s3For();
});
afterEach(() => s3.stop());

const probe = (overrides: Partial<Settings> = {}, env: NodeJS.ProcessEnv = s3.env) =>
  probeBucket(settings(overrides), { env, signal: new AbortController().signal, runId: RUN_ID });
/** The names of the checks that failed; each must say what to do. */
const failing = async (overrides: Partial<Settings> = {}) => {
  const failed = (await probe(overrides)).filter(({ ok }) => !ok);
  for (const { message, advice } of failed)
    expect([message, advice]).toEqual([expect.stringMatching(/.{10}/), expect.stringMatching(/.{10}/)]);
  return failed;
};

describe('probeBucket', () => {
  test('a bucket with all that sealing needs passes every check, and nothing is stored', async () => {
    const checks = await probe();
    expect(checks).toHaveLength(7);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(s3.state().versions).toEqual([]);
  });

  test.each([
    ['s3:ListBucket', 'WORM bucket and its region'],
    ['s3:GetBucketVersioning', 'WORM bucket versioning'],
    ['s3:GetBucketObjectLockConfiguration', 'WORM bucket Object Lock'],
    ['s3:PutObject', 'permission to store a locked object'],
    ['s3:PutObjectRetention', 'permission to store a locked object'],
    ['s3:GetObjectVersion', 'permission to read versions'],
    ['s3:GetObjectRetention', 'permission to read locks'],
    ['s3:ListBucketVersions', 'permission to list versions'],
  ])('without %s only the check "%s" fails, and names the permission', async (action, name) => {
    s3.control({ deny: [action] });
    const failed = await failing();
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]?.advice).toContain(action);
    expect(s3.state().versions).toEqual([]);
  });

  test.each([
    ['suspended versioning', { versioning: 'Suspended' }, 'WORM bucket versioning', 'Suspended'],
    ['no Object Lock', { objectLock: 'Disabled' }, 'WORM bucket Object Lock', 'no Object Lock'],
    [
      'a longer default retention',
      { defaultRetention: { mode: 'GOVERNANCE', days: 366 } },
      'WORM bucket Object Lock',
      '366 days',
    ],
    [
      'a default retention in years',
      { defaultRetention: { mode: 'GOVERNANCE', years: 2 } },
      'WORM bucket Object Lock',
      '2 years',
    ],
    ['a stricter default mode', { defaultRetention: { mode: 'COMPLIANCE', days: 1 } }, 'WORM bucket Object Lock', 'COMPLIANCE'],
  ] as const)('%s is reported', async (_what, bucket, name, shown) => {
    s3.control({ bucket });
    const failed = await failing();
    expect(failed.find((check) => check.name === name)?.message).toContain(shown);
  });

  test('a default retention that the run fulfils is fine', async () => {
    s3.control({ bucket: { defaultRetention: { mode: 'GOVERNANCE', days: 365 } } });
    expect(await failing()).toEqual([]);
    expect(await failing({ lockMode: 'COMPLIANCE' })).toEqual([]);
  });

  test('versioning and a lock that the bucket keeps silent about are not there', async () => {
    s3.control({
      faults: [
        { operation: 'GetBucketVersioning', lie: { elements: { Status: null } } },
        { operation: 'GetObjectLockConfiguration', lie: { elements: { ObjectLockEnabled: null } } },
      ],
    });
    expect((await failing()).map(({ name }) => name)).toEqual(['WORM bucket versioning', 'WORM bucket Object Lock']);
  });

  test('a missing bucket fails every check, and every check is made', async () => {
    const failed = await failing({ bucket: 'dpp-audit-worm-gone' });
    expect(failed).toHaveLength(7);
    expect(failed[0]?.message).toContain('no such bucket');
  });

  test('the region of the bucket is compared, and the right one is named', async () => {
    const failed = await failing({ awsRegion: 'eu-west-1' });
    expect(failed).toHaveLength(7);
    for (const { advice } of failed) expect(advice).toContain('AWS_REGION=ap-northeast-2');
    s3.control({ faults: [{ operation: 'HeadBucket', lie: { headers: { 'x-amz-bucket-region': 'us-east-1' } } }] });
    expect((await failing())[0]?.message).toContain('the bucket is in us-east-1');
  });

  test('expired and missing credentials say how to log in', async () => {
    s3.control({ credentials: 'expired' });
    const expired = await failing();
    expect(expired).toHaveLength(7);
    for (const { advice } of expired) expect(advice).toContain('aws sso login');
    const env = { AWS_ENDPOINT_URL_S3: s3.env['AWS_ENDPOINT_URL_S3'] };
    const missing = await probe({ awsProfile: 'a-profile-that-nobody-has' }, env);
    expect(missing.filter(({ message }) => message.includes('no AWS credentials'))).toHaveLength(7);
  });

  test('a wrong clock is called by its name, for HEAD too', async () => {
    s3.control({ clockOffsetSeconds: 7200 });
    const failed = await failing();
    expect(failed.map(({ message }) => message.includes('clock'))).toEqual(failed.map(() => true));
    expect(failed).toHaveLength(7);
  });

  test('a service that stores in spite of a wrong digest fails', async () => {
    const server = createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(200, { 'x-amz-version-id': 'stored-in-spite' }).end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const checks = await probe({}, { ...s3.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` });
      const put = checks.find(({ name }) => name === 'permission to store a locked object');
      expect(put?.ok).toBe(false);
      expect(put?.message).toContain('stored-in-spite');
    } finally {
      server.close();
    }
  });

  test.each([
    [501, 'NotImplemented', 'If-None-Match'],
    [400, 'InvalidRequest', 'InvalidRequest'],
    [412, 'PreconditionFailed', 'PreconditionFailed'],
    [503, 'SlowDown', 'slow down'],
  ])('a probing PUT that is answered with %d %s proves nothing', async (status, code, shown) => {
    s3.control({ faults: [{ operation: 'PutObject', error: { status, code, message: 'said S3' } }] });
    const failed = await failing();
    expect(failed.map(({ name }) => name)).toEqual(['permission to store a locked object']);
    expect(failed[0]?.message).toContain(shown);
  });

  test('something that lies under the prefix of the run already is reported', async () => {
    const client = await createS3Client(settings(), s3.env);
    await client.putObject({ Bucket: BUCKET, Key: `evidence/cutover/phase6_4_cutover/${RUN_ID}/evidence.tar.gz`, Body: 'x' });
    client.destroy();
    expect((await failing())[0]?.message).toContain('evidence.tar.gz');
  });

  test('a probe that is stopped ends with the reason', async () => {
    const signal = AbortSignal.abort(new Error('stopped by the operator'));
    await expect(probeBucket(settings(), { env: s3.env, signal, runId: RUN_ID })).rejects.toThrow('stopped by the operator');
  });
});
