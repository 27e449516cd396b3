import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketName, inDays, refusal, s3UnderTest, type S3UnderTest } from './client.js';

let under: S3UnderTest;
beforeEach(async () => {
  under = await s3UnderTest();
});
afterEach(() => under.end());

const Bucket = bucketName;
const Key = 'evidence/cutover/20260221T120000Z/evidence.tar.gz';
const bytes = Buffer.from('the evidence of one run');
const digest = (algorithm: string, encoding: 'hex' | 'base64') => createHash(algorithm).update(bytes).digest(encoding);
const lock = () => ({ ObjectLockMode: 'GOVERNANCE' as const, ObjectLockRetainUntilDate: inDays(365) });
const put = (input: Partial<PutObjectCommandInput> = {}) =>
  under.client.send(new PutObjectCommand({ Bucket, Key, Body: bytes, ...input }));
/** A client that adds no checksum by itself, as older tools do. */
const bare = () => under.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });

describe('PutObject and what reads it back', () => {
  test('a locked put with its SHA-256 is read back with lock, checksum, version, bytes and metadata', async () => {
    const { ObjectLockRetainUntilDate, ...mode } = lock();
    const stored = await put({
      ChecksumSHA256: digest('sha256', 'base64'),
      ObjectLockRetainUntilDate,
      ...mode,
      Metadata: { run: 'r1' },
    });
    expect(stored).toMatchObject({
      ETag: `"${digest('md5', 'hex')}"`,
      ChecksumSHA256: digest('sha256', 'base64'),
      VersionId: expect.stringMatching(/^[\w.]{32}$/),
    });
    const head = await under.client.send(
      new HeadObjectCommand({ Bucket, Key, VersionId: stored.VersionId, ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({
      ContentLength: bytes.length,
      VersionId: stored.VersionId,
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate,
      ChecksumSHA256: digest('sha256', 'base64'),
      Metadata: { run: 'r1' },
    });
    const got = await under.client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(await got.Body?.transformToString()).toBe(bytes.toString());
    expect(under.s3.state().versions).toEqual([
      {
        bucket: Bucket,
        key: Key,
        versionId: stored.VersionId,
        size: bytes.length,
        sha256: digest('sha256', 'hex'),
        mode: 'GOVERNANCE',
        retainUntil: ObjectLockRetainUntilDate.toISOString(),
        legalHold: false,
        deleteMarker: false,
      },
    ]);
  });

  test('the checksum is answered only when it is asked for', async () => {
    await put({ ChecksumSHA256: digest('sha256', 'base64') });
    const head = await under.client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head.ChecksumSHA256).toBeUndefined();
  });

  test('attributes give the checksum, the size and the ETag without quotes', async () => {
    await put({ ChecksumSHA256: digest('sha256', 'base64') });
    const attributes = await under.client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['Checksum', 'ObjectSize', 'ETag'] }),
    );
    expect(attributes).toMatchObject({
      Checksum: { ChecksumSHA256: digest('sha256', 'base64'), ChecksumType: 'FULL_OBJECT' },
      ObjectSize: bytes.length,
      ETag: digest('md5', 'hex'),
    });
  });

  test('a stream arrives in aws-chunked frames with its checksum in the trailer', async () => {
    const big = Buffer.alloc(3_000_000, 'evidence ');
    await put({
      Body: Readable.from([big.subarray(0, 1_234_567), big.subarray(1_234_567)]),
      ContentLength: big.length,
      ...lock(),
    });
    expect(under.s3.state().versions[0]?.sha256).toBe(createHash('sha256').update(big).digest('hex'));
    const head = await under.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head.ContentEncoding).toBeUndefined();
    expect(head.ChecksumCRC32).toBeDefined();
  });

  test('a locked put without any checksum is refused', async () => {
    const asked = bare().send(new PutObjectCommand({ Bucket, Key, Body: bytes, ...lock() }));
    expect(await refusal(asked)).toEqual({
      status: 400,
      code: 'InvalidRequest',
      message: 'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    });
    expect(under.s3.state().versions).toEqual([]);
  });

  test('the default retention of the bucket asks for a checksum too, and is applied', async () => {
    under.s3.control({ bucket: { defaultRetention: { mode: 'COMPLIANCE', days: 30 } } });
    expect((await refusal(bare().send(new PutObjectCommand({ Bucket, Key, Body: bytes })))).code).toBe('InvalidRequest');
    await put();
    const [version] = under.s3.state().versions;
    expect(version?.mode).toBe('COMPLIANCE');
    expect(Math.abs(Date.parse(version?.retainUntil ?? '') - inDays(30).getTime())).toBeLessThan(10_000);
  });

  test('Content-MD5 alone is enough for a locked put', async () => {
    await bare().send(new PutObjectCommand({ Bucket, Key, Body: bytes, ContentMD5: digest('md5', 'base64'), ...lock() }));
    expect(under.s3.state().versions).toHaveLength(1);
  });

  const other = (algorithm: string) => createHash(algorithm).update('other bytes').digest('base64');
  test.each<[string, Partial<PutObjectCommandInput>, string]>([
    ['a wrong Content-MD5', { ContentMD5: other('md5') }, 'BadDigest'],
    ['a Content-MD5 that is none', { ContentMD5: 'c2hvcnQ=' }, 'InvalidDigest'],
    ['a wrong SHA-256', { ChecksumSHA256: other('sha256') }, 'BadDigest'],
    ['a wrong SHA-1', { ChecksumSHA1: other('sha1') }, 'BadDigest'],
    ['a wrong CRC32', { ChecksumCRC32: 'AAAAAA==' }, 'BadDigest'],
    ['a wrong CRC32C', { ChecksumCRC32C: 'AAAAAA==' }, 'BadDigest'],
    ['a SHA-256 that is too short', { ChecksumSHA256: 'AAAAAA==' }, 'InvalidRequest'],
    ['a retain-until date in the past', { ...lock(), ObjectLockRetainUntilDate: inDays(-1) }, 'InvalidArgument'],
    ['a lock mode without a date', { ObjectLockMode: 'GOVERNANCE' }, 'InvalidArgument'],
    ['a date without a lock mode', { ObjectLockRetainUntilDate: inDays(1) }, 'InvalidArgument'],
    ['an unknown lock mode', { ...lock(), ObjectLockMode: 'governance' as 'GOVERNANCE' }, 'InvalidArgument'],
  ])('%s is refused and nothing is left behind', async (_what, input, code) => {
    expect(await refusal(put(input))).toMatchObject({ status: 400, code });
    expect(under.s3.state().versions).toEqual([]);
    expect(await readdir(under.dataDir)).toEqual([]);
  });

  test('a body other than the signed one is refused', async () => {
    const client = under.connect();
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: Buffer }).body = Buffer.from('THE EVIDENCE OF ONE RUN');
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
    );
    client.config.requestChecksumCalculation = async () => 'WHEN_REQUIRED';
    expect(await refusal(client.send(new PutObjectCommand({ Bucket, Key, Body: bytes })))).toMatchObject({
      code: 'XAmzContentSHA256Mismatch',
    });
  });

  test('lock headers are refused by a bucket without Object Lock', async () => {
    under.s3.control({ bucket: { objectLock: 'Disabled' } });
    expect(await refusal(put(lock()))).toEqual({
      status: 400,
      code: 'InvalidRequest',
      message: 'Bucket is missing Object Lock Configuration',
    });
  });

  test('If-None-Match: * stores the first one and refuses the second', async () => {
    await put({ IfNoneMatch: '*' });
    expect(await refusal(put({ IfNoneMatch: '*' }))).toMatchObject({ status: 412, code: 'PreconditionFailed' });
    expect(under.s3.state().versions).toHaveLength(1);
  });

  test('of many conditional puts at once exactly one is stored', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => put({ IfNoneMatch: '*' })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(under.s3.state().versions).toHaveLength(1);
  });

  test('a conditional put is a conflict when the key changes while its body is on the way', async () => {
    const sawPut = () => under.s3.state().requests.some(({ operation }) => operation === 'PutObject');
    async function* body() {
      yield bytes.subarray(0, 5);
      while (!sawPut()) await new Promise(setImmediate);
      await under.client.send(new DeleteObjectCommand({ Bucket, Key }));
      yield bytes.subarray(5);
    }
    const asked = put({ IfNoneMatch: '*', Body: Readable.from(body()), ContentLength: bytes.length });
    expect(await refusal(asked)).toMatchObject({ status: 409, code: 'ConditionalRequestConflict' });
  });

  test('a client that goes away in the middle of its body leaves nothing behind', async () => {
    const controller = new AbortController();
    const request = () => under.s3.state().requests[0];
    async function* body() {
      yield bytes.subarray(0, 5);
      while (!request()) await new Promise(setImmediate);
      controller.abort();
      yield bytes.subarray(5, 6);
    }
    const command = new PutObjectCommand({ Bucket, Key, Body: Readable.from(body()), ContentLength: bytes.length });
    await expect(under.client.send(command, { abortSignal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    while (request()?.ended === null) await new Promise(setImmediate);
    expect(request()).toMatchObject({ ended: 'client went away', status: null });
    expect(under.s3.state().versions).toEqual([]);
    expect(await readdir(under.dataDir)).toEqual([]);
  });

  test('a put without the condition adds a version on top', async () => {
    const first = await put();
    const second = await put();
    expect(under.s3.state().versions.map(({ versionId }) => versionId)).toEqual([second.VersionId, first.VersionId]);
  });

  test('a range is answered in part, and one beyond the end is refused', async () => {
    await put();
    const part = await under.client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=4-11' }));
    expect([await part.Body?.transformToString(), part.ContentRange]).toEqual(['evidence', `bytes 4-11/${bytes.length}`]);
    expect(await refusal(under.client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=100-' })))).toMatchObject({
      status: 416,
    });
  });
});
