import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { S3, type CompletedPart, type S3ClientConfig } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketName, inDays, refusal, s3UnderTest, type S3UnderTest } from './client.js';

const Key = 'evidence/run/evidence.tar.gz';
const at = { Bucket: bucketName, Key };
const LOCK = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(30) } as const;
/** As small as S3 allows for a part that is not the last one. */
const FIRST = Buffer.alloc(5 * 1024 * 1024, 'a');
const LAST = Buffer.from('the rest');

let under: S3UnderTest;
let s3: S3;
beforeEach(async () => {
  under = await s3UnderTest();
  s3 = connect();
});
afterEach(async () => {
  s3.destroy();
  await under.end();
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const checksum = (bytes: Buffer) => sha256(bytes).toString('base64');
const begin = async (lock: object = LOCK) => {
  const { UploadId = '' } = await s3.createMultipartUpload({ ...at, ChecksumAlgorithm: 'SHA256', ...lock });
  return UploadId;
};
const part = async (UploadId: string, PartNumber: number, Body: Buffer): Promise<CompletedPart> => {
  const { ETag, ChecksumSHA256 } = await s3.uploadPart({ ...at, UploadId, PartNumber, Body, ChecksumSHA256: checksum(Body) });
  return { PartNumber, ETag, ChecksumSHA256 };
};
const complete = (UploadId: string, Parts: CompletedPart[], more: object = {}) =>
  s3.completeMultipartUpload({ ...at, UploadId, MultipartUpload: { Parts }, ...more });
const versions = () => under.s3.state().versions;

describe('a multipart upload', () => {
  test('becomes one version when it is completed, under the lock that it began with', async () => {
    const uploadId = await begin();
    const parts = [await part(uploadId, 1, FIRST), await part(uploadId, 2, LAST)];
    expect(versions()).toEqual([]);
    const composite = `${createHash('sha256').update(sha256(FIRST)).update(sha256(LAST)).digest('base64')}-2`;
    const { VersionId, ETag, ChecksumSHA256, ChecksumType } = await complete(uploadId, parts);
    expect({ ChecksumSHA256, ChecksumType }).toEqual({ ChecksumSHA256: composite, ChecksumType: 'COMPOSITE' });
    expect(ETag).toMatch(/^"[\da-f]{32}-2"$/);
    expect(await s3.headObject({ ...at, VersionId, ChecksumMode: 'ENABLED' })).toMatchObject({
      ContentLength: FIRST.length + LAST.length,
      ETag,
      ChecksumSHA256: composite,
      ChecksumType: 'COMPOSITE',
      ...LOCK,
    });
    const { Body } = await s3.getObject({ ...at, VersionId, Range: `bytes=${FIRST.length - 1}-` });
    expect(await Body?.transformToString()).toBe('athe rest');
    expect(versions()[0]?.sha256).toBe(createHash('sha256').update(FIRST).update(LAST).digest('hex'));
  });

  test('is gone once it was completed, so that it makes no second version', async () => {
    const uploadId = await begin();
    const parts = [await part(uploadId, 1, LAST)];
    await complete(uploadId, parts);
    expect(await refusal(complete(uploadId, parts))).toMatchObject({ status: 404, code: 'NoSuchUpload' });
    expect(await refusal(part(uploadId, 1, LAST))).toMatchObject({ code: 'NoSuchUpload' });
    expect(await refusal(s3.listParts({ ...at, UploadId: uploadId }))).toMatchObject({ code: 'NoSuchUpload' });
    expect(versions()).toHaveLength(1);
  });

  test('is gone with its parts once it was aborted', async () => {
    const uploadId = await begin();
    await part(uploadId, 1, LAST);
    await s3.abortMultipartUpload({ ...at, UploadId: uploadId });
    expect(await refusal(s3.abortMultipartUpload({ ...at, UploadId: uploadId }))).toMatchObject({ code: 'NoSuchUpload' });
    expect(under.s3.state().uploads).toEqual([]);
    expect(await readdir(under.dataDir)).toEqual([]);
  });

  test('is of one key: at another one it is not known', async () => {
    const uploadId = await begin();
    expect(await refusal(s3.listParts({ ...at, Key: 'other', UploadId: uploadId }))).toMatchObject({ code: 'NoSuchUpload' });
  });

  test('tells its parts, page by page, and the last of those that came twice', async () => {
    const uploadId = await begin();
    await part(uploadId, 1, LAST);
    await part(uploadId, 2, LAST);
    await part(uploadId, 1, FIRST);
    const first = await s3.listParts({ ...at, UploadId: uploadId, MaxParts: 1 });
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '1' });
    expect(first.Parts).toMatchObject([{ PartNumber: 1, Size: FIRST.length, ChecksumSHA256: checksum(FIRST) }]);
    const second = await s3.listParts({ ...at, UploadId: uploadId, PartNumberMarker: '1' });
    expect(second).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 2, ChecksumSHA256: checksum(LAST) }] });
    expect(await readdir(under.dataDir)).toHaveLength(2);
  });

  test('is listed while it is in progress, page by page', async () => {
    const ids = [await begin(), await begin()];
    await s3.createMultipartUpload({ Bucket: bucketName, Key: 'other' });
    const first = await s3.listMultipartUploads({ Bucket: bucketName, Prefix: Key, MaxUploads: 1 });
    expect(first).toMatchObject({ IsTruncated: true, Uploads: [{ Key, UploadId: ids[0] }] });
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = first;
    const next = { Bucket: bucketName, Prefix: Key, KeyMarker, UploadIdMarker };
    expect(await s3.listMultipartUploads(next)).toMatchObject({ IsTruncated: false, Uploads: [{ UploadId: ids[1] }] });
  });
});

