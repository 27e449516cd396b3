import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { compareVersion } from '../../../src/actors/s3/compare-version.js';
import { failure } from '../sealing-context.js';
import { sdkError } from './sdk-error.js';
import { CONTENT, head, KEY, lockedObject, RETAIN_UNTIL, scriptedSession, SHA256, type Script } from './scripted-session.js';

const compare = (script: Script, changes = {}) => {
  const session = scriptedSession(script);
  return { session, compared: compareVersion(session, lockedObject(changes), 'v1') };
};
const differs = (field: string, expected: string, found: string, lacksOnlyLock = false) => ({
  matches: false,
  mismatch: { field, expected, found },
  lacksOnlyLock,
});
const VERSION = { Bucket: 'worm', Key: KEY, VersionId: 'v1' };

describe('a version that is as it was asked for', () => {
  test('is proven by one HEAD where S3 shows lock and checksum', async () => {
    const { session, compared } = compare({ headObject: [head('v1')] });
    expect(await compared).toEqual({
      matches: true,
      etag: '"e1"',
      facts: { lockMode: 'GOVERNANCE', retainUntil: RETAIN_UNTIL, contentVerifiedBy: 'checksum-sha256' },
    });
    expect(session.calls).toEqual([['headObject', { ...VERSION, ChecksumMode: 'ENABLED' }]]);
    expect(session.lines[0]).toBe(`$ s3api head-object --key "${KEY}" --version-id "v1" --checksum-mode "ENABLED"`);
  });

  test('is proven by the checksum of its parts, too', async () => {
    const composite = head('v1', { ChecksumSHA256: lockedObject().composite, ChecksumType: 'COMPOSITE' });
    const { session, compared } = compare({ headObject: [composite] });
    expect(await compared).toMatchObject({ matches: true, facts: { contentVerifiedBy: 'checksum-sha256' } });
    expect(session.calls).toHaveLength(1);
  });

  test('may have a legal hold that is off', async () => {
    expect(await compare({ headObject: [head('v1', { ObjectLockLegalHoldStatus: 'OFF' })] }).compared).toMatchObject({
      matches: true,
    });
  });

  test('may be locked for longer', async () => {
    const longer = head('v1', { ObjectLockRetainUntilDate: new Date('2100-01-01T00:00:00.900Z') });
    expect(await compare({ headObject: [longer] }).compared).toMatchObject({
      matches: true,
      facts: { retainUntil: '2100-01-01T00:00:00Z' },
    });
  });

  test.each([
    ['mode', { ObjectLockMode: undefined }],
    ['date', { ObjectLockRetainUntilDate: undefined }],
  ])('has its whole lock read by itself where HEAD hides the %s', async (_what, hidden) => {
    const lock = { Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date('2099-03-01T00:00:00Z') } };
    const { session, compared } = compare({ headObject: [head('v1', hidden)], getObjectRetention: [lock] });
    expect(await compared).toMatchObject({ matches: true, facts: { retainUntil: '2099-03-01T00:00:00Z' } });
    expect(session.calls[1]).toEqual(['getObjectRetention', VERSION]);
    expect(session.lines[2]).toBe(`$ s3api get-object-retention --key "${KEY}" --version-id "v1"`);
  });

  test.each([
    ['there is no checksum', { ChecksumSHA256: undefined }],
    ['nobody says of what the checksum is', { ChecksumType: undefined }],
  ])('is downloaded and hashed where %s', async (_what, without) => {
    const body = { Body: Readable.from([CONTENT.subarray(0, 5), CONTENT.subarray(5)]) };
    const { session, compared } = compare({ headObject: [head('v1', without)], getObject: [body] });
    expect(await compared).toMatchObject({ matches: true, facts: { contentVerifiedBy: 'download' } });
    expect(session.calls[1]).toEqual(['getObject', VERSION]);
    expect(session.lines[2]).toBe(`$ s3api get-object --key "${KEY}" --version-id "v1"`);
    expect(session.lines.at(-1)).toBe(`# SHA-256 of the download: ${SHA256}`);
  });
});

