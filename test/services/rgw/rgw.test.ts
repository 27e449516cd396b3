import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { S3, type S3ClientConfig } from '@aws-sdk/client-s3';
import { STS } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refusal } from '../s3/client.js';
import { startRgw, type RunningRgw } from './start.js';

/** The plain AWS SDK against the server itself: what its Object Lock holds, and where it is not like AWS. */

const Bucket = 'worm';
const UNTIL = new Date('2099-02-21T12:05:00Z');
const EARLIER = new Date('2098-01-01T00:00:00Z');
const LATER = new Date('2100-01-01T00:00:00Z');
const Body = 'an archive of evidence';
type Mode = 'GOVERNANCE' | 'COMPLIANCE';

let rgw: RunningRgw;
let s3: S3;
beforeAll(async () => {
  rgw = await startRgw();
  await rgw.createBucket(Bucket);
  await rgw.createBucket('plain', { objectLock: false });
  s3 = connect();
}, 60_000);
afterAll(async () => {
  s3?.destroy();
  await rgw?.stop();
});

describe.each<Mode>(['COMPLIANCE', 'GOVERNANCE'])('a version under %s', (mode) => {
  const locked = async (Key: string) => {
    const { VersionId } = await s3.putObject({ Bucket, Key, Body, ObjectLockMode: mode, ObjectLockRetainUntilDate: UNTIL });
    return { Bucket, Key: Key, VersionId };
  };
  const shortened = { Mode: mode, RetainUntilDate: EARLIER };
  const retention = async (version: Awaited<ReturnType<typeof locked>>) => (await s3.getObjectRetention(version)).Retention;

  test("can't be deleted", async () => {
    const version = await locked(`${mode}/deleted`);
    expect(await refusal(s3.deleteObject(version))).toMatchObject({ status: 403, code: 'AccessDenied' });
    const { Errors } = await s3.deleteObjects({ Bucket, Delete: { Objects: [version] } });
    expect(Errors).toMatchObject([{ VersionId: version.VersionId, Code: 'AccessDenied' }]);
    expect(await content(version)).toBe(Body);
  });

  test("can't be held for a shorter time, only for a longer one", async () => {
    const version = await locked(`${mode}/shortened`);
    expect(await refusal(s3.putObjectRetention({ ...version, Retention: shortened }))).toMatchObject({ status: 403 });
    expect(await refusal(s3.putObjectRetention({ ...version, Retention: {} }))).toMatchObject({ status: 400 });
    expect(await retention(version)).toEqual({ Mode: mode, RetainUntilDate: UNTIL });
    await s3.putObjectRetention({ ...version, Retention: { Mode: mode, RetainUntilDate: LATER } });
    expect(await retention(version)).toEqual({ Mode: mode, RetainUntilDate: LATER });
  });

  test('is still there, and locked, beneath what is written or deleted over it', async () => {
    const version = await locked(`${mode}/overwritten`);
    const { VersionId: above } = await s3.putObject({ Bucket, Key: version.Key, Body: 'something else' });
    const { VersionId: marker } = await s3.deleteObject({ Bucket, Key: version.Key });
    const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket, Prefix: version.Key });
    expect(Versions.map(({ VersionId }) => VersionId)).toEqual([above, version.VersionId]);
    expect(DeleteMarkers.map(({ VersionId }) => VersionId)).toEqual([marker]);
    expect(await content(version)).toBe(Body);
    expect(await retention(version)).toEqual({ Mode: mode, RetainUntilDate: UNTIL });
  });

  const bypass = { BypassGovernanceRetention: true };
  if (mode === 'COMPLIANCE') {
    test('is not given free by a bypass, nor by turning to GOVERNANCE', async () => {
      const version = await locked('bypassed');
      expect(await refusal(s3.deleteObject({ ...version, ...bypass }))).toMatchObject({ status: 403, code: 'AccessDenied' });
      expect(await refusal(s3.putObjectRetention({ ...version, ...bypass, Retention: shortened }))).toMatchObject({
        status: 403,
      });
      const governance = { Mode: 'GOVERNANCE', RetainUntilDate: UNTIL } as const;
      expect(await refusal(s3.putObjectRetention({ ...version, ...bypass, Retention: governance }))).toMatchObject({
        status: 403,
      });
      expect(await retention(version)).toEqual({ Mode: mode, RetainUntilDate: UNTIL });
    });
  } else {
    test('is given free by a bypass: shorter, and then gone', async () => {
      const version = await locked('bypassed');
      await s3.putObjectRetention({ ...version, ...bypass, Retention: shortened });
      expect(await retention(version)).toEqual(shortened);
      await s3.deleteObject({ ...version, ...bypass });
      expect(await refusal(s3.getObject(version))).toMatchObject({ status: 404 });
    });
  }
});