describe('CompleteMultipartUpload refuses', () => {
  test.each<[string, (parts: CompletedPart[]) => CompletedPart[], string]>([
    ['parts out of order', ([one = {}, two = {}]) => [two, one], 'InvalidPartOrder'],
    ['a gap in the numbers', ([, two = {}]) => [two], 'InvalidPartOrder'],
    ['an ETag that is of no part', ([one = {}, two = {}]) => [one, { ...two, ETag: '"0"' }], 'InvalidPart'],
    ['another checksum', ([one = {}, two = {}]) => [one, { ...two, ChecksumSHA256: checksum(FIRST) }], 'InvalidPart'],
    ['a part without its checksum', ([one = {}, two = {}]) => [one, { ...two, ChecksumSHA256: undefined }], 'InvalidRequest'],
    ['no part at all', () => [], 'MalformedXML'],
  ])('%s, and the upload goes on', async (_what, changed, code) => {
    const uploadId = await begin();
    const parts = [await part(uploadId, 1, FIRST), await part(uploadId, 2, LAST)];
    expect(await refusal(complete(uploadId, changed(parts)))).toMatchObject({ status: 400, code });
    await complete(uploadId, parts);
    expect(versions()).toHaveLength(1);
  });

  test('a part that is too small and not the last one', async () => {
    const uploadId = await begin();
    const parts = [await part(uploadId, 1, LAST), await part(uploadId, 2, LAST)];
    expect(await refusal(complete(uploadId, parts))).toMatchObject({ status: 400, code: 'EntityTooSmall' });
  });

  test('another size than the client takes the whole for', async () => {
    const uploadId = await begin();
    const parts = [await part(uploadId, 1, LAST)];
    expect(await refusal(complete(uploadId, parts, { MpuObjectSize: 7 }))).toMatchObject({ code: 'InvalidRequest' });
    await complete(uploadId, parts, { MpuObjectSize: LAST.length });
  });

  test('a condition that does not hold, with 412, and the upload goes on', async () => {
    await s3.putObject({ ...at, Body: 'something' });
    const uploadId = await begin();
    const parts = [await part(uploadId, 1, LAST)];
    expect(await refusal(complete(uploadId, parts, { IfNoneMatch: '*' }))).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
    });
    expect(under.s3.state().uploads).toHaveLength(1);
    await s3.deleteObject(at);
    await complete(uploadId, parts, { IfNoneMatch: '*' });
  });
});

