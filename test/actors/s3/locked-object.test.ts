import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { S3 } from '@aws-sdk/client-s3';
import { createS3Client } from '../../../src/actors/s3/client.js';
import { putLockedObject, verifyLockedObject, type LockedObject } from '../../../src/actors/s3/locked-object.js';
import type { S3Session } from '../../../src/actors/s3/session.js';
import { ARCHIVE_KEY, BUCKET, failure, RETAIN_UNTIL, s3For, settings } from '../sealing-context.js';

let s3: Awaited<ReturnType<typeof s3For>>;
let client: S3;
let session: S3Session;
let lines: string[];
beforeEach(async () => {
  s3 = await s3For();
  client = await createS3Client(settings(), s3.env, { idleMs: 500 });
  lines = [];
  session = {
    client,
    bucket: BUCKET,
    region: 'ap-northeast-2',
    signal: new AbortController().signal,
    log: (line) => Promise.resolve(void lines.push(line)),
  };
});
afterEach(async () => {
  client.destroy();
  await s3.stop();
});

const bytes = Buffer.from('an archive of evidence');
const object = lockedObject(bytes);
const versions = () => s3.state().versions.filter(({ key }) => key === ARCHIVE_KEY);
const asked = (operation: string) => s3.state().requests.filter((request) => request.operation === operation);
const lie = (operation: string, headers: Record<string, string | null>, elements: Record<string, string | null> = {}) =>
  s3.control({
    faults: [{ operation, times: 'always', lie: Object.keys(elements).length > 0 ? { headers, elements } : { headers } }],
  });

