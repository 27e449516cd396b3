import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { putLockedObject, verifyLockedObject } from '../../../src/actors/s3/locked-object.js';
import { failure } from '../sealing-context.js';
import {
  CHECKSUM,
  CONTENT,
  head,
  KEY,
  listing,
  lockedObject,
  RETAIN_UNTIL,
  scriptedSession,
  type Script,
} from './scripted-session.js';
import { networkError, sdkError } from './sdk-error.js';

/** The same module as locked-object.test.ts, which asks a service: here it is each word of the outcome. */
const NOTHING = listing([]);
const NO_UPLOADS = { IsTruncated: false };
const BEGUN = { UploadId: 'u1' };
const PART = { ETag: '"p1"', ChecksumSHA256: CHECKSUM };
const COMPOSITE = lockedObject().composite;
const COMPLETED = { VersionId: 'v1', ETag: '"e1"', ChecksumSHA256: COMPOSITE };
/** What happens without trouble, up to the completion. */
const SENT: Script = {
  listObjectVersions: [NOTHING, listing(['v1'])],
  listMultipartUploads: [NO_UPLOADS],
  createMultipartUpload: [BEGUN],
  uploadPart: [PART],
  getObjectRetention: [{ Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(RETAIN_UNTIL) } }],
};
const put = (script: Script, uploadId: string | null = null, object = lockedObject()) => {
  const session = scriptedSession(script);
  const begun: string[] = [];
  const record = { uploadId, begun: (id: string) => Promise.resolve(void begun.push(id)) };
  return { session, begun, upload: putLockedObject(session, object, record) };
};
const verify = (script: Script) => {
  const session = scriptedSession(script);
  return { session, verified: verifyLockedObject(session, lockedObject(), { versionId: 'v1', etag: '"e1"' }) };
};
const operations = ({ calls }: { readonly calls: readonly (readonly [string, unknown])[] }) => calls.map(([name]) => name);
const refused = (status: number, code: string) => sdkError({ status, code, requestId: 'R1' });

