import {
  CreateBucketCommand,
  CopyObjectCommand,
  UploadPartCopyCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketName, refusal, s3UnderTest, type S3UnderTest } from './client.js';

let under: S3UnderTest;
beforeEach(async () => {
  under = await s3UnderTest({ account: '111122223333' });
});
afterEach(() => under.end());

const Bucket = bucketName;
const headBucket = (config: Parameters<S3UnderTest['connect']>[0] = {}) =>
  under.connect(config).send(new HeadBucketCommand({ Bucket }));

describe('a bucket', () => {
  test('with Object Lock is versioned and says where it is', async () => {
    expect(await headBucket()).toMatchObject({ BucketRegion: 'ap-northeast-2' });
    expect(await under.client.send(new GetBucketLocationCommand({ Bucket }))).toMatchObject({
      LocationConstraint: 'ap-northeast-2',
    });
    expect(await under.client.send(new GetBucketVersioningCommand({ Bucket }))).toMatchObject({ Status: 'Enabled' });
    const { ObjectLockConfiguration } = await under.client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(ObjectLockConfiguration).toEqual({ ObjectLockEnabled: 'Enabled' });
  });

  test('shows its default retention', async () => {
    under.s3.control({ bucket: { defaultRetention: { mode: 'GOVERNANCE', years: 1 } } });
    const { ObjectLockConfiguration } = await under.client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'GOVERNANCE', Years: 1 });
  });

  test('can be made without Object Lock, and then has neither versioning nor a lock configuration', async () => {
    const CreateBucketConfiguration = { LocationConstraint: 'ap-northeast-2' } as const;
    await under.client.send(new CreateBucketCommand({ Bucket: 'plain-bucket', CreateBucketConfiguration }));
    const plain = { Bucket: 'plain-bucket' };
    expect((await under.client.send(new GetBucketVersioningCommand(plain))).Status).toBeUndefined();
    expect(await refusal(under.client.send(new GetObjectLockConfigurationCommand(plain)))).toMatchObject({
      status: 404,
      code: 'ObjectLockConfigurationNotFoundError',
    });
    const locked = { Bucket: 'locked-bucket', ObjectLockEnabledForBucket: true, CreateBucketConfiguration };
    await under.client.send(new CreateBucketCommand(locked));
    expect((await under.client.send(new GetBucketVersioningCommand({ Bucket: 'locked-bucket' }))).Status).toBe('Enabled');
    expect(await refusal(under.client.send(new CreateBucketCommand(locked)))).toMatchObject({ code: 'BucketAlreadyOwnedByYou' });
  });

  test('of another region answers every call with the region it is in', async () => {
    under.s3.control({ bucket: { region: 'eu-west-1' } });
    expect(await refusal(headBucket())).toMatchObject({ status: 301 });
    const versioning = under.client.send(new GetBucketVersioningCommand({ Bucket }));
    await expect(versioning).rejects.toMatchObject({
      name: 'PermanentRedirect',
      $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
    });
  });

  test('can be taken away and made anew, and have its versioning taken back', async () => {
    under.s3.control({ bucket: { remove: true } });
    under.s3.control({ bucket: { create: true } });
    expect(await under.client.send(new GetBucketVersioningCommand({ Bucket }))).toMatchObject({ Status: 'Enabled' });
    under.s3.control({ bucket: { versioning: null } });
    expect((await under.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
  });

  test('that was removed, or belongs to another account, is not found or forbidden', async () => {
    const foreign = under.client.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: '999999999999' }));
    expect(await refusal(foreign)).toMatchObject({ status: 403 });
    under.s3.control({ bucket: { remove: true } });
    expect(await refusal(headBucket())).toMatchObject({ status: 404 });
    expect(await refusal(under.client.send(new GetBucketVersioningCommand({ Bucket })))).toMatchObject({ code: 'NoSuchBucket' });
  });

  test('with suspended versioning stores the version "null" and replaces it', async () => {
    under.s3.control({ bucket: { versioning: 'Suspended' } });
    await under.client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'one' }));
    await under.client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'other' }));
    expect(under.s3.state().versions).toMatchObject([{ versionId: 'null', size: 5 }]);
  });

  test('lists its keys and versions page by page, in the order of their bytes', async () => {
    for (const Key of ['b', 'a/2', 'a/1', 'a/1']) await under.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const first = await under.client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2 }));
    const rest = await under.client.send(new ListObjectsV2Command({ Bucket, ContinuationToken: first.NextContinuationToken }));
    expect([first, rest].map(({ Contents }) => Contents?.map(({ Key }) => Key))).toEqual([['a/1', 'a/2'], ['b']]);
    const versions = await under.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'a/', MaxKeys: 1 }));
    const more = await under.client.send(
      new ListObjectVersionsCommand({
        Bucket,
        Prefix: 'a/',
        KeyMarker: versions.NextKeyMarker,
        VersionIdMarker: versions.NextVersionIdMarker,
      }),
    );
    const shown = [versions, more].map(({ Versions }) => Versions?.map(({ Key, IsLatest }) => `${Key} ${IsLatest}`));
    expect(shown).toEqual([['a/1 true'], ['a/1 false', 'a/2 true']]);
  });

  test('tells of a missing key only to those who may list', async () => {
    const head = () => refusal(under.client.send(new HeadObjectCommand({ Bucket, Key: 'missing' })));
    expect(await head()).toMatchObject({ status: 404 });
    under.s3.control({ deny: ['s3:ListBucket'] });
    expect(await head()).toMatchObject({ status: 403 });
  });

  test('refuses an id that is none with 400, and one that it does not have with 404', async () => {
    const head = (VersionId: string) => refusal(under.client.send(new HeadObjectCommand({ Bucket, Key: 'a', VersionId })));
    expect(await head('not-a-version')).toMatchObject({ status: 400 });
    expect(await head('A'.repeat(32))).toMatchObject({ status: 404 });
  });

  test('does not pretend to copy, a part neither', async () => {
    const copy = new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` });
    expect(await refusal(under.client.send(copy))).toMatchObject({ status: 501, code: 'NotImplemented' });
    const part = new UploadPartCopyCommand({ Bucket, Key: 'b', UploadId: 'u', PartNumber: 1, CopySource: `${Bucket}/a` });
    expect(await refusal(under.client.send(part))).toMatchObject({ status: 501, code: 'NotImplemented' });
  });

  test('answers each request with an id that is in the log', async () => {
    const { $metadata } = await headBucket();
    expect(under.s3.state().requests).toMatchObject([{ id: $metadata.requestId, operation: 'HeadBucket', status: 200 }]);
  });
});

describe('the caller', () => {
  const identity = (config: ConstructorParameters<typeof STSClient>[0] = {}) => {
    const options = { endpoint: under.s3.url, region: 'ap-northeast-2', credentials: under.s3.credentials, maxAttempts: 1 };
    const sts = new STSClient({ ...options, ...config });
    return sts.send(new GetCallerIdentityCommand({})).finally(() => sts.destroy());
  };
  const refused = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason as { name: string; $metadata: { httpStatusCode: number } },
    );
    return `${error?.$metadata.httpStatusCode} ${error?.name}`;
  };
  const versioning = (config: Parameters<S3UnderTest['connect']>[0] = {}) =>
    under.connect(config).send(new GetBucketVersioningCommand({ Bucket }));

  test('is the operator of the configured account', async () => {
    expect(await identity()).toMatchObject({
      Account: '111122223333',
      Arn: 'arn:aws:sts::111122223333:assumed-role/dpp-admin/operator',
      UserId: expect.stringContaining(':operator'),
    });
    expect(under.s3.state().requests).toMatchObject([{ operation: 'GetCallerIdentity', status: 200 }]);
  });

  test('with expired credentials is refused by both services', async () => {
    under.s3.control({ credentials: 'expired' });
    expect(await refused(versioning())).toBe('400 ExpiredToken');
    expect(await refused(identity())).toBe('403 ExpiredToken');
  });

  test('with an unknown key, or a wrong secret, is refused by both services', async () => {
    const stranger = { accessKeyId: 'nobody', secretAccessKey: 'x' };
    expect(await refused(versioning({ credentials: stranger }))).toBe('403 InvalidAccessKeyId');
    expect(await refused(identity({ credentials: stranger }))).toBe('403 InvalidClientTokenId');
    const guess = { ...under.s3.credentials, secretAccessKey: 'guess' };
    expect(await refused(versioning({ credentials: guess }))).toBe('403 SignatureDoesNotMatch');
    expect(await refused(identity({ credentials: guess }))).toBe('403 SignatureDoesNotMatch');
  });

  test('without a signature is refused', async () => {
    const response = await fetch(`${under.s3.url}/${Bucket}?versioning`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('<Code>AccessDenied</Code>');
    const post = await fetch(`${under.s3.url}/`, { method: 'POST', body: new URLSearchParams({ Action: 'GetCallerIdentity' }) });
    expect([post.status, await post.text()]).toEqual([403, expect.stringContaining('<Code>MissingAuthenticationToken</Code>')]);
  });

  test('in the wrong region is told the right one', async () => {
    expect(await refusal(versioning({ region: 'us-east-1' }))).toMatchObject({
      status: 400,
      code: 'AuthorizationHeaderMalformed',
      message: expect.stringContaining("expecting 'ap-northeast-2'"),
    });
  });

  test('whose clock is off by more than a quarter of an hour is refused', async () => {
    under.s3.control({ clockOffsetSeconds: 14 * 60 });
    await versioning();
    under.s3.control({ clockOffsetSeconds: 16 * 60 });
    expect(await refused(versioning())).toBe('403 RequestTimeTooSkewed');
  });

  test.each([
    ['s3:GetBucketVersioning', new GetBucketVersioningCommand({ Bucket })],
    ['s3:GetBucketObjectLockConfiguration', new GetObjectLockConfigurationCommand({ Bucket })],
    ['s3:GetBucketLocation', new GetBucketLocationCommand({ Bucket })],
    ['s3:ListBucketVersions', new ListObjectVersionsCommand({ Bucket })],
    ['s3:ListBucket', new ListObjectsV2Command({ Bucket })],
    ['s3:PutObject', new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' })],
  ] as const)('without %s is told which permission is missing', async (action, command) => {
    under.s3.control({ deny: [action] });
    expect(await refusal(under.client.send(command as GetBucketLocationCommand))).toMatchObject({
      status: 403,
      code: 'AccessDenied',
      message: expect.stringContaining(`not authorized to perform: ${action} on resource`),
    });
  });
});
