import {
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketName, inDays, refusal, s3UnderTest, type S3UnderTest } from './client.js';
import type { Lie } from './control.js';

let under: S3UnderTest;
beforeEach(async () => {
  under = await s3UnderTest();
});
afterEach(() => under.end());

const Bucket = bucketName;
const Key = 'evidence/run/evidence.tar.gz';
const versioning = () => under.client.send(new GetBucketVersioningCommand({ Bucket }));
const put = (key = Key) =>
  under.client.send(
    new PutObjectCommand({
      Bucket,
      Key: key,
      Body: 'evidence',
      ChecksumAlgorithm: 'SHA256',
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: inDays(30),
    }),
  );
const head = () => under.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
/** Without the SDK's own check of the bytes. */
const get = () => under.connect({ responseChecksumValidation: 'WHEN_REQUIRED' }).send(new GetObjectCommand({ Bucket, Key }));
const slowDown = { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
/** True when it was refused, false when it went through. */
const fails = (call: Promise<unknown>) =>
  call.then(
    () => false,
    () => true,
  );

describe('which requests a fault meets', () => {
  test('those of its operation, from the nth on, so many times', async () => {
    under.s3.control({ faults: [{ operation: 'GetBucketVersioning', nth: 2, times: 2, error: slowDown }] });
    await under.client.send(new HeadBucketCommand({ Bucket }));
    const outcomes = [];
    for (let index = 0; index < 5; index += 1) outcomes.push(await fails(versioning()));
    expect(outcomes).toEqual([false, true, true, false, false]);
    expect(under.s3.state().faults).toEqual([]);
  });

  test.each([
    ['run/evidence', true],
    ['evidence/*/evidence.tar.gz', true],
    ['*.gz', true],
    ['*.json', false],
    ['other', false],
  ])('the key %s: %s', async (key, met) => {
    under.s3.control({ faults: [{ operation: 'PutObject', key, error: slowDown }] });
    expect(await fails(put())).toBe(met);
  });

  test('the SDK retries what is transient, as often as it may, and then it passes', async () => {
    under.s3.control({ faults: [{ operation: 'GetBucketVersioning', times: 2, error: slowDown }] });
    const patient = under.connect({ maxAttempts: 3 });
    expect((await patient.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    expect(under.s3.state().requests.map(({ status, fault }) => [status, fault])).toEqual([
      [503, 'error'],
      [503, 'error'],
      [200, null],
    ]);
  });
});

describe('what a fault does', () => {
  test('an error before the put stores nothing; the same error after it has stored', async () => {
    const error = { status: 500, code: 'InternalError', message: 'We encountered an internal error. Please try again.' };
    under.s3.control({ faults: [{ operation: 'PutObject', error }] });
    expect(await refusal(put())).toEqual(error);
    expect(under.s3.state().versions).toHaveLength(0);
    under.s3.control({ faults: [{ operation: 'PutObject', at: 'after', error }] });
    expect(await refusal(put())).toEqual(error);
    expect(under.s3.state().versions).toHaveLength(1);
  });

  test('an error in STS has the form of STS', async () => {
    under.s3.control({
      faults: [{ operation: 'GetCallerIdentity', error: { status: 403, code: 'AccessDenied', message: 'no' } }],
    });
    const sts = new STSClient({ endpoint: under.s3.url, region: 'ap-northeast-2', credentials: under.s3.credentials });
    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'AccessDenied', message: 'no' });
    sts.destroy();
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('a reset %s the put breaks the connection and leaves %i versions', async (at, versions) => {
    under.s3.control({ faults: [{ operation: 'PutObject', at, reset: true }] });
    await expect(put()).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
    expect(under.s3.state().versions).toHaveLength(versions);
    expect(under.s3.state().requests).toMatchObject([{ status: null, ended: 'reset' }]);
  });

  test('a hang after the put has stored the object, and the client waits for ever', async () => {
    under.s3.control({ faults: [{ operation: 'PutObject', at: 'after', hang: true }] });
    const controller = new AbortController();
    const command = new PutObjectCommand({ Bucket, Key, Body: 'evidence' });
    const asked = under.client.send(command, { abortSignal: controller.signal });
    while (under.s3.state().requests[0]?.ended !== 'hung') await new Promise(setImmediate);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(under.s3.state().versions).toHaveLength(1);
  });

  test('a delay comes before the answer', async () => {
    under.s3.control({ faults: [{ operation: 'HeadBucket', delayMs: 80 }] });
    const started = performance.now();
    await under.client.send(new HeadBucketCommand({ Bucket }));
    expect(performance.now() - started).toBeGreaterThan(75);
  });
});

describe('a lie', () => {
  const lieOnce = (operation: string, lie: Lie) => under.s3.control({ faults: [{ operation, lie }] });
  const far = '2099-01-01T00:00:00.000Z';

  test.each<[string, Lie, Record<string, unknown>]>([
    ['the ETag', { headers: { etag: '"0"' } }, { ETag: '"0"' }],
    ['the version', { headers: { 'x-amz-version-id': 'B'.repeat(32) } }, { VersionId: 'B'.repeat(32) }],
    ['the checksum', { headers: { 'x-amz-checksum-sha256': 'AAAA' } }, { ChecksumSHA256: 'AAAA' }],
    ['the lock mode', { headers: { 'x-amz-object-lock-mode': 'COMPLIANCE' } }, { ObjectLockMode: 'COMPLIANCE' }],
    ['the date', { headers: { 'x-amz-object-lock-retain-until-date': far } }, { ObjectLockRetainUntilDate: new Date(far) }],
    ['the length', { headers: { 'content-length': '7' } }, { ContentLength: 7 }],
    ['a lock left out', { headers: { 'X-Amz-Object-Lock-Mode': null } }, { ObjectLockMode: undefined }],
  ])('in HeadObject changes %s and nothing else, once', async (_what, lie, expected) => {
    await put();
    const fields = async () => ({ ...(await head()), $metadata: undefined });
    const truth = await fields();
    lieOnce('HeadObject', lie);
    expect(await fields()).toEqual({ ...truth, ...expected });
    expect(await fields()).toEqual(truth);
  });

  test('in PutObject names another version than the stored one', async () => {
    lieOnce('PutObject', { headers: { 'x-amz-version-id': 'C'.repeat(32) } });
    expect((await put()).VersionId).toBe('C'.repeat(32));
    expect(under.s3.state().versions[0]?.versionId).not.toBe('C'.repeat(32));
  });

  test('in the bytes of GetObject flips one, sends others, or cuts the connection', async () => {
    await put();
    lieOnce('GetObject', { body: { flipByteAt: 1 } });
    const flipped = await (await get()).Body?.transformToByteArray();
    expect(Buffer.from(flipped ?? []).equals(Buffer.from([0x65, 0x76 ^ 0xff, ...Buffer.from('idence')]))).toBe(true);
    lieOnce('GetObject', { body: { replaceWith: 'other bytes' } });
    expect(await (await get()).Body?.transformToString()).toBe('other bytes');
    lieOnce('GetObject', { body: { truncateTo: 3 } });
    const cut = await get();
    await expect(cut.Body?.transformToString()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('in one byte is noticed by a client that compares the checksum', async () => {
    await put();
    lieOnce('GetObject', { body: { flipByteAt: 1 } });
    const got = await under.client.send(new GetObjectCommand({ Bucket, Key }));
    await expect(got.Body?.transformToString()).rejects.toThrow('Checksum mismatch');
  });

  test('in a content-length beyond the body ends the connection and does not hang', async () => {
    await put();
    lieOnce('GetObject', { headers: { 'content-length': '9' } });
    const longer = await get();
    await expect(longer.Body?.transformToString()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('in an element changes the settings of the bucket, or leaves them out', async () => {
    lieOnce('GetBucketVersioning', { elements: { Status: 'Suspended' } });
    expect((await versioning()).Status).toBe('Suspended');
    lieOnce('GetBucketVersioning', { elements: { Status: null } });
    expect((await versioning()).Status).toBeUndefined();
    const configuration = () => under.client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    lieOnce('GetObjectLockConfiguration', { elements: { ObjectLockEnabled: null } });
    expect((await configuration()).ObjectLockConfiguration?.ObjectLockEnabled).toBeUndefined();
    lieOnce('GetObjectLockConfiguration', { elements: { 'Rule.DefaultRetention.Mode': 'COMPLIANCE' } });
    expect((await configuration()).ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'COMPLIANCE' });
  });

  test('in an element of a list changes every item', async () => {
    await put();
    await put();
    lieOnce('ListObjectVersions', { elements: { 'Version.VersionId': 'same' } });
    const { Versions } = await under.client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual(['same', 'same']);
  });

  test('in GetObjectRetention and in GetCallerIdentity is told as well', async () => {
    await put();
    lieOnce('GetObjectRetention', { elements: { RetainUntilDate: far } });
    const { Retention } = await under.client.send(new GetObjectRetentionCommand({ Bucket, Key }));
    expect(Retention).toEqual({ Mode: 'GOVERNANCE', RetainUntilDate: new Date(far) });
    lieOnce('GetCallerIdentity', { elements: { 'GetCallerIdentityResult.Account': '999999999999' } });
    const sts = new STSClient({ endpoint: under.s3.url, region: 'ap-northeast-2', credentials: under.s3.credentials });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('999999999999');
    sts.destroy();
  });
});

describe('/__control', () => {
  const post = (document: unknown) => fetch(`${under.s3.url}/__control`, { method: 'POST', body: JSON.stringify(document) });

  test('takes faults and gives back requests, versions and what still waits', async () => {
    await post({ faults: [{ operation: 'HeadObject', times: 'always', error: slowDown }] });
    await put();
    const state = (await (await fetch(`${under.s3.url}/__control`)).json()) as Record<string, unknown>;
    expect(state).toMatchObject({
      requests: [{ operation: 'PutObject', bucket: Bucket, key: Key, status: 200 }],
      versions: [{ key: Key, size: 8, mode: 'GOVERNANCE', deleteMarker: false }],
      faults: [{ operation: 'HeadObject' }],
    });
  });

  test.each([
    [{ faults: [{ operation: 'PutObject', resett: true }] }, 'resett'],
    [{ faults: [{ operation: 'PutObject' }] }, 'a fault needs one of'],
    [{ faults: [{ hang: true, reset: true }] }, 'a fault is one of'],
    [{ bucket: { name: 'missing', remove: true } }, 'there is no bucket missing'],
    ['[', 'not a control document'],
  ])('refuses %j and says why', async (document, message) => {
    const response = await post(document);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(message)]);
  });
});