describe('the upload', () => {
  test('asks for lock, digests and an empty key, and is on record with all of it but the content', async () => {
    let body: Readable | null = null;
    const object = lockedObject({ body: () => (body = Readable.from([CONTENT])) });
    const { session, begun, upload } = put({ ...SENT, completeMultipartUpload: [COMPLETED] }, null, object);
    expect(await upload).toEqual({ versionId: 'v1', etag: '"e1"', adopted: false, checksum: COMPOSITE });
    expect(begun).toEqual(['u1']);
    const at = { Bucket: 'worm', Key: KEY };
    expect(session.calls.slice(1)).toEqual([
      ['listMultipartUploads', { Bucket: 'worm', Prefix: KEY }],
      [
        'createMultipartUpload',
        {
          ...at,
          ChecksumAlgorithm: 'SHA256',
          ObjectLockMode: 'GOVERNANCE',
          ObjectLockRetainUntilDate: new Date(RETAIN_UNTIL),
        },
      ],
      [
        'uploadPart',
        { ...at, UploadId: 'u1', PartNumber: 1, Body: body, ContentLength: CONTENT.length, ChecksumSHA256: CHECKSUM },
      ],
      [
        'completeMultipartUpload',
        {
          ...at,
          UploadId: 'u1',
          MpuObjectSize: CONTENT.length,
          IfNoneMatch: '*',
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"p1"', ChecksumSHA256: CHECKSUM }] },
        },
      ],
      ['listObjectVersions', { Bucket: 'worm', Prefix: KEY }],
      ['getObjectRetention', { ...at, VersionId: 'v1' }],
    ]);
    expect(session.lines.filter((line) => line.startsWith('$')).slice(1, 5)).toEqual([
      `$ s3api list-multipart-uploads --prefix "${KEY}"`,
      `$ s3api create-multipart-upload --key "${KEY}" --checksum-algorithm "SHA256" --object-lock-mode "GOVERNANCE" ` +
        `--object-lock-retain-until-date "${RETAIN_UNTIL}"`,
      `$ s3api upload-part --key "${KEY}" --upload-id "u1" --part-number 1 --content-length ${CONTENT.length} --checksum-sha256 "${CHECKSUM}"`,
      `$ s3api complete-multipart-upload --key "${KEY}" --upload-id "u1" --parts 1 --mpu-object-size ${CONTENT.length} --if-none-match "*"`,
    ]);
    expect(body).toMatchObject({ destroyed: true });
  });

  test('lets go of the file when it fails, too', async () => {
    const body = Readable.from([CONTENT]);
    const script = { ...SENT, uploadPart: [refused(503, 'SlowDown')] };
    await failure(put(script, null, lockedObject({ body: () => body })).upload);
    expect(body.destroyed).toBe(true);
  });

  test('of what cannot be read fails with that at once, and not with what S3 makes of it', async () => {
    const unreadable = new Error('EIO: i/o error');
    const body = new Readable({ read: () => void body.destroy(unreadable) });
    const script = { ...SENT, uploadPart: [new Promise(() => undefined)] };
    const { session, upload } = put(script, null, lockedObject({ body: () => body.resume() }));
    await expect(upload).rejects.toBe(unreadable);
    expect(operations(session).at(-1)).toBe('uploadPart');
  });

  test('without an id is none', async () => {
    const { upload, begun } = put({ ...SENT, createMultipartUpload: [{}] });
    expect(await failure(upload)).toMatchObject({ code: 'S3_REJECTED', message: expect.stringContaining('without an id') });
    expect(begun).toEqual([]);
  });

  test('is known by what the list shows where the answer tells neither version nor ETag, as with Ceph', async () => {
    const { upload } = put({ ...SENT, completeMultipartUpload: [{ ETag: '' }] });
    expect(await upload).toMatchObject({ versionId: 'v1', etag: '"e1"' });
  });

  test('whose version has no lock, because the service took none when it began, is given it at once', async () => {
    const none = refused(404, 'ObjectLockConfigurationNotFoundError');
    const script = { ...SENT, completeMultipartUpload: [COMPLETED], getObjectRetention: [none], putObjectRetention: [{}] };
    const { session, upload } = put(script);
    await upload;
    expect(session.calls.at(-1)).toEqual([
      'putObjectRetention',
      {
        ...{ Bucket: 'worm', Key: KEY, VersionId: 'v1' },
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(RETAIN_UNTIL) },
      },
    ]);
  });

  test('that became the version null has locked nothing', async () => {
    const script = { ...SENT, listObjectVersions: [NOTHING, listing(['null'])], completeMultipartUpload: [{}] };
    expect(await failure(put(script).upload)).toMatchObject({
      code: 'S3_NOT_VERSIONED',
      message:
        `S3 stored ${KEY} without a version id (null), so no version is locked. ` +
        'Enable versioning and Object Lock on worm, then: cutover retry <run>',
      transient: false,
    });
  });

  test.each<[string, object, object]>([
    ['no version', NOTHING, { field: 'versions at the key', expected: 'v1', found: 'none' }],
    ['another version', listing(['v2']), { field: 'versions at the key', expected: 'v1', found: 'v2' }],
    ['a second version', listing(['v2', 'v1']), { field: 'versions at the key', expected: 'v1', found: 'v2, v1' }],
    [
      'a delete marker',
      listing(['v1'], ['d1']),
      { field: 'versions at the key', expected: 'v1', found: 'v1, d1 (delete marker)' },
    ],
    [
      'no ETag',
      { IsTruncated: false, Versions: [{ Key: KEY, VersionId: 'v1' }] },
      { field: 'ETag', expected: 'an ETag', found: 'nothing' },
    ],
  ])('after which the list shows %s cannot be relied on', async (_what, listed, mismatch) => {
    const script = { ...SENT, listObjectVersions: [NOTHING, listed], completeMultipartUpload: [COMPLETED] };
    const error = await failure(put(script).upload);
    expect(error).toMatchObject({ code: 'WORM_VERIFY_FAILED', transient: false });
    expect(error.options.details).toEqual({ key: KEY, ...mismatch });
  });
});