describe('putLockedObject', () => {
  test('stores one version with its lock, and the read-back proves it by the checksum', async () => {
    const upload = await putLockedObject(session, object);
    expect(versions()).toMatchObject([
      { versionId: upload.versionId, sha256: object.sha256, mode: 'GOVERNANCE', retainUntil: '2099-02-21T12:05:00.000Z' },
    ]);
    expect(upload.adopted).toBe(false);
    expect(await verifyLockedObject(session, object, upload)).toEqual({
      lockMode: 'GOVERNANCE',
      retainUntil: RETAIN_UNTIL,
      contentVerifiedBy: 'checksum-sha256',
    });
    expect(asked('GetObject')).toHaveLength(0);
  });

  test('the body is sent as it is, signed by its own SHA-256', async () => {
    let headers: Record<string, string> = {};
    client.middlewareStack.add(
      (next, context) => (args) => {
        if (context.commandName === 'PutObjectCommand') headers = (args.request as { headers: Record<string, string> }).headers;
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await putLockedObject(session, object);
    expect(headers).toMatchObject({
      'x-amz-content-sha256': object.sha256,
      'content-md5': object.md5,
      'if-none-match': '*',
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'content-length': String(bytes.length),
    });
    expect(Object.keys(headers)).not.toContain('content-encoding');
    expect(Object.keys(headers)).not.toContain('x-amz-trailer');
  });

  test('the log shows requests and answers, and no credentials', async () => {
    await putLockedObject(session, object);
    const log = lines.join('\n');
    expect(log).toContain('$ s3api put-object --key');
    expect(log).toContain(versions()[0]?.versionId);
    expect(log).toMatch(/"request_id":"[^"]+"/);
    expect(log).not.toMatch(/Signature|Credential|stand-in|dpp-audit-worm/i);
  });

  test.each([
    ['reset', { reset: true, at: 'after' }],
    ['hung', { hang: true, at: 'after' }],
    ['a 500', { error: { status: 500, code: 'InternalError', message: 'We encountered an internal error.' }, at: 'after' }],
  ] as const)('an answer lost by %s is transient, and the next attempt takes over the one version', async (_how, fault) => {
    s3.control({ faults: [{ operation: 'PutObject', ...fault }] });
    expect((await failure(putLockedObject(session, object))).transient).toBe(true);
    const upload = await putLockedObject(session, object);
    expect(upload).toMatchObject({ adopted: true, versionId: versions()[0]?.versionId });
    expect(versions()).toHaveLength(1);
    expect(asked('PutObject')).toHaveLength(1);
    await verifyLockedObject(session, object, upload);
  });

  test('a PUT that fails before it is stored is done by the next attempt, with a new body', async () => {
    s3.control({ faults: [{ operation: 'PutObject', reset: true }] });
    expect(await failure(putLockedObject(session, object))).toMatchObject({ code: 'S3_UNREACHABLE', transient: true });
    expect(await putLockedObject(session, object)).toMatchObject({ adopted: false });
    expect(versions()).toHaveLength(1);
  });

  test('without a SHA-256 from S3, an earlier upload is known by downloading it', async () => {
    await putLockedObject(session, object);
    lie('HeadObject', { 'x-amz-checksum-sha256': null });
    expect((await putLockedObject(session, object)).adopted).toBe(true);
    expect(asked('GetObject')).toHaveLength(1);
  });

  test('beforePut has resolved before the PUT, and is not called for an adoption', async () => {
    const order: string[] = [];
    const report = async () => {
      await new Promise(setImmediate);
      order.push(`reported, ${asked('PutObject').length} PUT`);
    };
    await putLockedObject(session, object, report);
    await putLockedObject(session, object, report);
    expect(order).toEqual(['reported, 0 PUT']);
  });

  test.each<[string, Partial<LockedObject>]>([
    ['other content', lockedObject(Buffer.from('a foreign archive here'))],
    ['another size', lockedObject(Buffer.from('short'))],
    ['another mode', { mode: 'COMPLIANCE' }],
    ['a shorter retention', { retainUntil: '2098-01-01T00:00:00Z' }],
  ])('an object with %s at the key is never sealed over or beside', async (_what, foreign) => {
    const { versionId } = await putLockedObject(session, { ...object, ...foreign });
    const error = await failure(putLockedObject(session, object));
    expect(error).toMatchObject({ code: 'S3_KEY_OCCUPIED', transient: false });
    expect(error.message).toContain(versionId);
    expect(versions()).toHaveLength(1);
  });

  test('a delete marker over our version, or alone, occupies the key', async () => {
    await putLockedObject(session, object);
    await client.deleteObject({ Bucket: BUCKET, Key: ARCHIVE_KEY });
    expect(await failure(putLockedObject(session, object))).toMatchObject({ code: 'S3_KEY_OCCUPIED' });
    await client.deleteObject({ Bucket: BUCKET, Key: `${ARCHIVE_KEY}2` });
    expect(await failure(putLockedObject(session, { ...object, key: `${ARCHIVE_KEY}2` }))).toMatchObject({
      code: 'S3_KEY_OCCUPIED',
    });
  });

  test('two versions that both are the archive are reported, not chosen from', async () => {
    await putLockedObject(session, object);
    await putAgain();
    const error = await failure(putLockedObject(session, object));
    expect(error.code).toBe('S3_DUPLICATE_VERSIONS');
    for (const { versionId } of versions()) expect(error.message).toContain(versionId);
  });

  test('keys that only begin with ours are none of our business', async () => {
    for (const suffix of ['.sha256', '2']) {
      await client.putObject({ Bucket: BUCKET, Key: `${ARCHIVE_KEY}${suffix}`, Body: 'x' });
    }
    const upload = await putLockedObject(session, object);
    await verifyLockedObject(session, object, upload);
  });

  test('what comes to the key between the look and the PUT is adopted if it is ours, else refused', async () => {
    const racing = (other: LockedObject) =>
      putLockedObject(session, object, () => putLockedObject(session, other).then(() => undefined));
    expect(await racing(object)).toMatchObject({ adopted: true });
    expect(versions()).toHaveLength(1);
    const key = `${ARCHIVE_KEY}-raced`;
    const foreign = { ...lockedObject(Buffer.from('foreign')), key };
    const error = await failure(
      putLockedObject(session, { ...object, key }, () => putLockedObject(session, foreign).then(() => undefined)),
    );
    expect(error.code).toBe('S3_KEY_OCCUPIED');
  });

  test('what was stored while versioning was suspended is not taken over once it is enabled again', async () => {
    s3.control({ bucket: { versioning: 'Suspended' } });
    expect(await failure(putLockedObject(session, object))).toMatchObject({ code: 'S3_NOT_VERSIONED' });
    s3.control({ bucket: { versioning: 'Enabled' } });
    expect(await failure(putLockedObject(session, object))).toMatchObject({
      code: 'S3_KEY_OCCUPIED',
      message: expect.stringContaining('VersionId: expected one of its own, found null'),
    });
  });

  test('bytes that are not those that were hashed are refused by S3, and nothing is stored', async () => {
    const error = await failure(
      putLockedObject(session, { ...object, body: () => Readable.from([Buffer.from('an archive of EVIDENCE')]) }),
    );
    expect(error).toMatchObject({ code: 'S3_TRANSFER_DAMAGED', transient: true });
    expect(versions()).toHaveLength(0);
  });

  test.each([
    [409, 'ConditionalRequestConflict', 'S3_CONFLICT', true],
    [501, 'NotImplemented', 'S3_CONDITIONAL_WRITE_UNSUPPORTED', false],
    [503, 'SlowDown', 'S3_SLOW_DOWN', true],
    [412, 'PreconditionFailed', 'S3_CONFLICT', true],
    [400, 'InvalidRequest', 'S3_REJECTED', false],
  ])('%d %s from the PUT is %s', async (status, code, expected, transient) => {
    s3.control({ faults: [{ operation: 'PutObject', error: { status, code, message: 'said S3' } }] });
    const error = await failure(putLockedObject(session, object));
    expect(error).toMatchObject({ code: expected, transient });
    expect(versions()).toHaveLength(0);
  });

  test.each([
    ['no version id', { 'x-amz-version-id': null }, 'S3_NOT_VERSIONED'],
    ['the version id null', { 'x-amz-version-id': 'null' }, 'S3_NOT_VERSIONED'],
    ['another checksum', { 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') }, 'WORM_VERIFY_FAILED'],
    ['no ETag', { etag: null }, 'WORM_VERIFY_FAILED'],
  ])('a PUT that answers with %s has failed', async (_what, headers, code) => {
    lie('PutObject', headers);
    expect(await failure(putLockedObject(session, object))).toMatchObject({ code, transient: false });
  });

  test('an attempt that is stopped ends with the reason, and a list that is cut off is no empty list', async () => {
    const controller = new AbortController();
    const stopped = putLockedObject({ ...session, signal: controller.signal }, object, () =>
      Promise.resolve(controller.abort(new Error('lease lost'))),
    );
    await expect(stopped).rejects.toThrow('lease lost');
    lie('ListObjectVersions', {}, { IsTruncated: 'true' });
    expect((await failure(putLockedObject(session, object))).message).toContain('cut off');
    expect(versions()).toHaveLength(0);
  });
});

describe('verifyLockedObject', () => {
  test.each<[string, Record<string, string | null>, string]>([
    ['another length', { 'content-length': '7' }, 'ContentLength'],
    ['another ETag', { etag: '"0"' }, 'ETag'],
    ['no ETag', { etag: null }, 'ETag'],
    ['another lock mode', { 'x-amz-object-lock-mode': 'COMPLIANCE' }, 'ObjectLockMode'],
    ['an earlier date', { 'x-amz-object-lock-retain-until-date': '2099-02-21T12:04:59.000Z' }, 'ObjectLockRetainUntilDate'],
    ['another checksum', { 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') }, 'ChecksumSHA256'],
    ['another version', { 'x-amz-version-id': 'x'.repeat(32) }, 'VersionId'],
    ['no version', { 'x-amz-version-id': null }, 'VersionId'],
  ])('a HEAD that shows %s fails, naming the field', async (_what, headers, field) => {
    const upload = await putLockedObject(session, object);
    lie('HeadObject', headers);
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error).toMatchObject({ code: 'WORM_VERIFY_FAILED', transient: false, options: { details: { field } } });
    expect(error.message).toMatch(/expected .+, found .+/);
  });

  test('a lock that HEAD does not show is read by itself; one that is not permitted to be read fails', async () => {
    const upload = await putLockedObject(session, object);
    lie('HeadObject', { 'x-amz-object-lock-mode': null, 'x-amz-object-lock-retain-until-date': null });
    expect((await verifyLockedObject(session, object, upload)).retainUntil).toBe(RETAIN_UNTIL);
    expect(asked('GetObjectRetention')).toHaveLength(1);
    s3.control({ deny: ['s3:GetObjectRetention'] });
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.code).toBe('S3_ACCESS_DENIED');
    expect(error.message).toContain('s3:GetObjectRetention');
  });

  test('a lock that GetObjectRetention does not show either is none', async () => {
    const upload = await putLockedObject(session, object);
    lie('HeadObject', { 'x-amz-object-lock-retain-until-date': null });
    lie('GetObjectRetention', {}, { RetainUntilDate: null });
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.options.details).toMatchObject({ field: 'ObjectLockRetainUntilDate', found: 'nothing' });
  });

  test.each<[string, Record<string, string | null>]>([
    ['no checksum', { 'x-amz-checksum-sha256': null }],
    ['a checksum of parts', { 'x-amz-checksum-type': 'COMPOSITE' }],
    ['a checksum of it does not say what', { 'x-amz-checksum-type': null }],
  ])('with %s the content is proven by a download', async (_what, headers) => {
    const upload = await putLockedObject(session, object);
    lie('HeadObject', headers);
    expect((await verifyLockedObject(session, object, upload)).contentVerifiedBy).toBe('download');
    s3.control({ faults: [{ operation: 'GetObject', lie: { body: { flipByteAt: 3 } } }] });
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.options.details).toMatchObject({ field: 'SHA-256 of the download', expected: object.sha256 });
  });

  test('a download that is cut off is transient, not content', async () => {
    const upload = await putLockedObject(session, object);
    lie('HeadObject', { 'x-amz-checksum-sha256': null });
    s3.control({ faults: [{ operation: 'GetObject', lie: { body: { truncateTo: 5 } } }] });
    expect(await failure(verifyLockedObject(session, object, upload))).toMatchObject({ code: 'S3_UNREACHABLE', transient: true });
  });

  test('a second version or a delete marker at the key fails, and so does a version that is gone', async () => {
    const upload = await putLockedObject(session, object);
    const another = await putAgain();
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.options.details).toMatchObject({ field: 'versions at the key', expected: upload.versionId });
    expect(error.message).toContain(another);
    await client.deleteObject({ Bucket: BUCKET, Key: ARCHIVE_KEY, VersionId: another, BypassGovernanceRetention: true });
    await verifyLockedObject(session, object, upload);
    await client.deleteObject({ Bucket: BUCKET, Key: ARCHIVE_KEY });
    expect((await failure(verifyLockedObject(session, object, upload))).message).toContain('delete marker');
    await client.deleteObject({ Bucket: BUCKET, Key: ARCHIVE_KEY, VersionId: upload.versionId, BypassGovernanceRetention: true });
    expect(await failure(verifyLockedObject(session, object, upload))).toMatchObject({ transient: false });
  });

  test('a longer retention than was asked for is fine, and is what is reported', async () => {
    const upload = await putLockedObject(session, object);
    lie('HeadObject', { 'x-amz-object-lock-retain-until-date': '2100-01-01T00:00:00.000Z' });
    expect((await verifyLockedObject(session, object, upload)).retainUntil).toBe('2100-01-01T00:00:00Z');
  });
});

/** The same bytes again, unconditionally: what no attempt of ours ever does. */
async function putAgain(): Promise<string> {
  const { VersionId } = await client.putObject({
    Bucket: BUCKET,
    Key: ARCHIVE_KEY,
    Body: bytes,
    ChecksumSHA256: Buffer.from(object.sha256, 'hex').toString('base64'),
    ObjectLockMode: 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(RETAIN_UNTIL),
  });
  return VersionId ?? '';
}

function lockedObject(content: Buffer): LockedObject {
  return {
    key: ARCHIVE_KEY,
    size: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    md5: createHash('md5').update(content).digest('base64'),
    mode: 'GOVERNANCE',
    retainUntil: RETAIN_UNTIL,
    body: () => Readable.from([content]),
  };
}
