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
const STORED = { VersionId: 'v1', ETag: '"e1"', ChecksumSHA256: CHECKSUM };
const put = (script: Script, beforePut?: () => Promise<void>) => {
  const session = scriptedSession(script);
  return { session, upload: putLockedObject(session, lockedObject(), beforePut) };
};
const verify = (script: Script) => {
  const session = scriptedSession(script);
  return { session, verified: verifyLockedObject(session, lockedObject(), { versionId: 'v1', etag: '"e1"' }) };
};
const operations = ({ calls }: { readonly calls: readonly (readonly [string, unknown])[] }) => calls.map(([name]) => name);

describe('the PUT', () => {
  test('asks for lock, digests and an empty key, and is on record with all of it but the content', async () => {
    let body: Readable | null = null;
    const session = scriptedSession({ listObjectVersions: [NOTHING], putObject: [STORED] });
    const object = lockedObject({ body: () => (body = Readable.from([CONTENT])) });
    expect(await putLockedObject(session, object)).toEqual({ versionId: 'v1', etag: '"e1"', adopted: false });
    expect(session.calls[1]).toEqual([
      'putObject',
      {
        Bucket: 'worm',
        Key: KEY,
        Body: body,
        ContentLength: CONTENT.length,
        ContentMD5: object.md5,
        ChecksumSHA256: CHECKSUM,
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: new Date(RETAIN_UNTIL),
        IfNoneMatch: '*',
      },
    ]);
    expect(session.lines[2]).toBe(
      `$ s3api put-object --key "${KEY}" --content-length ${CONTENT.length} --content-md5 "${object.md5}" --checksum-sha256 "${CHECKSUM}" ` +
        `--object-lock-mode "GOVERNANCE" --object-lock-retain-until-date "${RETAIN_UNTIL}" --if-none-match "*"`,
    );
    expect(body).toMatchObject({ destroyed: true });
  });

  test('lets go of the file when it fails, too', async () => {
    const body = Readable.from([CONTENT]);
    const session = scriptedSession({ listObjectVersions: [NOTHING], putObject: [sdkError({ status: 503, code: 'SlowDown' })] });
    await failure(putLockedObject(session, lockedObject({ body: () => body })));
    expect(body.destroyed).toBe(true);
  });

  test('of what cannot be read fails with that at once, and not with what S3 makes of it', async () => {
    const unreadable = new Error('EIO: i/o error');
    const body = new Readable({ read: () => void body.destroy(unreadable) });
    const session = scriptedSession({ listObjectVersions: [NOTHING], putObject: [new Promise(() => undefined)] });
    const upload = putLockedObject(session, lockedObject({ body: () => body.resume() }));
    await expect(upload).rejects.toBe(unreadable);
    expect(operations(session)).toEqual(['listObjectVersions', 'putObject']);
  });

  test('needs no checksum in the answer: the read-back looks for it', async () => {
    const answer = { VersionId: 'v1', ETag: '"e1"' };
    expect(await put({ listObjectVersions: [NOTHING], putObject: [answer] }).upload).toMatchObject({ versionId: 'v1' });
  });

  test.each<[string, object, string]>([
    ['no version id', { VersionId: undefined }, 'none'],
    ['an empty version id', { VersionId: '' }, ''],
    ['the version id null', { VersionId: 'null' }, 'null'],
  ])('that is answered with %s has locked nothing', async (_what, changes, found) => {
    const error = await failure(put({ listObjectVersions: [NOTHING], putObject: [{ ...STORED, ...changes }] }).upload);
    expect(error).toMatchObject({
      code: 'S3_NOT_VERSIONED',
      message:
        `S3 stored ${KEY} without a version id (${found}), so no version is locked. ` +
        'Enable versioning and Object Lock on worm, then: cutover retry <run>',
      options: { details: { key: KEY, versionId: found === 'none' ? null : found } },
      transient: false,
    });
  });

  test.each<[string, object, object]>([
    ['no ETag', { ETag: undefined }, { field: 'ETag', expected: 'an ETag', found: 'nothing' }],
    ['an empty ETag', { ETag: '' }, { field: 'ETag', expected: 'an ETag', found: 'nothing' }],
    ['another checksum', { ChecksumSHA256: 'AA==' }, { field: 'ChecksumSHA256', expected: CHECKSUM, found: 'AA==' }],
  ])('that is answered with %s cannot be relied on', async (_what, changes, mismatch) => {
    const error = await failure(put({ listObjectVersions: [NOTHING], putObject: [{ ...STORED, ...changes }] }).upload);
    expect(error).toMatchObject({ code: 'WORM_VERIFY_FAILED', transient: false });
    expect(error.options.details).toEqual({ key: KEY, ...mismatch });
  });
});