describe('an upload on record', () => {
  const MD5 = lockedObject().parts[0]?.md5;
  const stored = (changes: object = {}) => ({
    IsTruncated: false,
    Parts: [{ PartNumber: 1, Size: CONTENT.length, ETag: '"p0"', ChecksumSHA256: CHECKSUM, ...changes }],
  });
  const going = (...pages: object[]): Script => ({
    listObjectVersions: [NOTHING, listing(['v1'])],
    listMultipartUploads: [{ IsTruncated: false, Uploads: [{ Key: KEY, UploadId: 'u0' }] }],
    listParts: pages,
    completeMultipartUpload: [COMPLETED],
    getObjectRetention: [{ Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(RETAIN_UNTIL) } }],
  });

  test.each([
    ['by its checksum', {}],
    ['by its MD5 where the service tells no checksum', { ChecksumSHA256: undefined, ETag: `"${MD5}"` }],
  ])('is completed with the parts that it has, known %s', async (_how, changes) => {
    const { session, begun, upload } = put(going(stored(changes)), 'u0');
    expect(await upload).toMatchObject({ versionId: 'v1', adopted: false });
    expect(begun).toEqual([]);
    expect(operations(session)).toEqual([
      ...['listObjectVersions', 'listMultipartUploads', 'listParts', 'completeMultipartUpload', 'listObjectVersions'],
      'getObjectRetention',
    ]);
    expect(session.calls[3]?.[1]).toMatchObject({ UploadId: 'u0' });
  });

  test('is asked for its parts page by page', async () => {
    const first = { ...stored(), IsTruncated: true, NextPartNumberMarker: '1' };
    const { session, upload } = put(going(first, { IsTruncated: false }), 'u0');
    await upload;
    expect(session.calls[3]).toEqual(['listParts', { Bucket: 'worm', Key: KEY, UploadId: 'u0', PartNumberMarker: '1' }]);
  });

  test.each([
    ['of another size', { Size: 7 }],
    ['of another checksum', { ChecksumSHA256: 'AAAA' }],
    ['of another MD5, where the service tells no checksum', { ChecksumSHA256: undefined }],
    ['of another number', { PartNumber: 2 }],
  ])('with a part %s is aborted, seen to be gone, and only then begun anew', async (_what, changes) => {
    const gone = refused(404, 'NoSuchUpload');
    const script = {
      ...going(stored(changes), gone),
      listObjectVersions: [NOTHING, NOTHING, listing(['v1'])],
      abortMultipartUpload: [{}],
      createMultipartUpload: [BEGUN],
      uploadPart: [PART],
    };
    const { session, begun, upload } = put(script, 'u0');
    await upload;
    expect(begun).toEqual(['u1']);
    expect(operations(session).slice(2, 7)).toEqual([
      ...['listParts', 'abortMultipartUpload', 'listParts', 'listObjectVersions', 'createMultipartUpload'],
    ]);
  });

  test.each([
    ['does not say whether it is complete', { Parts: [] }],
    ['is cut off', { IsTruncated: true, Parts: [] }],
    ['has a part without its size', { IsTruncated: false, Parts: [{ PartNumber: 1, ETag: '"p"' }] }],
  ])('of which the list of parts %s is not gone on with', async (_what, page) => {
    const { session, upload } = put(going(page), 'u0');
    expect(await failure(upload)).toMatchObject({ code: 'S3_REJECTED', transient: false });
    expect(operations(session)).not.toContain('completeMultipartUpload');
  });

  test('whose version has no lock, because the service took none when it began, is locked when it is found', async () => {
    const bare = head('v1', { ObjectLockMode: undefined, ObjectLockRetainUntilDate: undefined });
    const none = refused(404, 'ObjectLockConfigurationNotFoundError');
    const script = {
      listObjectVersions: [listing(['v1'])],
      headObject: [bare, head('v1')],
      getObjectRetention: [none],
      putObjectRetention: [{}],
    };
    const { session, upload } = put(script, 'u0');
    expect(await upload).toMatchObject({ versionId: 'v1', adopted: true });
    expect(session.calls[3]).toEqual([
      'putObjectRetention',
      {
        ...{ Bucket: 'worm', Key: KEY, VersionId: 'v1' },
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(RETAIN_UNTIL) },
      },
    ]);
  });
});