describe('a bucket with Object Lock', () => {
  test("can't be deleted with what is locked in it", async () => {
    await s3.putObject({ Bucket, Key: 'held', Body, ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: UNTIL });
    expect(await refusal(s3.deleteBucket({ Bucket }))).toMatchObject({ status: 409, code: 'BucketNotEmpty' });
  });

  test("can't suspend its versioning, and one without can't take locks", async () => {
    const suspended = { VersioningConfiguration: { Status: 'Suspended' } } as const;
    expect(await refusal(s3.putBucketVersioning({ Bucket, ...suspended }))).toMatchObject({
      status: 409,
      code: 'InvalidBucketState',
    });
    expect(await s3.getBucketVersioning({ Bucket })).toMatchObject({ Status: 'Enabled' });
    const lock = { Key: 'locked', Body, ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: UNTIL } as const;
    expect(await refusal(s3.putObject({ Bucket: 'plain', ...lock }))).toMatchObject({ status: 400, code: 'InvalidRequest' });
  });
});

/** Each of these is a reason for something in the product. A newer server that differs makes them fail: then look again there. */
describe('unlike AWS, this server', () => {
  test('ignores If-None-Match and stores a second version', async () => {
    const put = () => s3.putObject({ Bucket, Key: 'conditional', Body, IfNoneMatch: '*' });
    const [first, second] = [await put(), await put()];
    const { Versions = [] } = await s3.listObjectVersions({ Bucket, Prefix: 'conditional' });
    expect(Versions.map(({ VersionId }) => VersionId)).toEqual([second.VersionId, first.VersionId]);
  });

  test('takes a wrong x-amz-checksum-sha256, and tells none', async () => {
    const wrong = createHash('sha256').update('something else').digest('base64');
    await s3.putObject({ Bucket, Key: 'checksum', Body, ChecksumSHA256: wrong });
    const head = await s3.headObject({ Bucket, Key: 'checksum', ChecksumMode: 'ENABLED' });
    expect(head.ChecksumSHA256).toBeUndefined();
    expect(head.ChecksumType).toBeUndefined();
  });

  test('answers 411 to a stream that the SDK frames as it does by default, and takes the same stream unframed', async () => {
    const stream = () => ({ Bucket, Key: 'stream', Body: Readable.from([Buffer.from(Body)]), ContentLength: Body.length });
    expect(await refusal(s3.putObject(stream()))).toMatchObject({ status: 411, code: 'MissingContentLength' });
    const unframed = connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const sha256 = createHash('sha256').update(Body).digest('hex');
    unframed.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
        return next(args);
      },
      { step: 'build' },
    );
    const { VersionId } = await unframed.putObject(stream());
    unframed.destroy();
    expect(await content({ Bucket, Key: 'stream', VersionId })).toBe(Body);
  });

  test('takes no lock when an upload begins, only on the version that was made of it', async () => {
    const at = { Bucket, Key: 'unlocked' };
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: UNTIL } as const;
    // S3 would refuse a date in the past.
    for (const date of [new Date(0), UNTIL]) await s3.createMultipartUpload({ ...at, ...lock, ObjectLockRetainUntilDate: date });
    const { UploadId } = await s3.createMultipartUpload({ ...at, ...lock });
    const { VersionId } = await completed(at.Key, UploadId);
    const version = { ...at, VersionId };
    expect((await s3.headObject(version)).ObjectLockMode).toBeUndefined();
    expect(await refusal(s3.getObjectRetention(version))).toMatchObject({
      status: 404,
      code: 'ObjectLockConfigurationNotFoundError',
    });
    await s3.putObjectRetention({ ...version, Retention: { Mode: 'COMPLIANCE', RetainUntilDate: UNTIL } });
    expect(await s3.headObject(version)).toMatchObject(lock);
    expect(await refusal(s3.deleteObject(version))).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  test('ignores If-None-Match on the completion, tells no ETag in it, and no version to whoever completes once more', async () => {
    const Key = 'completed';
    await s3.putObject({ Bucket, Key, Body });
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key });
    const first = await completed(Key, UploadId);
    expect(first).toMatchObject({ ETag: '', VersionId: expect.any(String) });
    const again = await completed(Key, UploadId, { sendPart: false });
    expect(again.VersionId).toBeUndefined();
    const { Versions = [] } = await s3.listObjectVersions({ Bucket, Prefix: Key });
    expect(Versions).toHaveLength(2);
    expect(Versions[0]).toMatchObject({ VersionId: first.VersionId, ETag: expect.stringMatching(/^"[\da-f]{32}-1"$/) });
  });

  test('says NoSuchKey of an upload that is gone when it is asked for its parts', async () => {
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: 'gone' });
    const upload = { Bucket, Key: 'gone', UploadId };
    await s3.abortMultipartUpload(upload);
    expect(await refusal(s3.listParts(upload))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect(await refusal(s3.abortMultipartUpload(upload))).toMatchObject({ status: 404, code: 'NoSuchUpload' });
    expect(await refusal(s3.uploadPart({ ...upload, PartNumber: 1, Body }))).toMatchObject({ code: 'NoSuchUpload' });
  });

  test('looks neither at the checksum of a part nor at who owns the bucket', async () => {
    const upload = {
      Bucket,
      Key: 'unchecked',
      UploadId: (await s3.createMultipartUpload({ Bucket, Key: 'unchecked' })).UploadId,
    };
    const wrong = createHash('sha256').update('something else').digest('base64');
    await s3.uploadPart({ ...upload, PartNumber: 1, Body, ChecksumSHA256: wrong });
    const { Parts = [] } = await s3.listParts(upload);
    expect(Parts).toMatchObject([{ ETag: `"${createHash('md5').update(Body).digest('hex')}"` }]);
    expect(Parts[0]?.ChecksumSHA256).toBeUndefined();
    await s3.headBucket({ Bucket, ExpectedBucketOwner: '999999999999' });
  });

  test('has no GetCallerIdentity', async () => {
    const sts = new STS({ endpoint: rgw.url, region: 'us-east-1', credentials: rgw.credentials, maxAttempts: 1 });
    await expect(sts.getCallerIdentity({})).rejects.toMatchObject({ $metadata: { httpStatusCode: 405 } });
    sts.destroy();
  });

  test('tells retain-until to the nanosecond', async () => {
    await s3.putObject({ Bucket, Key: 'fine', Body, ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: UNTIL });
    const asked = connect();
    let told: string | undefined;
    asked.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        told = (result.response as { headers: Record<string, string> }).headers['x-amz-object-lock-retain-until-date'];
        return result;
      },
      { step: 'deserialize', priority: 'low' },
    );
    expect((await asked.headObject({ Bucket, Key: 'fine' })).ObjectLockRetainUntilDate).toEqual(UNTIL);
    asked.destroy();
    expect(told).toBe('2099-02-21T12:05:00.000000000Z');
  });

  test('names no region of the bucket, and refuses to make one in a region of AWS', async () => {
    expect((await s3.headBucket({ Bucket })).BucketRegion).toBeUndefined();
    const location = { CreateBucketConfiguration: { LocationConstraint: 'ap-northeast-2' } } as const;
    expect(await refusal(s3.createBucket({ Bucket: 'seoul', ...location }))).toMatchObject({ code: 'InvalidLocationConstraint' });
  });
});

