import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Settings } from '../../../src/config/settings.js';
import { probeBucket } from '../../../src/actors/s3/probe-bucket.js';
import { createS3Client } from '../../../src/actors/s3/client.js';
import { until } from '../process/until.js';
import { BUCKET, OWNER, RUN_ID, s3For, settings } from '../sealing-context.js';

let s3: Awaited<ReturnType<typeof s3For>>;
beforeEach(async () => {
  s3 = await s3For();
});
afterEach(() => s3.stop());

const FOLDER = `evidence/cutover/phase6_4_cutover/${RUN_ID}/`;
const passed = (name: string, message: string) => ({ name, ok: true, message, advice: null });
const probe = (overrides: Partial<Settings> = {}, env: NodeJS.ProcessEnv = s3.env) =>
  probeBucket(settings(overrides), { env, signal: new AbortController().signal, runId: RUN_ID, owner: OWNER });
/** The names of the checks that failed; each must say what to do. */
const failing = async (overrides: Partial<Settings> = {}) => {
  const failed = (await probe(overrides)).filter(({ ok }) => !ok);
  for (const { message, advice } of failed)
    expect([message, advice]).toEqual([expect.stringMatching(/.{10}/), expect.stringMatching(/.{10}/)]);
  return failed;
};

describe('probeBucket', () => {
  test('a bucket with all that sealing needs passes every check, and nothing is stored', async () => {
    expect(await probe()).toEqual([
      passed('WORM bucket and its region', 'the bucket is in ap-northeast-2'),
      passed('WORM bucket versioning', 'versioning is Enabled'),
      passed('WORM bucket Object Lock', 'Object Lock is Enabled, without a default retention'),
      passed('permission to store a locked object', 'a PUT with lock and condition is allowed (its wrong digest was refused)'),
      passed('permission to read versions', 'GetObject is allowed'),
      passed('permission to read locks', 'GetObjectRetention is allowed'),
      passed('permission to list versions', `nothing lies under ${FOLDER}`),
      passed('permission to list uploads', `no upload is in progress under ${FOLDER}`),
      passed('permission to go on with an upload', 'ListParts is allowed'),
      passed('permission to give an upload up', 'AbortMultipartUpload is allowed'),
    ]);
    expect(s3.state()).toMatchObject({ versions: [], uploads: [] });
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
    ['s3:ListBucketMultipartUploads', 'permission to list uploads'],
    ['s3:ListMultipartUploadParts', 'permission to go on with an upload'],
    ['s3:AbortMultipartUpload', 'permission to give an upload up'],
  ])('without %s only the check "%s" fails, and names the permission', async (action, name) => {
    s3.control({ deny: [action] });
    const failed = await failing();
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]?.advice).toContain(action);
    expect(s3.state().versions).toEqual([]);
  });

  const LOCK = 'WORM bucket Object Lock';
  const atLeast = (days: number) => `Set DPP_WORM_RETENTION_DAYS to at least ${days}.`;
  const useAnother = 'Use a bucket that was created with Object Lock.';
  test.each([
    [
      'suspended versioning',
      { versioning: 'Suspended' },
      'WORM bucket versioning',
      'expected versioning Enabled, found Suspended',
      'Enable versioning on the bucket.',
    ],
    [
      'no Object Lock',
      { objectLock: 'Disabled' },
      LOCK,
      'expected Object Lock Enabled, found no Object Lock configuration',
      useAnother,
    ],
    [
      'a longer default retention',
      { defaultRetention: { mode: 'GOVERNANCE', days: 366 } },
      LOCK,
      "the bucket's default retention is GOVERNANCE for 366 days, the run asks for 365 days",
      atLeast(366),
    ],
    [
      'a default retention in years, which may be leap years',
      { defaultRetention: { mode: 'GOVERNANCE', years: 1 } },
      LOCK,
      "the bucket's default retention is GOVERNANCE for 1 years, the run asks for 365 days",
      atLeast(366),
    ],
    [
      'a stricter default mode',
      { defaultRetention: { mode: 'COMPLIANCE', days: 1 } },
      LOCK,
      "the bucket's default retention is COMPLIANCE for 1 days, the run asks for GOVERNANCE",
      'Set DPP_WORM_OBJECT_LOCK_MODE=COMPLIANCE, or use another bucket.',
    ],
  ] as const)('%s is reported', async (_what, bucket, name, message, advice) => {
    s3.control({ bucket });
    expect((await failing()).find((check) => check.name === name)).toEqual({ name, ok: false, message, advice });
  });

  test.each([
    [
      'mode',
      { 'Rule.DefaultRetention.Mode': null },
      "the bucket's default retention is ? for 1 days, the run asks for GOVERNANCE",
      'Set DPP_WORM_OBJECT_LOCK_MODE=COMPLIANCE, or use another bucket.',
    ],
    [
      'period',
      { 'Rule.DefaultRetention.Days': null },
      "the bucket's default retention is GOVERNANCE for ? years, the run asks for 365 days",
      'Set DPP_WORM_RETENTION_DAYS to at least what the bucket asks for.',
    ],
  ])('a default retention without a %s could be a stronger one', async (_what, elements, message, advice) => {
    s3.control({
      bucket: { defaultRetention: { mode: 'GOVERNANCE', days: 1 } },
      faults: [{ operation: 'GetObjectLockConfiguration', lie: { elements } }],
    });
    expect(await failing()).toEqual([{ name: LOCK, ok: false, message, advice }]);
  });

  test('a default retention that the run fulfils is fine', async () => {
    const shown = (check: string, mode: string, period: string) =>
      passed(check, `Object Lock is Enabled; the bucket's default retention is ${mode} for ${period}`);
    s3.control({ bucket: { defaultRetention: { mode: 'GOVERNANCE', days: 365 } } });
    expect(await probe()).toContainEqual(shown(LOCK, 'GOVERNANCE', '365 days'));
    expect(await probe({ lockMode: 'COMPLIANCE' })).toContainEqual(shown(LOCK, 'GOVERNANCE', '365 days'));
    s3.control({ bucket: { defaultRetention: { mode: 'COMPLIANCE', years: 2 } } });
    const strict = await probe({ lockMode: 'COMPLIANCE', retentionDays: 732 });
    expect(strict).toContainEqual(shown(LOCK, 'COMPLIANCE', '2 years'));
    expect((await failing({ lockMode: 'COMPLIANCE', retentionDays: 731 }))[0]?.advice).toBe(atLeast(732));
  });

  test('versioning and a lock that the bucket keeps silent about are not there', async () => {
    s3.control({
      faults: [
        { operation: 'GetBucketVersioning', lie: { elements: { Status: null } } },
        { operation: 'GetObjectLockConfiguration', lie: { elements: { ObjectLockEnabled: null } } },
      ],
    });
    expect((await failing()).map(({ name, message, advice }) => [name, message, advice])).toEqual([
      ['WORM bucket versioning', 'expected versioning Enabled, found none', 'Enable versioning on the bucket.'],
      [LOCK, 'expected Object Lock Enabled, found none', useAnother],
    ]);
  });

  test('a missing bucket fails every check, and every check is made', async () => {
    const failed = await failing({ bucket: 'dpp-audit-worm-gone' });
    expect(failed.map(({ message }) => message.split(' (')[0])).toEqual(
      [
        ['HeadBucket', ''],
        ['GetBucketVersioning', ''],
        ['GetObjectLockConfiguration', ''],
        ['PutObject', `/${FOLDER}probe`],
        ['GetObject', `/${FOLDER}probe`],
        ['GetObjectRetention', `/${FOLDER}probe`],
        ['ListObjectVersions', `/${FOLDER}`],
        ['ListMultipartUploads', `/${FOLDER}`],
        ['ListParts', `/${FOLDER}probe`],
        ['AbortMultipartUpload', `/${FOLDER}probe`],
      ].map(([operation, where]) => `There is no such bucket: ${operation} on s3://dpp-audit-worm-gone${where}`),
    );
  });

  test('the region of the bucket is compared, and the right one is named', async () => {
    const failed = await failing({ awsRegion: 'eu-west-1' });
    expect(failed).toHaveLength(10);
    for (const { advice } of failed) expect(advice).toContain('AWS_REGION=ap-northeast-2');
    s3.control({ faults: [{ operation: 'HeadBucket', lie: { headers: { 'x-amz-bucket-region': 'us-east-1' } } }] });
    expect(await failing()).toEqual([
      {
        name: 'WORM bucket and its region',
        ok: false,
        message: 'AWS_REGION is ap-northeast-2, the bucket is in us-east-1',
        advice: 'Set AWS_REGION=us-east-1.',
      },
    ]);
  });

  test('a service that names no region is taken at its answer', async () => {
    s3.control({ faults: [{ operation: 'HeadBucket', lie: { headers: { 'x-amz-bucket-region': null } } }] });
    expect(await probe()).toContainEqual(
      passed('WORM bucket and its region', 'the bucket answers; it names no region (asked in ap-northeast-2)'),
    );
  });

  test('expired and missing credentials say how to log in', async () => {
    s3.control({ credentials: 'expired' });
    const expired = await failing();
    expect(expired).toHaveLength(10);
    for (const { advice } of expired) expect(advice).toContain('aws sso login');
    const env = { AWS_ENDPOINT_URL_S3: s3.env['AWS_ENDPOINT_URL_S3'] };
    const missing = await probe({ awsProfile: 'a-profile-that-nobody-has' }, env);
    expect(missing.filter(({ message }) => message.includes('no AWS credentials'))).toHaveLength(10);
  });

  test('a wrong clock is called by its name, for HEAD too', async () => {
    s3.control({ clockOffsetSeconds: 7200 });
    const failed = await failing();
    expect(failed.map(({ message }) => message.includes('clock'))).toEqual(failed.map(() => true));
    expect(failed).toHaveLength(10);
  });

  test('a service that stores in spite of a wrong digest fails, and so does one that has what was never stored', async () => {
    const service = await yesService();
    const before = Date.now();
    try {
      const checks = await probe({ lockMode: 'COMPLIANCE', retentionDays: 400 }, { ...s3.env, AWS_ENDPOINT_URL_S3: service.url });
      expect(checks.filter(({ name }) => /store|read/.test(name))).toEqual([
        {
          name: 'permission to store a locked object',
          ok: false,
          message: `a PUT with a wrong Content-MD5 stored something at ${FOLDER}probe (version stored-in-spite)`,
          advice: 'Use a service that checks Content-MD5; remove the probe when its lock allows it.',
        },
        ...['permission to read versions', 'permission to read locks'].map((name) => ({
          name,
          ok: false,
          message: `expected nothing at ${FOLDER}probe, found an object`,
          advice: 'Find out who writes under the prefix of this run.',
        })),
      ]);
    } finally {
      service.close();
    }
    // What it asks for is what sealing will ask for.
    const put = service.requests.find(({ method }) => method === 'PUT');
    expect(put).toMatchObject({
      path: `/${BUCKET}/${FOLDER}probe`,
      headers: {
        'content-md5': createHash('md5').update('not the probe').digest('base64'),
        'content-length': '5',
        'if-none-match': '*',
        'x-amz-object-lock-mode': 'COMPLIANCE',
      },
    });
    const asked = Date.parse(String(put?.headers['x-amz-object-lock-retain-until-date'])) - 400 * 86_400_000;
    expect(asked).toBeGreaterThan(before - 1_000);
    expect(asked).toBeLessThanOrEqual(Date.now());
    const reads = service.requests.filter(({ method, query }) => method === 'GET' && query.has('versionId'));
    expect(reads.map(({ query }) => query.get('versionId'))).toEqual(['null', 'null']);
    const list = service.requests.find(({ query }) => query.has('versions'));
    expect(list?.query.get('prefix')).toBe(FOLDER);
  });

  test.each([
    [400, 'InvalidRequest', `PutObject on s3://${BUCKET}/${FOLDER}probe (400 InvalidRequest`, 'look its code up'],
    [412, 'PreconditionFailed', '412 PreconditionFailed: said S3', 'look its code up'],
    [503, 'SlowDown', 'slow down', 'Try again in a while.'],
  ])('a probing PUT that is answered with %d %s proves nothing', async (status, code, shown, advice) => {
    s3.control({ faults: [{ operation: 'PutObject', error: { status, code, message: 'said S3' } }] });
    const failed = await failing();
    expect(failed.map(({ name }) => name)).toEqual(['permission to store a locked object']);
    expect(failed[0]?.message).toContain(shown);
    expect(failed[0]?.advice).toContain(advice);
  });

  test('a service that does not know the condition is asked without it, and the answer says what that means', async () => {
    const error = { status: 501, code: 'NotImplemented', message: 'said S3' };
    s3.control({ faults: [{ operation: 'PutObject', error }] });
    expect(await probe()).toContainEqual(
      passed(
        'permission to store a locked object',
        'a PUT with lock is allowed (its wrong digest was refused); the service does not know "If-None-Match: *" (501), ' +
          'so nothing keeps others from the key',
      ),
    );
    s3.control({ faults: [{ operation: 'PutObject', times: 2, error }] });
    expect(await failing()).toMatchObject([
      { message: 'the service does not know Object Lock on a PUT (501)', advice: 'Use a service that supports Object Lock.' },
    ]);
  });

  test('a bucket of another account than the one that is expected fails every check, and the setting for it is named', async () => {
    s3.control({ bucket: { owner: '999999999999' } });
    const failed = await failing();
    expect(failed).toHaveLength(10);
    expect(failed[0]).toMatchObject({ name: 'WORM bucket and its region' });
    expect(failed[0]?.advice).toContain(
      'If the bucket is of another account than 000000000000, set CUTOVER_BUCKET_OWNER to that one.',
    );
    expect(s3.state().requests.every(({ status }) => status === 403)).toBe(true);
  });

  test('an upload in progress under the prefix of the run is reported', async () => {
    const client = await createS3Client(settings(), s3.env, { owner: OWNER });
    await client.createMultipartUpload({ Bucket: BUCKET, Key: `${FOLDER}evidence.tar.gz` });
    client.destroy();
    expect(await failing()).toEqual([
      {
        name: 'permission to list uploads',
        ok: false,
        message: `expected no upload in progress under ${FOLDER}, found ${FOLDER}evidence.tar.gz`,
        advice: 'Start a new run, with its own id.',
      },
    ]);
  });

  test('something that lies under the prefix of the run already is reported', async () => {
    const client = await createS3Client(settings(), s3.env, { owner: OWNER });
    const name = 'permission to list versions';
    const found = (keys: string) => ({
      name,
      ok: false,
      message: `expected nothing under ${FOLDER}, found ${keys}`,
      advice: 'Start a new run, with its own id.',
    });
    await client.deleteObject({ Bucket: BUCKET, Key: `${FOLDER}a` });
    expect(await failing()).toEqual([found(`${FOLDER}a`)]);
    for (const file of ['b', 'c', 'd']) await client.putObject({ Bucket: BUCKET, Key: FOLDER + file, Body: 'x' });
    client.destroy();
    expect(await failing()).toEqual([found(['b', 'c', 'd'].map((file) => FOLDER + file).join(', '))]);
  });

  test('a probe that is stopped ends with the reason', async () => {
    const signal = AbortSignal.abort(new Error('stopped by the operator'));
    await expect(probeBucket(settings(), { env: s3.env, signal, runId: RUN_ID, owner: OWNER })).rejects.toThrow(
      'stopped by the operator',
    );
  });

  test('one that is stopped while nobody answers ends at once', async () => {
    s3.control({ faults: [{ hang: true, times: 'always' }] });
    const abort = new AbortController();
    const stopped = expect(
      probeBucket(settings(), { env: s3.env, signal: abort.signal, runId: RUN_ID, owner: OWNER }),
    ).rejects.toThrow('stop');
    await until(() => s3.state().requests.length === 10, 'every check waits for its answer');
    const before = performance.now();
    abort.abort(new Error('stop'));
    await stopped;
    // Else they would end with the silence of a minute.
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});

/** A service that says yes to everything, and keeps what it was asked. */
async function yesService() {
  const requests: { method?: string; path: string; query: URLSearchParams; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    requests.push({ method: request.method ?? '', path: pathname, query: searchParams, headers: request.headers });
    request.resume().once('end', () => response.writeHead(200, { 'x-amz-version-id': 'stored-in-spite' }).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, close: () => server.close() };
}
