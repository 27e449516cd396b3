import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type ObjectLockRetentionMode,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucketName, inDays, refusal, s3UnderTest, type S3UnderTest } from './client.js';

let under: S3UnderTest;
beforeEach(async () => {
  under = await s3UnderTest();
});
afterEach(() => under.end());

const Bucket = bucketName;
const Key = 'evidence.tar.gz';

async function putLocked(mode: ObjectLockRetentionMode, days = 30): Promise<string> {
  const lock = { ObjectLockMode: mode, ObjectLockRetainUntilDate: inDays(days) };
  const { VersionId = '' } = await under.client.send(new PutObjectCommand({ Bucket, Key, Body: 'evidence', ...lock }));
  return VersionId;
}

function retain(VersionId: string, Mode: ObjectLockRetentionMode, days: number, bypass = false) {
  const Retention = { Mode, RetainUntilDate: inDays(days) };
  return under.client.send(
    new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention, BypassGovernanceRetention: bypass }),
  );
}

const remove = (VersionId: string, bypass = false) =>
  under.client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: bypass }));

const locked = { status: 403, code: 'AccessDenied', message: 'Access Denied because object protected by object lock.' };

describe('Object Lock', () => {
  test('the retention that was put is the one that is read', async () => {
    const VersionId = await putLocked('GOVERNANCE');
    const { Retention } = await under.client.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
    expect(Retention).toEqual({ Mode: 'GOVERNANCE', RetainUntilDate: inDays(30) });
  });

  test('a locked version is not deleted; GOVERNANCE gives way to the bypass, and only to one who may', async () => {
    const VersionId = await putLocked('GOVERNANCE');
    expect(await refusal(remove(VersionId))).toEqual(locked);
    under.s3.control({ deny: ['s3:BypassGovernanceRetention'] });
    expect((await refusal(remove(VersionId, true))).message).toContain('not authorized to perform: s3:BypassGovernanceRetention');
    under.s3.control({ deny: [] });
    await remove(VersionId, true);
    expect(under.s3.state().versions).toEqual([]);
  });

  test('nothing deletes a COMPLIANCE version before its time, and anyone may after it', async () => {
    const VersionId = await putLocked('COMPLIANCE', 30);
    expect(await refusal(remove(VersionId, true))).toEqual(locked);
    under.s3.control({ clockOffsetSeconds: 31 * 86_400 });
    const later = under.connect({ systemClockOffset: 31 * 86_400_000 });
    await later.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    expect(under.s3.state().versions).toEqual([]);
  });

  test('a delete without a version hides the object under a marker and loses nothing', async () => {
    const VersionId = await putLocked('COMPLIANCE');
    const { DeleteMarker, VersionId: marker } = await under.client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(DeleteMarker).toBe(true);
    expect((await refusal(under.client.send(new GetObjectCommand({ Bucket, Key })))).code).toBe('NoSuchKey');
    const got = await under.client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    expect(await got.Body?.transformToString()).toBe('evidence');
    const namesMarker = under.client.send(new GetObjectCommand({ Bucket, Key, VersionId: marker }));
    expect(await refusal(namesMarker)).toMatchObject({ status: 405, code: 'MethodNotAllowed' });
    const listed = await under.client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(listed.Versions).toMatchObject([{ Key, VersionId, IsLatest: false, Size: 8 }]);
    expect(listed.DeleteMarkers).toMatchObject([{ Key, VersionId: marker, IsLatest: true }]);
  });

  test('retention may be extended by anyone, and shortened only under GOVERNANCE with the bypass', async () => {
    const VersionId = await putLocked('GOVERNANCE', 30);
    await retain(VersionId, 'GOVERNANCE', 60);
    expect(await refusal(retain(VersionId, 'GOVERNANCE', 10))).toEqual(locked);
    await retain(VersionId, 'GOVERNANCE', 10, true);
    await retain(VersionId, 'COMPLIANCE', 20, true);
    expect(await refusal(retain(VersionId, 'COMPLIANCE', 10, true))).toEqual(locked);
    expect(await refusal(retain(VersionId, 'GOVERNANCE', 90, true))).toEqual(locked);
    await retain(VersionId, 'COMPLIANCE', 21);
  });

  test('a retention in the past is refused', async () => {
    const VersionId = await putLocked('GOVERNANCE');
    expect(await refusal(retain(VersionId, 'GOVERNANCE', -1, true))).toMatchObject({ status: 400, code: 'InvalidArgument' });
  });

  test('a legal hold is read back and forbids the deletion, bypass or not', async () => {
    const put = new PutObjectCommand({ Bucket, Key, Body: 'evidence', ObjectLockLegalHoldStatus: 'ON' });
    const { VersionId = '' } = await under.client.send(put);
    const { LegalHold } = await under.client.send(new GetObjectLegalHoldCommand({ Bucket, Key, VersionId }));
    expect(LegalHold).toEqual({ Status: 'ON' });
    expect(await refusal(remove(VersionId, true))).toEqual(locked);
  });

  test('an object without a lock says so, and a bucket without Object Lock says something else', async () => {
    await under.client.send(new PutObjectCommand({ Bucket, Key, Body: 'evidence' }));
    const ask = () => refusal(under.client.send(new GetObjectRetentionCommand({ Bucket, Key })));
    expect(await ask()).toMatchObject({ status: 404, code: 'NoSuchObjectLockConfiguration' });
    under.s3.control({ bucket: { objectLock: 'Disabled' } });
    expect(await ask()).toMatchObject({ status: 400, code: 'InvalidRequest' });
  });

  test('without s3:GetObjectRetention HEAD leaves the lock out in silence, and GetObjectRetention is forbidden', async () => {
    const VersionId = await putLocked('GOVERNANCE');
    under.s3.control({ deny: ['s3:GetObjectRetention'] });
    const head = await under.client.send(new HeadObjectCommand({ Bucket, Key, VersionId }));
    expect([head.VersionId, head.ObjectLockMode, head.ObjectLockRetainUntilDate]).toEqual([VersionId, undefined, undefined]);
    const asked = under.client.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
    expect(await refusal(asked)).toMatchObject({ status: 403, code: 'AccessDenied' });
  });
});
