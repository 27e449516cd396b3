import { Readable } from 'node:stream';
import type { S3 } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createS3Client } from '../../../src/actors/s3/client.js';
import { listVersions } from '../../../src/actors/s3/list-versions.js';
import { putLockedObject, verifyLockedObject } from '../../../src/actors/s3/locked-object.js';
import type { LockedObject } from '../../../src/actors/s3/multipart-upload.js';
import { probeBucket } from '../../../src/actors/s3/probe-bucket.js';
import type { S3Session } from '../../../src/actors/s3/session.js';
import { startRgw, type RunningRgw } from '../../services/rgw/start.js';
import {
  ARCHIVE_KEY,
  BUCKET,
  failure,
  inOnePart,
  OWNER,
  recordOfUploads,
  RETAIN_UNTIL,
  RUN_ID,
  settings,
} from '../sealing-context.js';

let rgw: RunningRgw;
let env: NodeJS.ProcessEnv;
let client: S3;
let session: S3Session;
let object: LockedObject;
let keys = 0;

beforeAll(async () => {
  rgw = await startRgw();
  await rgw.createBucket(BUCKET);
  env = {
    AWS_ENDPOINT_URL_S3: rgw.url,
    AWS_ACCESS_KEY_ID: rgw.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: rgw.credentials.secretAccessKey,
  };
  client = await createS3Client(settings(), env, { owner: OWNER });
  session = {
    client,
    bucket: BUCKET,
    region: 'ap-northeast-2',
    signal: new AbortController().signal,
    log: () => Promise.resolve(),
  };
}, 60_000);
beforeEach(() => {
  object = { ...lockedObject('an archive of evidence'), key: `${ARCHIVE_KEY}-${(keys += 1)}` };
});
afterAll(async () => {
  client?.destroy();
  await rgw?.stop();
});

const record = recordOfUploads();
/** One attempt, with what those before it have reported. */
const put = (one: LockedObject, before?: () => Promise<void>) => putLockedObject(session, one, record(one.key, before));
const versions = async () => (await listVersions(session, object.key)).versions.map(({ versionId }) => versionId);
const version = (versionId: string) => ({ Bucket: BUCKET, Key: object.key, VersionId: versionId });
/** What no attempt of ours does: another version at the key, whatever lies there. */
const putOver = async (body: string) => (await client.putObject({ Bucket: BUCKET, Key: object.key, Body: body })).VersionId ?? '';

describe('a locked object on a real S3 server', () => {
  test.each(['GOVERNANCE', 'COMPLIANCE'] as const)(
    'is stored under %s as one version, and proven by downloading it',
    async (mode) => {
      object = { ...object, mode };
      const upload = await put(object);
      expect(await verifyLockedObject(session, object, upload)).toEqual({
        lockMode: mode,
        retainUntil: RETAIN_UNTIL,
        contentVerifiedBy: 'download',
      });
      expect(await versions()).toEqual([upload.versionId]);
    },
  );

  test('of more bytes than the server stores in one piece is proven as a whole', async () => {
    const large = { ...object, ...lockedObject('evidence '.repeat(1_000_001)) };
    const upload = await put(large);
    expect(await verifyLockedObject(session, large, upload)).toMatchObject({ contentVerifiedBy: 'download' });
    expect(await put(large)).toMatchObject({ adopted: true, versionId: upload.versionId });
  });

  test('is taken over by the next attempt, not stored again', async () => {
    const { versionId } = await put(object);
    expect(await put(object)).toMatchObject({ adopted: true, versionId });
    expect(await versions()).toEqual([versionId]);
  });

  test('that is not what was hashed is refused, and nothing is stored', async () => {
    const changed = { ...object, body: () => Readable.from([Buffer.from('an archive of EVIDENCE')]) };
    expect(await failure(put(changed))).toMatchObject({ code: 'S3_TRANSFER_DAMAGED', transient: true });
    expect(await versions()).toEqual([]);
  });

  test('that is written over is no longer verified, and neither sealed over nor beside', async () => {
    const upload = await put(object);
    const above = await putOver('something else');
    const unverified = await failure(verifyLockedObject(session, object, upload));
    expect(unverified).toMatchObject({ code: 'WORM_VERIFY_FAILED', options: { details: { field: 'versions at the key' } } });
    expect(unverified.message).toContain(above);
    expect((await failure(put(object))).code).toBe('S3_KEY_OCCUPIED');
    expect(await versions()).toEqual([above, upload.versionId]);
  });

  test('beneath a delete marker is no longer verified, and occupies its key', async () => {
    const upload = await put(object);
    await client.deleteObject({ Bucket: BUCKET, Key: object.key });
    expect((await failure(verifyLockedObject(session, object, upload))).message).toContain('delete marker');
    expect((await failure(put(object))).code).toBe('S3_KEY_OCCUPIED');
  });

  test.each<[string, Partial<LockedObject>, string]>([
    ['another mode', { mode: 'COMPLIANCE' }, 'ObjectLockMode'],
    ['an earlier date', { retainUntil: '2098-01-01T00:00:00Z' }, 'ObjectLockRetainUntilDate'],
    ['other bytes of the same length', lockedObject('an archive of EVIDENCE'), 'SHA-256 of the download'],
    ['another length', lockedObject('something else'), 'ContentLength'],
  ])('with %s is found to be so', async (_what, different, field) => {
    const stored = { ...object, ...different, key: object.key };
    const upload = await put(stored);
    expect(await failure(verifyLockedObject(session, object, upload))).toMatchObject({
      code: 'WORM_VERIFY_FAILED',
      options: { details: { field } },
    });
    expect((await failure(put(object))).code).toBe('S3_KEY_OCCUPIED');
  });

  test('held for a shorter time by a bypass is found to be so', async () => {
    const upload = await put(object);
    await client.putObjectRetention({
      ...version(upload.versionId),
      BypassGovernanceRetention: true,
      Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date('2098-01-01T00:00:00Z') },
    });
    expect(await failure(verifyLockedObject(session, object, upload))).toMatchObject({
      code: 'WORM_VERIFY_FAILED',
      options: { details: { field: 'ObjectLockRetainUntilDate', expected: RETAIN_UNTIL } },
    });
  });

  test('that was deleted by a bypass is gone for the verification too', async () => {
    const upload = await put(object);
    await client.deleteObject({ ...version(upload.versionId), BypassGovernanceRetention: true });
    expect(await failure(verifyLockedObject(session, object, upload))).toMatchObject({ transient: false });
  });

  test('beside a copy that came meanwhile, which this server lets happen, is not relied on and never chosen from', async () => {
    const copy = async () => {
      const { VersionId = '' } = await client.putObject({ Bucket: BUCKET, Key: object.key, Body: 'an archive of evidence' });
      const Retention = { Mode: object.mode, RetainUntilDate: new Date(RETAIN_UNTIL) };
      await client.putObjectRetention({ ...version(VersionId), Retention });
    };
    expect((await failure(put(object, copy))).code).toBe('WORM_VERIFY_FAILED');
    expect(await versions()).toHaveLength(2);
    expect((await failure(put(object))).code).toBe('S3_KEY_OCCUPIED');
  });

  test('of two that are uploaded at once only one is stored: the other upload is given up', async () => {
    const race = () => putLockedObject(session, object, recordOfUploads()(object.key)).then(() => undefined);
    expect(await failure(put(object, race))).toMatchObject({ code: 'S3_UPLOAD_GONE', transient: true });
    expect(await put(object)).toMatchObject({ adopted: true });
    expect(await versions()).toHaveLength(1);
  });

  test('beneath more versions and delete markers than a page of the list has, is found with all of them', async () => {
    const { versionId } = await put(object);
    const above = [await putOver('one'), await putOver('two'), await putOver('three')];
    const { VersionId: marker } = await client.deleteObject({ Bucket: BUCKET, Key: object.key });
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { query: Record<string, string> }).query['max-keys'] = '2';
        return next(args);
      },
      { step: 'build', name: 'inPages' },
    );
    const page = await client.listObjectVersions({ Bucket: BUCKET, Prefix: object.key });
    expect(page).toMatchObject({ IsTruncated: true, MaxKeys: 2 });
    const found = await listVersions(session, object.key);
    client.middlewareStack.remove('inPages');
    expect(found.versions.map((one) => one.versionId)).toEqual([...above.reverse(), versionId]);
    expect(found.deleteMarkers).toEqual([marker]);
  });
});