describe('CreateMultipartUpload and UploadPart refuse', () => {
  test.each([
    ['a lock in the past', { ...LOCK, ObjectLockRetainUntilDate: new Date(0) }, 'InvalidArgument'],
    ['half a lock', { ObjectLockMode: 'GOVERNANCE' }, 'InvalidArgument'],
  ])('%s', async (_what, lock, code) => {
    expect(await refusal(begin(lock))).toMatchObject({ status: 400, code });
  });

  test('what is not allowed', async () => {
    const uploadId = await begin();
    for (const [action, call] of [
      ['s3:PutObject', () => begin()],
      ['s3:PutObjectRetention', () => begin()],
      ['s3:PutObject', () => part(uploadId, 1, LAST)],
      ['s3:ListMultipartUploadParts', () => s3.listParts({ ...at, UploadId: uploadId })],
      ['s3:ListBucketMultipartUploads', () => s3.listMultipartUploads({ Bucket: bucketName })],
      ['s3:AbortMultipartUpload', () => s3.abortMultipartUpload({ ...at, UploadId: uploadId })],
    ] as const) {
      under.s3.control({ deny: [action] });
      expect((await refusal(call())).message).toContain(`not authorized to perform: ${action} on resource`);
    }
  });

  test('a part without the checksum that was announced, with a wrong one, or with a number out of range', async () => {
    const uploadId = await begin();
    const plain = connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const bare = { ...at, UploadId: uploadId, Body: LAST };
    expect(await refusal(plain.uploadPart({ ...bare, PartNumber: 1 }))).toMatchObject({ code: 'InvalidRequest' });
    plain.destroy();
    const wrong = { ...bare, PartNumber: 1, ChecksumSHA256: checksum(FIRST) };
    expect(await refusal(s3.uploadPart(wrong))).toMatchObject({ code: 'BadDigest' });
    expect(await refusal(part(uploadId, 10_001, LAST))).toMatchObject({ code: 'InvalidArgument' });
    expect(under.s3.state().uploads).toMatchObject([{ parts: [] }]);
  });

  test('an owner of the bucket who is another one, as every call does', async () => {
    const calls = [
      () => s3.createMultipartUpload({ ...at, ExpectedBucketOwner: '999999999999' }),
      () => s3.listObjectVersions({ Bucket: bucketName, ExpectedBucketOwner: '999999999999' }),
      () => s3.listMultipartUploads({ Bucket: bucketName, ExpectedBucketOwner: '999999999999' }),
    ];
    for (const call of calls) expect(await refusal(call())).toMatchObject({ status: 403, code: 'AccessDenied' });
    under.s3.control({ bucket: { owner: '999999999999' } });
    for (const call of calls) await call();
  });
});

describe('a connection that is cut', () => {
  test.each([
    ['UploadPart', 'before', 0],
    ['UploadPart', 'during', 0],
    ['UploadPart', 'after', 1],
  ] as const)('%s %s leaves %i parts', async (operation, when, parts) => {
    const uploadId = await begin();
    under.s3.control({ faults: [{ operation, at: when, reset: true }] });
    await expect(part(uploadId, 1, FIRST)).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
    expect(under.s3.state().uploads[0]?.parts).toHaveLength(parts);
  });

  test.each([
    ['before', 0],
    ['during', 0],
    ['after', 1],
  ] as const)('CompleteMultipartUpload %s leaves %i versions', async (when, count) => {
    const uploadId = await begin();
    const parts = [await part(uploadId, 1, LAST)];
    under.s3.control({ faults: [{ operation: 'CompleteMultipartUpload', at: when, reset: true }] });
    await expect(complete(uploadId, parts)).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
    expect(versions()).toHaveLength(count);
    expect(under.s3.state().uploads).toHaveLength(1 - count);
  });
});

function connect(config: S3ClientConfig = {}): S3 {
  return new S3({
    endpoint: under.s3.url,
    region: 'ap-northeast-2',
    forcePathStyle: true,
    credentials: under.s3.credentials,
    maxAttempts: 1,
    ...config,
  });
}