describe('a version that is not as it was asked for', () => {
  const other = Buffer.alloc(32, 1);
  test.each<[string, object, ReturnType<typeof differs>]>([
    ['no version id', { VersionId: undefined }, differs('VersionId', 'v1', 'nothing')],
    ['another version id', { VersionId: 'v2' }, differs('VersionId', 'v1', 'v2')],
    ['another size', { ContentLength: 7 }, differs('ContentLength', '22', '7')],
    ['no size', { ContentLength: undefined }, differs('ContentLength', '22', 'nothing')],
    ['no ETag', { ETag: undefined }, differs('ETag', 'an ETag', 'nothing')],
    ['an empty ETag', { ETag: '' }, differs('ETag', 'an ETag', '')],
    ['another lock', { ObjectLockMode: 'COMPLIANCE' }, differs('ObjectLockMode', 'GOVERNANCE', 'COMPLIANCE')],
    [
      'a shorter lock',
      { ObjectLockRetainUntilDate: new Date('2099-02-21T12:04:59.999Z') },
      differs('ObjectLockRetainUntilDate', RETAIN_UNTIL, '2099-02-21T12:04:59.999Z'),
    ],
    ['a legal hold', { ObjectLockLegalHoldStatus: 'ON' }, differs('ObjectLockLegalHoldStatus', 'none', 'ON')],
    [
      'other parts',
      { ChecksumSHA256: 'AAAA-1', ChecksumType: 'COMPOSITE' },
      differs('ChecksumSHA256', lockedObject().composite, 'AAAA-1'),
    ],
    ['other content', { ChecksumSHA256: other.toString('base64') }, differs('ChecksumSHA256', SHA256, other.toString('hex'))],
  ])('%s: the field is named, with what was expected and found', async (_what, changes, comparison) => {
    expect(await compare({ headObject: [head('v1', changes)] }).compared).toEqual(comparison);
  });

  test.each([
    ['none at all', {}, differs('ObjectLockMode', 'GOVERNANCE', 'nothing')],
    ['none with a date', { Retention: { Mode: 'GOVERNANCE' } }, differs('ObjectLockRetainUntilDate', RETAIN_UNTIL, 'nothing')],
  ])('a lock that is %s when it is read by itself is no lock', async (_what, lock, comparison) => {
    const script = { headObject: [head('v1', { ObjectLockMode: undefined })], getObjectRetention: [lock] };
    expect(await compare(script).compared).toEqual(comparison);
  });

  test.each(['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'])(
    'a version of which S3 says %s lacks a lock, and only that where all else is right',
    async (code) => {
      const none = () => sdkError({ status: 404, code });
      const bare = { ObjectLockMode: undefined, ObjectLockRetainUntilDate: undefined };
      const compared = compare({ headObject: [head('v1', bare)], getObjectRetention: [none()] }).compared;
      expect(await compared).toEqual(differs('ObjectLockMode', 'GOVERNANCE', 'nothing', true));
      const wrong = head('v1', { ...bare, ChecksumSHA256: other.toString('base64') });
      expect(await compare({ headObject: [wrong], getObjectRetention: [none()] }).compared).toEqual(
        differs('ChecksumSHA256', SHA256, other.toString('hex')),
      );
    },
  );

  test('a date that is none proves no retention', async () => {
    const comparison = compare({ headObject: [head('v1')] }, { retainUntil: 'forever' }).compared;
    expect(await comparison).toEqual(differs('ObjectLockRetainUntilDate', 'forever', '2099-02-21T12:05:00.000Z'));
  });

  test('content that differs in the download is told by its digest', async () => {
    const script = { headObject: [head('v1', { ChecksumSHA256: undefined })], getObject: [{ Body: Readable.from([]) }] };
    const ofNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(await compare(script).compared).toEqual(differs('SHA-256 of the download', SHA256, ofNothing));
  });
});

describe('a version that cannot be read', () => {
  test('because its lock may not be looked at is not permitted to be verified', async () => {
    const denied = sdkError({ status: 403, code: 'AccessDenied' });
    const script = { headObject: [head('v1', { ObjectLockMode: undefined })], getObjectRetention: [denied] };
    const error = await failure(compare(script).compared);
    expect(error).toMatchObject({ code: 'S3_ACCESS_DENIED', transient: false });
    expect(error.message).toMatch(/^Not permitted to verify the lock: GetObjectRetention on s3:\/\/worm/);
  });

  const cutOff = (before: () => void = () => {}) =>
    Readable.from(
      (async function* () {
        yield CONTENT.subarray(0, 5);
        before();
        await Promise.reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
      })(),
    );
  const hidden = head('v1', { ChecksumSHA256: undefined });

  test('has no content because its download was cut off', async () => {
    const error = await failure(compare({ headObject: [hidden], getObject: [{ Body: cutOff() }] }).compared);
    expect(error).toMatchObject({
      code: 'S3_UNREACHABLE',
      transient: true,
      options: { details: { operation: 'GetObject', key: KEY } },
    });
    expect(error.message).toContain(`GetObject on s3://worm/${KEY} (Error: aborted)`);
    expect(error.message).toContain('ap-northeast-2');
  });

  test('ends with the reason when the attempt was stopped while it was downloaded', async () => {
    const abort = new AbortController();
    const reason = new Error('lease lost');
    const body = { Body: cutOff(() => abort.abort(reason)) };
    const session = scriptedSession({ headObject: [hidden], getObject: [body] }, abort.signal);
    await expect(compareVersion(session, lockedObject(), 'v1')).rejects.toBe(reason);
  });
});