describe('probeBucket on a real S3 server', () => {
  const probe = (overrides = {}, credentials: NodeJS.ProcessEnv = {}) =>
    probeBucket(settings(overrides), {
      env: { ...env, ...credentials },
      signal: new AbortController().signal,
      runId: RUN_ID.replace('2026', '2027'),
      owner: OWNER,
    });
  const failing = async (...args: Parameters<typeof probe>) => (await probe(...args)).filter(({ ok }) => !ok);

  test('a good bucket passes every check, and nothing is stored', async () => {
    const checks = await probe();
    expect(checks).toHaveLength(10);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const { Versions = [] } = await client.listObjectVersions({
      Bucket: BUCKET,
      Prefix: settings().prefix + '/phase6_4_cutover/2027',
    });
    expect(Versions).toEqual([]);
  });

  test('a default retention that is longer or stricter than what the run asks for is reported', async () => {
    await rgw.createBucket('strict');
    const DefaultRetention = { Mode: 'COMPLIANCE', Days: 366 } as const;
    await client.putObjectLockConfiguration({
      Bucket: 'strict',
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
    });
    expect((await failing({ bucket: 'strict' })).map(({ message }) => message)).toEqual([
      "the bucket's default retention is COMPLIANCE for 366 days, the run asks for 365 days",
    ]);
    expect((await failing({ bucket: 'strict', retentionDays: 366 })).map(({ message }) => message)).toEqual([
      "the bucket's default retention is COMPLIANCE for 366 days, the run asks for GOVERNANCE",
    ]);
    expect(await failing({ bucket: 'strict', retentionDays: 366, lockMode: 'COMPLIANCE' })).toEqual([]);
  });

  test('keys that are not known, or do not fit, fail every check', async () => {
    const wrongSecret = await failing({}, { AWS_SECRET_ACCESS_KEY: 'wrong' });
    expect(wrongSecret).toHaveLength(10);
    const unknown = await failing({}, { AWS_ACCESS_KEY_ID: 'nobody' });
    expect(unknown).toHaveLength(10);
    for (const [code, failed] of [
      ['SignatureDoesNotMatch', wrongSecret],
      ['InvalidAccessKeyId', unknown],
    ] as const) {
      // An answer to HEAD has no body, so it names no code.
      expect(failed.filter(({ message }) => message.includes(code))).toHaveLength(9);
    }
  });
});

function lockedObject(content: string): Omit<LockedObject, 'key'> {
  return inOnePart(Buffer.from(content));
}