describe('like AWS, this server', () => {
  test('makes one version at most of an upload, however many complete it at once', async () => {
    const Key = 'raced';
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key });
    const { ETag } = await s3.uploadPart({ Bucket, Key, UploadId, PartNumber: 1, Body });
    const complete = () =>
      s3.completeMultipartUpload({ Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
    await Promise.allSettled([complete(), complete(), complete(), complete()]);
    expect((await s3.listObjectVersions({ Bucket, Prefix: Key })).Versions).toHaveLength(1);
  });

  test('checks Content-MD5, and stores nothing when it is wrong', async () => {
    const wrong = createHash('md5').update('something else').digest('base64');
    expect(await refusal(s3.putObject({ Bucket, Key: 'digest', Body, ContentMD5: wrong }))).toMatchObject({
      status: 400,
      code: 'BadDigest',
    });
    expect(await refusal(s3.headObject({ Bucket, Key: 'digest' }))).toMatchObject({ status: 404 });
  });

  test('checks the SHA-256 that a request is signed with', async () => {
    const lying = connect();
    lying.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-content-sha256'] = createHash('sha256').update('something else').digest('hex');
        return next(args);
      },
      { step: 'build' },
    );
    expect(await refusal(lying.putObject({ Bucket, Key: 'signed', Body }))).toMatchObject({ code: 'XAmzContentSHA256Mismatch' });
    lying.destroy();
    expect(await refusal(s3.headObject({ Bucket, Key: 'signed' }))).toMatchObject({ status: 404 });
  });

  test('asks who it is', async () => {
    const { accessKeyId } = rgw.credentials;
    for (const [credentials, code] of [
      [{ accessKeyId: 'nobody', secretAccessKey: 'nothing' }, 'InvalidAccessKeyId'],
      [{ accessKeyId, secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
    ] as const) {
      const stranger = connect({ credentials });
      expect(await refusal(stranger.getBucketVersioning({ Bucket }))).toMatchObject({ status: 403, code });
      stranger.destroy();
    }
  });
});

function connect(config: S3ClientConfig = {}): S3 {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const { url: endpoint, credentials } = rgw;
  return new S3({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 1, logger, ...config });
}

/** Sends the one part of an upload, and completes it on the condition that the key is empty. */
async function completed(Key: string, UploadId: string | undefined, { sendPart = true } = {}) {
  const upload = { Bucket, Key, UploadId };
  const ETag = sendPart
    ? (await s3.uploadPart({ ...upload, PartNumber: 1, Body })).ETag
    : `"${createHash('md5').update(Body).digest('hex')}"`;
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  return s3.completeMultipartUpload({ ...upload, IfNoneMatch: '*', MultipartUpload });
}

async function content(version: { Bucket: string; Key: string; VersionId: string | undefined }): Promise<string | undefined> {
  return (await s3.getObject(version)).Body?.transformToString();
}