describe('what lies at the key already', () => {
  test('is taken over when it is ours, without another upload', async () => {
    const { session, upload } = put({ listObjectVersions: [listing(['v0'])], headObject: [head('v0', { ETag: '"e0"' })] });
    expect(await upload).toEqual({ versionId: 'v0', etag: '"e0"', adopted: true, checksum: COMPOSITE });
    expect(operations(session)).toEqual(['listObjectVersions', 'headObject']);
  });

  test('is named, each version with what differs, when it is not', async () => {
    const { session, upload } = put({
      listObjectVersions: [listing(['v3', 'v2', 'v1'], ['d1', 'd2'])],
      headObject: [head('v3', { ContentLength: 7 }), head('v2'), head('v1', { ObjectLockMode: 'COMPLIANCE' })],
    });
    expect(await failure(upload)).toMatchObject({
      code: 'S3_KEY_OCCUPIED',
      message:
        `A foreign or different object lies at s3://worm/${KEY}; nothing more was uploaded: ` +
        'version v3 (ContentLength: expected 22, found 7), version v1 (ObjectLockMode: expected GOVERNANCE, found COMPLIANCE), ' +
        'delete marker d1, delete marker d2. ' +
        'Find out who put it there; a run never seals over or beside it. Remove it if you may, then: cutover retry <run>; or seal from a new run.',
      options: { details: { key: KEY, versions: ['v3', 'v2', 'v1'], deleteMarkers: ['d1', 'd2'] } },
      transient: false,
    });
    expect(operations(session)).not.toContain('createMultipartUpload');
  });

  test('is not chosen from when it is ours twice', async () => {
    const script = { listObjectVersions: [listing(['v2', 'v1'])], headObject: [head('v2'), head('v1')] };
    expect(await failure(put(script).upload)).toMatchObject({
      code: 'S3_DUPLICATE_VERSIONS',
      message:
        `The same object lies 2 times at s3://worm/${KEY}: versions v2, v1. Nothing more was uploaded. ` +
        'Find out who copied it; exactly one locked version is what the manifest vouches for.',
      options: { details: { key: KEY, versions: ['v2', 'v1'] } },
      transient: false,
    });
  });
});

