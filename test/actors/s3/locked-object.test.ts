import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { S3 } from '@aws-sdk/client-s3';
import type { ActorError } from '../../../src/actors/actor.js';
import { createS3Client } from '../../../src/actors/s3/client.js';
import { putLockedObject, verifyLockedObject } from '../../../src/actors/s3/locked-object.js';
import type { LockedObject } from '../../../src/actors/s3/multipart-upload.js';
import { compositeChecksum, digestParts, type Part } from '../../../src/actors/s3/parts.js';
import type { S3Session } from '../../../src/actors/s3/session.js';
import {
  ARCHIVE_KEY,
  BUCKET,
  failure,
  inOnePart,
  OWNER,
  recordOfUploads,
  RETAIN_UNTIL,
  s3For,
  settings,
} from '../sealing-context.js';

let s3: Awaited<ReturnType<typeof s3For>>;
let client: S3;
let session: S3Session;
let lines: string[];
let record: ReturnType<typeof recordOfUploads>;
beforeEach(async () => {
  s3 = await s3For();
  client = await createS3Client(settings(), s3.env, { idleMs: 500, owner: OWNER });
  lines = [];
  record = recordOfUploads();
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
/** One attempt, with what those before it have reported. */
const put = (one: LockedObject, before?: () => Promise<void>, given = session) =>
  putLockedObject(given, one, record(one.key, before));
const versions = () => s3.state().versions.filter(({ key }) => key === ARCHIVE_KEY);
const uploads = () => s3.state().uploads;
const asked = (operation: string) => s3.state().requests.filter((request) => request.operation === operation);
const lie = (operation: string, headers: Record<string, string | null>, elements: Record<string, string | null> = {}) =>
  s3.control({
    faults: [{ operation, times: 'always', lie: Object.keys(elements).length > 0 ? { headers, elements } : { headers } }],
  });

describe('putLockedObject', () => {
  test('stores one version with its lock, and the read-back proves it by the checksum', async () => {
    const upload = await put(object);
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

  test('a part is sent as it is, signed by its own SHA-256, and the version is made only if there is none', async () => {
    const sent = new Map<string, Record<string, string>>();
    client.middlewareStack.add(
      (next, context) => (args) => {
        sent.set(context.commandName ?? '', (args.request as { headers: Record<string, string> }).headers);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await put(object);
    expect(sent.get('CreateMultipartUploadCommand')).toMatchObject({
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': RETAIN_UNTIL,
      'x-amz-checksum-algorithm': 'SHA256',
    });
    const part = sent.get('UploadPartCommand') ?? {};
    expect(part).toMatchObject({ 'x-amz-content-sha256': object.sha256, 'content-length': String(bytes.length) });
    expect(Object.keys(part)).not.toContain('content-encoding');
    expect(Object.keys(part)).not.toContain('x-amz-trailer');
    expect(sent.get('CompleteMultipartUploadCommand')).toMatchObject({
      'if-none-match': '*',
      'x-amz-mp-object-size': String(bytes.length),
    });
    for (const headers of sent.values()) expect(headers['x-amz-expected-bucket-owner']).toBe(OWNER);
  });

  test('the log shows requests and answers, and no credentials', async () => {
    await put(object);
    const log = lines.join('\n');
    for (const command of ['create-multipart-upload', 'upload-part', 'complete-multipart-upload']) {
      expect(log).toContain(`$ s3api ${command} --key`);
    }
    expect(log).toContain(versions()[0]?.versionId);
    expect(log).toMatch(/"request_id":"[^"]+"/);
    expect(log).not.toMatch(/Signature|Credential|stand-in|dpp-audit-worm|000000000000/i);
  });

  test('bytes of several parts become one version, and a killed attempt is gone on with where it was', async () => {
    // Half a second is little for so many bytes.
    const patient = { ...session, client: await createS3Client(settings(), s3.env, { owner: OWNER }) };
    const large = await inParts(Buffer.alloc(33 * 1024 * 1024, 'evidence '));
    expect(large.parts.map(({ size }) => size / 1024 / 1024)).toEqual([16, 16, 1]);
    s3.control({ faults: [{ operation: 'UploadPart', nth: 2, at: 'during', reset: true }] });
    expect(await failure(put(large, undefined, patient))).toMatchObject({ code: 'S3_UNREACHABLE', transient: true });
    const upload = await put(large, undefined, patient);
    expect(asked('UploadPart')).toHaveLength(4);
    expect(asked('CreateMultipartUpload')).toHaveLength(1);
    expect(versions()).toMatchObject([{ versionId: upload.versionId, sha256: large.sha256 }]);
    expect(await verifyLockedObject(patient, large, upload)).toMatchObject({ contentVerifiedBy: 'checksum-sha256' });
    expect(asked('GetObject')).toHaveLength(0);
    patient.client.destroy();
  });

  test('no bytes at all are one version too', async () => {
    const empty = lockedObject(Buffer.alloc(0));
    const upload = await put(empty);
    await verifyLockedObject(session, empty, upload);
    expect(versions()).toMatchObject([{ size: 0 }]);
  });

  test.each(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'ListObjectVersions', 'ListMultipartUploads'])(
    'a connection cut before, during or after any %s: the next attempt ends with one version and nothing in progress',
    async (operation) => {
      for (const [number, at] of (['before', 'during', 'after'] as const).entries()) {
        const one = { ...object, key: `${ARCHIVE_KEY}-${number}` };
        s3.control({ clearFaults: true, faults: [{ operation, at, reset: true }] });
        const first = await put(one).catch((error: unknown) => error as ActorError);
        if ('options' in first) expect(first.options.transient).toBe(true);
        const upload = await put(one);
        await verifyLockedObject(session, one, upload);
        expect(s3.state().versions.filter(({ key }) => key === one.key)).toMatchObject([{ mode: 'GOVERNANCE' }]);
      }
      expect(uploads()).toEqual([]);
    },
  );

  test.each([
    ['reset', { reset: true, at: 'after' }],
    ['hung', { hang: true, at: 'after' }],
    ['a 500', { error: { status: 500, code: 'InternalError', message: 'We encountered an internal error.' }, at: 'after' }],
    ['an error in a 200', { lie: { body: { replaceWith: '<Error><Code>InternalError</Code><Message>x</Message></Error>' } } }],
  ] as const)('a completion whose answer is lost by %s is looked up at once, and taken over', async (_how, fault) => {
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', ...fault }] });
    const upload = await put(object);
    expect(upload).toMatchObject({ adopted: true, versionId: versions()[0]?.versionId });
    expect(versions()).toHaveLength(1);
    expect(asked('CompleteMultipartUpload')).toHaveLength(1);
    await verifyLockedObject(session, object, upload);
  });

  test('a completion that took effect after it was looked up is found by the next attempt', async () => {
    const error = { status: 500, code: 'InternalError', message: 'We encountered an internal error.' };
    s3.control({
      faults: [
        { operation: 'CompleteMultipartUpload', at: 'after', error },
        { operation: 'ListObjectVersions', nth: 2, lie: { elements: { Version: null } } },
      ],
    });
    expect(await failure(put(object))).toMatchObject({ code: 'S3_UNAVAILABLE', transient: true });
    expect(await put(object)).toMatchObject({ adopted: true });
    expect(versions()).toHaveLength(1);
  });

  test('one that is completed between the look and the list of its parts is found by the look after that', async () => {
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', reset: true }] });
    await failure(put(object));
    const [{ uploadId } = { uploadId: '' }] = uploads();
    const completing = {
      ...session,
      log: async (line: string) => {
        if (!line.startsWith('$ s3api list-parts')) return;
        const { Parts = [] } = await client.listParts({ Bucket: BUCKET, Key: ARCHIVE_KEY, UploadId: uploadId });
        const at = { Bucket: BUCKET, Key: ARCHIVE_KEY, UploadId: uploadId };
        await client.completeMultipartUpload({ ...at, MultipartUpload: { Parts } });
      },
    };
    expect(await put(object, undefined, completing)).toMatchObject({ adopted: true });
    expect(versions()).toHaveLength(1);
    expect(asked('CreateMultipartUpload')).toHaveLength(1);
  });

  test('without a SHA-256 from S3, an earlier upload is known by downloading it', async () => {
    await put(object);
    lie('HeadObject', { 'x-amz-checksum-sha256': null });
    expect((await put(object)).adopted).toBe(true);
    expect(asked('GetObject')).toHaveLength(1);
  });

  test('the upload is on record before its first part is sent, and an adoption begins none', async () => {
    const order: string[] = [];
    const report = async () => {
      await new Promise(setImmediate);
      order.push(`${asked('CreateMultipartUpload').length} upload begun, ${asked('UploadPart').length} parts`);
    };
    await put(object, report);
    await put(object, report);
    expect(order).toEqual(['1 upload begun, 0 parts']);
  });

  test('an upload that could not be put on record has no parts, and is given up by the next attempt', async () => {
    await expect(put(object, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    expect(uploads()).toMatchObject([{ parts: [] }]);
    await put(object);
    expect(uploads()).toEqual([]);
    expect(asked('CreateMultipartUpload')).toHaveLength(2);
    expect(versions()).toHaveLength(1);
  });

  test('an upload of somebody else that has parts is a conflict that names it, and nothing is uploaded', async () => {
    const at = { Bucket: BUCKET, Key: ARCHIVE_KEY };
    const { UploadId = '' } = await client.createMultipartUpload(at);
    await client.uploadPart({ ...at, UploadId, PartNumber: 1, Body: bytes });
    const error = await failure(put(object));
    expect(error).toMatchObject({ code: 'S3_FOREIGN_UPLOAD', transient: false });
    expect(error.message).toContain(`upload ${UploadId}, begun `);
    expect(asked('CreateMultipartUpload')).toHaveLength(1);
    await client.abortMultipartUpload({ ...at, UploadId });
    await put(object);
    expect(versions()).toHaveLength(1);
  });

  test('an upload of ours that somebody aborted is begun anew', async () => {
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', reset: true }] });
    await failure(put(object));
    await client.abortMultipartUpload({ Bucket: BUCKET, Key: ARCHIVE_KEY, UploadId: uploads()[0]?.uploadId ?? '' });
    expect(await put(object)).toMatchObject({ adopted: false });
    expect(asked('CreateMultipartUpload')).toHaveLength(2);
    expect(versions()).toHaveLength(1);
  });

  test('an upload on record with parts of other bytes is aborted before another one is begun', async () => {
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', reset: true }] });
    await failure(put(lockedObject(Buffer.from('an earlier archive'))));
    await put(object);
    expect(versions()).toMatchObject([{ sha256: object.sha256 }]);
    expect(uploads()).toEqual([]);
  });

  test('an abort that S3 does not carry out keeps another upload from being begun', async () => {
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', reset: true }] });
    await failure(put(lockedObject(Buffer.from('an earlier archive'))));
    s3.control({ faults: [{ operation: 'AbortMultipartUpload', error: { status: 404, code: 'NoSuchUpload', message: '' } }] });
    expect(await failure(put(object))).toMatchObject({ code: 'S3_UPLOAD_NOT_ABORTED', transient: true });
    expect(asked('CreateMultipartUpload')).toHaveLength(1);
  });

  test.each<[string, Partial<LockedObject>]>([
    ['other content', lockedObject(Buffer.from('a foreign archive here'))],
    ['another size', lockedObject(Buffer.from('short'))],
    ['another mode', { mode: 'COMPLIANCE' }],
    ['a shorter retention', { retainUntil: '2098-01-01T00:00:00Z' }],
  ])('an object with %s at the key is never sealed over or beside', async (_what, foreign) => {
    const { versionId } = await put({ ...object, ...foreign });
    const error = await failure(put(object));
    expect(error).toMatchObject({ code: 'S3_KEY_OCCUPIED', transient: false });
    expect(error.message).toContain(versionId);
    expect(versions()).toHaveLength(1);
  });

  test('an object with a legal hold is not what was asked for', async () => {
    const { Bucket, Key } = { Bucket: BUCKET, Key: ARCHIVE_KEY };
    const at = { ...{ ObjectLockMode: 'GOVERNANCE' as const, ObjectLockRetainUntilDate: new Date(RETAIN_UNTIL) } };
    await client.putObject({ Bucket, Key, Body: bytes, ChecksumAlgorithm: 'SHA256', ...at, ObjectLockLegalHoldStatus: 'ON' });
    const error = await failure(put(object));
    expect(error.code).toBe('S3_KEY_OCCUPIED');
    expect(error.message).toContain('ObjectLockLegalHoldStatus: expected none, found ON');
  });

  test('the same bytes without a lock are not adopted where no upload of ours is on record', async () => {
    await client.putObject({ Bucket: BUCKET, Key: ARCHIVE_KEY, Body: bytes });
    const error = await failure(put(object));
    expect(error.message).toContain('ObjectLockMode: expected GOVERNANCE, found nothing');
    expect(asked('PutObjectRetention')).toEqual([]);
  });

  test('a delete marker over our version, or alone, occupies the key', async () => {
    await put(object);
    await client.deleteObject({ Bucket: BUCKET, Key: ARCHIVE_KEY });
    expect(await failure(put(object))).toMatchObject({ code: 'S3_KEY_OCCUPIED' });
    await client.deleteObject({ Bucket: BUCKET, Key: `${ARCHIVE_KEY}2` });
    expect(await failure(put({ ...object, key: `${ARCHIVE_KEY}2` }))).toMatchObject({ code: 'S3_KEY_OCCUPIED' });
  });

  test('two versions that both are the archive are reported, not chosen from', async () => {
    await put(object);
    await putAgain();
    const error = await failure(put(object));
    expect(error.code).toBe('S3_DUPLICATE_VERSIONS');
    for (const { versionId } of versions()) expect(error.message).toContain(versionId);
  });

  test('keys that only begin with ours are none of our business', async () => {
    for (const suffix of ['.sha256', '2']) {
      const at = { Bucket: BUCKET, Key: `${ARCHIVE_KEY}${suffix}` };
      await client.putObject({ ...at, Body: 'x' });
      const { UploadId } = await client.createMultipartUpload(at);
      await client.uploadPart({ ...at, UploadId, PartNumber: 1, Body: 'x' });
    }
    const upload = await put(object);
    await verifyLockedObject(session, object, upload);
    expect(uploads()).toHaveLength(2);
  });

  test('what comes to the key while we upload is refused, and our parts are given up', async () => {
    const foreign = () => client.putObject({ Bucket: BUCKET, Key: ARCHIVE_KEY, Body: 'foreign' }).then(() => undefined);
    expect((await failure(put(object, foreign))).code).toBe('S3_KEY_OCCUPIED');
    expect(versions()).toHaveLength(1);
    expect(uploads()).toEqual([]);
  });

  test('the archive itself that comes to the key while we upload is adopted', async () => {
    expect(await put(object, () => putAgain().then(() => undefined))).toMatchObject({ adopted: true });
    expect(versions()).toHaveLength(1);
  });

  test('what was stored while versioning was suspended is not taken over once it is enabled again', async () => {
    s3.control({ bucket: { versioning: 'Suspended' } });
    expect(await failure(put(object))).toMatchObject({ code: 'S3_NOT_VERSIONED' });
    s3.control({ bucket: { versioning: 'Enabled' } });
    expect(await failure(put(object))).toMatchObject({
      code: 'S3_KEY_OCCUPIED',
      message: expect.stringContaining('VersionId: expected one of its own, found null'),
    });
  });

  test('bytes that are not those that were hashed are refused by S3, and nothing is stored', async () => {
    const changed = { ...object, body: () => Readable.from([Buffer.from('an archive of EVIDENCE')]) };
    expect(await failure(put(changed))).toMatchObject({ code: 'S3_TRANSFER_DAMAGED', transient: true });
    expect(versions()).toHaveLength(0);
  });

  test.each([
    [409, 'ConditionalRequestConflict'],
    [412, 'PreconditionFailed'],
  ])('%d %s with nothing at the key: the upload is given up, and the next attempt begins anew', async (status, code) => {
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', error: { status, code, message: 'said S3' } }] });
    expect(await failure(put(object))).toMatchObject({ code: 'S3_CONFLICT', transient: true });
    expect([versions(), uploads()]).toEqual([[], []]);
    expect(await put(object)).toMatchObject({ adopted: false });
    expect(asked('CreateMultipartUpload')).toHaveLength(2);
    expect(versions()).toHaveLength(1);
  });

  test('a service that does not know the condition is asked without it', async () => {
    const error = { status: 501, code: 'NotImplemented', message: 'said S3' };
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', error }] });
    const upload = await put(object);
    expect(lines.filter((line) => line.includes('--if-none-match'))).toHaveLength(1);
    expect(asked('CompleteMultipartUpload').map((request) => request.status)).toEqual([501, 200]);
    await verifyLockedObject(session, object, upload);
  });

  test.each([
    [503, 'SlowDown', 'S3_SLOW_DOWN', true],
    [400, 'InvalidRequest', 'S3_REJECTED', false],
    [404, 'NoSuchUpload', 'S3_UPLOAD_GONE', true],
  ])('%d %s from the completion is %s, and the upload is kept', async (status, code, expected, transient) => {
    s3.control({ faults: [{ operation: 'CompleteMultipartUpload', error: { status, code, message: 'said S3' } }] });
    const error = await failure(put(object));
    expect(error).toMatchObject({ code: expected, transient });
    if (status === 400) expect(error.message).toContain('that is a defect of cutover');
    expect([versions().length, uploads().length]).toEqual([0, 1]);
    await put(object);
    expect(asked('CreateMultipartUpload')).toHaveLength(1);
  });

  test('a part that is answered with another checksum, or without an ETag, has failed', async () => {
    const lies = [{ 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') }, { etag: null }];
    for (const [number, headers] of lies.entries()) {
      s3.control({ faults: [{ operation: 'UploadPart', lie: { headers } }] });
      const one = { ...object, key: `${ARCHIVE_KEY}-${number}` };
      expect(await failure(put(one))).toMatchObject({ code: 'WORM_VERIFY_FAILED', transient: false });
    }
    expect(s3.state().versions).toEqual([]);
  });

  test('a completion that names another version than the one that is listed has failed', async () => {
    lie('CompleteMultipartUpload', { 'x-amz-version-id': 'x'.repeat(32) });
    const error = await failure(put(object));
    expect(error).toMatchObject({ code: 'WORM_VERIFY_FAILED', options: { details: { field: 'versions at the key' } } });
  });

  test('an attempt that is stopped ends with the reason, and a list that is cut off is no empty list', async () => {
    const controller = new AbortController();
    const stopped = put(object, () => Promise.resolve(controller.abort(new Error('lease lost'))), {
      ...session,
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow('lease lost');
    for (const operation of ['ListObjectVersions', 'ListMultipartUploads']) {
      s3.control({ clearFaults: true });
      lie(operation, {}, { IsTruncated: 'true' });
      expect((await failure(put(object))).message).toContain('cut off');
    }
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
    ['another checksum', { 'x-amz-checksum-sha256': `${Buffer.alloc(32).toString('base64')}-1` }, 'ChecksumSHA256'],
    ['a legal hold', { 'x-amz-object-lock-legal-hold': 'ON' }, 'ObjectLockLegalHoldStatus'],
    ['another version', { 'x-amz-version-id': 'x'.repeat(32) }, 'VersionId'],
    ['no version', { 'x-amz-version-id': null }, 'VersionId'],
  ])('a HEAD that shows %s fails, naming the field', async (_what, headers, field) => {
    const upload = await put(object);
    lie('HeadObject', headers);
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error).toMatchObject({ code: 'WORM_VERIFY_FAILED', transient: false, options: { details: { field } } });
    expect(error.message).toMatch(/expected .+, found .+/);
  });

  test('a lock that HEAD does not show is read by itself; one that is not permitted to be read fails', async () => {
    const upload = await put(object);
    lie('HeadObject', { 'x-amz-object-lock-mode': null, 'x-amz-object-lock-retain-until-date': null });
    expect((await verifyLockedObject(session, object, upload)).retainUntil).toBe(RETAIN_UNTIL);
    expect(asked('GetObjectRetention')).toHaveLength(2);
    s3.control({ deny: ['s3:GetObjectRetention'] });
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.code).toBe('S3_ACCESS_DENIED');
    expect(error.message).toMatch(/^Not permitted to verify the lock: .*Allow s3:GetObjectRetention/);
  });

  test('a version without any lock is not verified; the next attempt to upload puts it under its lock, for it is its own', async () => {
    const upload = await put(object);
    await client.putObjectRetention({
      ...{ Bucket: BUCKET, Key: ARCHIVE_KEY, VersionId: upload.versionId },
      BypassGovernanceRetention: true,
      Retention: {},
    });
    expect(versions()).toMatchObject([{ mode: null }]);
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.options.details).toMatchObject({ field: 'ObjectLockMode', expected: 'GOVERNANCE', found: 'nothing' });
    expect(await put(object)).toMatchObject({ adopted: true, versionId: upload.versionId });
    expect(versions()).toMatchObject([{ mode: 'GOVERNANCE', retainUntil: '2099-02-21T12:05:00.000Z' }]);
  });

  test('a lock that GetObjectRetention does not show either is none', async () => {
    const upload = await put(object);
    lie('HeadObject', { 'x-amz-object-lock-retain-until-date': null });
    lie('GetObjectRetention', {}, { RetainUntilDate: null });
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.options.details).toMatchObject({ field: 'ObjectLockRetainUntilDate', found: 'nothing' });
  });

  test.each<[string, Record<string, string | null>]>([
    ['no checksum', { 'x-amz-checksum-sha256': null }],
    ['a checksum of it does not say what', { 'x-amz-checksum-type': null }],
  ])('with %s the content is proven by a download', async (_what, headers) => {
    const upload = await put(object);
    lie('HeadObject', headers);
    expect((await verifyLockedObject(session, object, upload)).contentVerifiedBy).toBe('download');
    s3.control({ faults: [{ operation: 'GetObject', lie: { body: { flipByteAt: 3 } } }] });
    const error = await failure(verifyLockedObject(session, object, upload));
    expect(error.options.details).toMatchObject({ field: 'SHA-256 of the download', expected: object.sha256 });
  });

  test('a download that is cut off is transient, not content', async () => {
    const upload = await put(object);
    lie('HeadObject', { 'x-amz-checksum-sha256': null });
    s3.control({ faults: [{ operation: 'GetObject', lie: { body: { truncateTo: 5 } } }] });
    expect(await failure(verifyLockedObject(session, object, upload))).toMatchObject({ code: 'S3_UNREACHABLE', transient: true });
  });

  test('a second version or a delete marker at the key fails, and so does a version that is gone', async () => {
    const upload = await put(object);
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
    const upload = await put(object);
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
  return { key: ARCHIVE_KEY, ...inOnePart(content) };
}

async function inParts(content: Buffer): Promise<LockedObject> {
  const { parts, ...digested } = await digestParts(Readable.from([content]), content.length);
  const body = ({ start, size }: Part) => Readable.from([content.subarray(start, start + size)]);
  return { ...object, ...digested, composite: compositeChecksum(parts), parts, body };
}