describe('what lies at the key already', () => {
  test('is taken over when it is ours, without another PUT', async () => {
    const { session, upload } = put({ listObjectVersions: [listing(['v0'])], headObject: [head('v0', { ETag: '"e0"' })] });
    expect(await upload).toEqual({ versionId: 'v0', etag: '"e0"', adopted: true });
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
        `A foreign or different object lies at s3://worm/${KEY}; nothing was uploaded: ` +
        'version v3 (ContentLength: expected 22, found 7), version v1 (ObjectLockMode: expected GOVERNANCE, found COMPLIANCE), ' +
        'delete marker d1, delete marker d2. ' +
        'Find out who put it there; a run never seals over or beside it. Remove it if you may, or seal from a new run.',
      options: { details: { key: KEY, versions: ['v3', 'v2', 'v1'], deleteMarkers: ['d1', 'd2'] } },
      transient: false,
    });
    expect(operations(session)).not.toContain('putObject');
  });

  test('is not chosen from when it is ours twice', async () => {
    const script = { listObjectVersions: [listing(['v2', 'v1'])], headObject: [head('v2'), head('v1')] };
    expect(await failure(put(script).upload)).toMatchObject({
      code: 'S3_DUPLICATE_VERSIONS',
      message:
        `The same object lies 2 times at s3://worm/${KEY}: versions v2, v1. Nothing was uploaded. ` +
        'Find out who copied it; exactly one locked version is what the manifest vouches for.',
      options: { details: { key: KEY, versions: ['v2', 'v1'] } },
      transient: false,
    });
  });
});

describe('a PUT that S3 refuses', () => {
  const refused = (status: number, code: string) => sdkError({ status, code, requestId: 'R1' });

  test.each([
    [501, 'Whatever'],
    [400, 'NotImplemented'],
  ])('with %d %s, because it does not know the condition, is not made without it', async (status, code) => {
    const cause = refused(status, code);
    const error = await failure(put({ listObjectVersions: [NOTHING], putObject: [cause] }).upload);
    expect(error).toMatchObject({
      code: 'S3_CONDITIONAL_WRITE_UNSUPPORTED',
      message:
        `The service behind s3://worm/${KEY} does not know "If-None-Match: *" (501), so a PUT could store a second version. ` +
        'Nothing was stored. Use a service that supports conditional writes.',
      options: { details: { key: KEY }, cause },
      transient: false,
    });
  });

  test('because something came to the key takes that over when it is ours', async () => {
    const script = {
      listObjectVersions: [NOTHING, listing(['v1'])],
      putObject: [refused(412, 'PreconditionFailed')],
      headObject: [head('v1')],
    };
    expect(await put(script).upload).toEqual({ versionId: 'v1', etag: '"e1"', adopted: true });
  });

  test('because something came to the key that has gone again can be made again', async () => {
    const cause = refused(412, 'PreconditionFailed');
    const error = await failure(put({ listObjectVersions: [NOTHING, NOTHING], putObject: [cause] }).upload);
    expect(error).toMatchObject({
      code: 'S3_CONFLICT',
      message:
        `S3 rejected the request: PutObject on s3://worm/${KEY} (412 PreconditionFailed: said S3; request id R1). ` +
        'Read what S3 says, and look its code up in the S3 documentation. Nothing lies at the key now; try again.',
      options: { cause },
      transient: true,
    });
  });

  test.each([
    [refused(403, 'AccessDenied'), 'S3_ACCESS_DENIED', false],
    [refused(409, 'ConditionalRequestConflict'), 'S3_CONFLICT', true],
    [networkError('read ECONNRESET'), 'S3_UNREACHABLE', true],
  ])('for another reason says which, and looks no further (%#)', async (cause, code, transient) => {
    const { session, upload } = put({ listObjectVersions: [NOTHING], putObject: [cause] });
    const error = await failure(upload);
    expect(error).toMatchObject({ code, transient });
    expect(error.message).toContain(`PutObject on s3://worm/${KEY} `);
    expect(error.options.details).toMatchObject({ operation: 'PutObject', key: KEY });
    expect(operations(session)).toEqual(['listObjectVersions', 'putObject']);
  });

  test('with the wrong region is told where it went', async () => {
    const cause = sdkError({ status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-1' } });
    const error = await failure(put({ listObjectVersions: [NOTHING], putObject: [cause] }).upload);
    expect(error.message).toMatch(/^The bucket is in eu-west-1, not in ap-northeast-2: /);
  });

  test('after the attempt was stopped ends with the reason', async () => {
    const abort = new AbortController();
    const reason = new Error('lease lost');
    const session = scriptedSession({ listObjectVersions: [NOTHING], putObject: [refused(412, 'x')] }, abort.signal);
    const object = lockedObject({
      body: () => {
        abort.abort(reason);
        return Readable.from([CONTENT]);
      },
    });
    await expect(putLockedObject(session, object)).rejects.toBe(reason);
    expect(operations(session)).not.toContain('putObject');
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