describe('a completion that S3 refuses', () => {
  const completing = (cause: object, ...listed: object[]): Script => ({
    ...SENT,
    listObjectVersions: [NOTHING, ...listed],
    completeMultipartUpload: [cause],
  });

  test('because something came to the key takes that over when it is ours', async () => {
    const script = { ...completing(refused(412, 'PreconditionFailed'), listing(['v1'])), headObject: [head('v1')] };
    expect(await put(script).upload).toEqual({ versionId: 'v1', etag: '"e1"', adopted: true, checksum: COMPOSITE });
  });

  test('because something came to the key that has gone again gives the upload up, and can be made anew', async () => {
    const cause = refused(412, 'PreconditionFailed');
    const gone = refused(404, 'NoSuchKey');
    const { session, upload } = put({ ...completing(cause, NOTHING), abortMultipartUpload: [{}], listParts: [gone] });
    const error = await failure(upload);
    expect(error).toMatchObject({
      code: 'S3_CONFLICT',
      message:
        `S3 rejected the request: CompleteMultipartUpload on s3://worm/${KEY} (412 PreconditionFailed: said S3; request id R1). ` +
        'Read what S3 says, and look its code up in the S3 documentation. ' +
        'Nothing lies at the key now, and the upload was given up; try again.',
      options: { cause },
      transient: true,
    });
    expect(operations(session).slice(-2)).toEqual(['abortMultipartUpload', 'listParts']);
  });

  test.each([
    [refused(403, 'AccessDenied'), 'S3_ACCESS_DENIED', false],
    [refused(400, 'InvalidPart'), 'S3_REJECTED', false],
    [networkError('read ECONNRESET'), 'S3_UNREACHABLE', true],
  ])('for another reason says which, after one look at the key (%#)', async (cause, code, transient) => {
    const { session, upload } = put(completing(cause, NOTHING));
    const error = await failure(upload);
    expect(error).toMatchObject({ code, transient });
    expect(error.message).toContain(`CompleteMultipartUpload on s3://worm/${KEY} `);
    expect(error.options.details).toMatchObject({ operation: 'CompleteMultipartUpload', key: KEY });
    expect(operations(session).slice(-2)).toEqual(['completeMultipartUpload', 'listObjectVersions']);
  });

  test('with the wrong region is told where it went', async () => {
    const cause = sdkError({ status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-1' } });
    const error = await failure(put({ ...SENT, createMultipartUpload: [cause] }).upload);
    expect(error.message).toMatch(/^The bucket is in eu-west-1, not in ap-northeast-2: /);
  });

  test('after the attempt was stopped ends with the reason', async () => {
    const abort = new AbortController();
    const reason = new Error('lease lost');
    const session = scriptedSession(completing(refused(412, 'x')), abort.signal);
    const object = lockedObject({
      body: () => {
        abort.abort(reason);
        return Readable.from([CONTENT]);
      },
    });
    const record = { uploadId: null, begun: () => Promise.resolve() };
    await expect(putLockedObject(session, object, record)).rejects.toBe(reason);
    expect(operations(session)).not.toContain('completeMultipartUpload');
  });
});

describe('the uploads in progress at the key', () => {
  const uploads = (...ids: string[]) => ({ IsTruncated: false, Uploads: ids.map((UploadId) => ({ Key: KEY, UploadId })) });

  test('are read page by page, as far as the key goes', async () => {
    const { session, upload } = put({
      ...SENT,
      listMultipartUploads: [
        { IsTruncated: true, NextKeyMarker: KEY, NextUploadIdMarker: 'x', Uploads: [{ Key: `${KEY}2`, UploadId: 'other' }] },
        { IsTruncated: true, NextKeyMarker: `${KEY}2`, NextUploadIdMarker: 'y' },
      ],
      completeMultipartUpload: [COMPLETED],
    });
    await upload;
    const pages = session.calls.filter(([name]) => name === 'listMultipartUploads').map(([, input]) => input);
    expect(pages).toEqual([
      { Bucket: 'worm', Prefix: KEY },
      { Bucket: 'worm', Prefix: KEY, KeyMarker: KEY, UploadIdMarker: 'x' },
    ]);
  });

  test.each([
    ['does not say whether it is complete', {}, 'it does not say whether it is complete'],
    ['is cut off', { IsTruncated: true }, 'it is cut off without saying where to go on'],
    ['has an upload without an id', { IsTruncated: false, Uploads: [{ Key: KEY }] }, 'an upload has no id'],
  ])('are unknown when the list %s', async (_what, page, fault) => {
    expect(await failure(put({ ...SENT, listMultipartUploads: [page] }).upload)).toMatchObject({
      code: 'S3_REJECTED',
      message: `The list of uploads at ${KEY} cannot be used: ${fault}. Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.`,
      transient: false,
    });
  });

  test('that end while they are looked at are none of our business', async () => {
    const script = {
      ...SENT,
      listMultipartUploads: [uploads('foreign')],
      listParts: [refused(404, 'NoSuchUpload')],
      completeMultipartUpload: [COMPLETED],
    };
    expect(await put(script).upload).toMatchObject({ versionId: 'v1' });
  });

  test('and are of somebody else are named, with the way out', async () => {
    const parts = { IsTruncated: false, Parts: [{ PartNumber: 1, Size: 1, ETag: '"p"' }] };
    const { session, upload } = put({ ...SENT, listMultipartUploads: [uploads('foreign')], listParts: [parts] });
    expect(await failure(upload)).toMatchObject({
      code: 'S3_FOREIGN_UPLOAD',
      message:
        `Somebody else is uploading to s3://worm/${KEY}: upload foreign, begun at an unknown time, has parts and is not on the record of this run. ` +
        'Nothing was uploaded, for it could become a second version. Find out whose it is, abort it ' +
        '(aws s3api abort-multipart-upload), then: cutover retry <run>',
      transient: false,
    });
    expect(operations(session)).not.toContain('createMultipartUpload');
  });
});

describe('the read-back', () => {
  test('proves the one version that was stored', async () => {
    const { session, verified } = verify({ headObject: [head('v1')], listObjectVersions: [listing(['v1'])] });
    expect(await verified).toEqual({
      lockMode: 'GOVERNANCE',
      retainUntil: RETAIN_UNTIL,
      contentVerifiedBy: 'checksum-sha256',
    });
    expect(operations(session)).toEqual(['headObject', 'listObjectVersions']);
  });

  test.each<[string, object, object, object]>([
    ['a field', head('v1', { ContentLength: 7 }), listing(['v1']), { field: 'ContentLength', expected: '22', found: '7' }],
    ['the ETag', head('v1', { ETag: '"e2"' }), listing(['v1']), { field: 'ETag', expected: '"e1"', found: '"e2"' }],
    ['a second version', head('v1'), listing(['v2', 'v1']), { field: 'versions at the key', expected: 'v1', found: 'v2, v1' }],
    [
      'a delete marker',
      head('v1'),
      listing(['v1'], ['d1']),
      { field: 'versions at the key', expected: 'v1', found: 'v1, d1 (delete marker)' },
    ],
    ['an empty key', head('v1'), listing([]), { field: 'versions at the key', expected: 'v1', found: 'none' }],
  ])('does not accept %s', async (_what, shown, listed, mismatch) => {
    const error = await failure(verify({ headObject: [shown], listObjectVersions: [listed] }).verified);
    const { field, expected, found } = mismatch as Record<string, string>;
    expect(error).toMatchObject({
      code: 'WORM_VERIFY_FAILED',
      message:
        `What S3 shows at ${KEY} is not what was asked for: ${field}: expected ${expected}, found ${found}. ` +
        'Do not rely on this object: find out who changes the bucket or its answers, then: cutover retry <run>',
      transient: false,
    });
    expect(error.options.details).toEqual({ key: KEY, ...mismatch });
  });
});
