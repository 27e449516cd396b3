import type { Readable } from 'node:stream';
import type { PutObjectCommandOutput } from '@aws-sdk/client-s3';
import type { UploadFacts, VerifiedFacts } from '../../config/step-contracts.js';
import { ActorError } from '../actor.js';
import { compareVersion, type Mismatch, type WantedObject } from './compare-version.js';
import { codeOf, s3Error, statusOf } from './errors.js';
import { listVersions, type KeyVersions } from './list-versions.js';
import { send, type S3Session } from './session.js';

export interface LockedObject extends WantedObject {
  /** Base64. */
  readonly md5: string;
  /** Opens the bytes; a new stream for each PUT. */
  readonly body: () => Readable;
}

/**
 * Puts an object under its lock so that exactly one version of it exists, whatever crashes: looks first, adopts what an
 * earlier attempt has stored, and otherwise does one conditional PUT that S3 checks against SHA-256 and MD5. When the answer
 * is lost, the error is transient and the next attempt adopts. `beforePut` resolves before the first byte is sent.
 * Throws S3_KEY_OCCUPIED, S3_DUPLICATE_VERSIONS, S3_CONDITIONAL_WRITE_UNSUPPORTED, S3_NOT_VERSIONED, WORM_VERIFY_FAILED, those
 * of `s3Error`, and what the body fails with.
 */
export async function putLockedObject(
  session: S3Session,
  object: LockedObject,
  beforePut: () => Promise<void> = () => Promise.resolve(),
): Promise<UploadFacts> {
  const earlier = await adopt(session, object);
  if (earlier !== null) return earlier;
  await beforePut();
  const body = object.body();
  let answer: PutObjectCommandOutput;
  try {
    answer = await put(session, object, body);
  } catch (error) {
    session.signal.throwIfAborted();
    if (error === body.errored) throw error;
    return adoptAfterRefusal(session, object, error);
  } finally {
    body.destroy();
  }
  const { VersionId: versionId, ETag: etag, ChecksumSHA256: checksum } = answer;
  if (versionId === undefined || versionId === '' || versionId === 'null')
    throw notVersioned(session.bucket, object.key, versionId);
  if (etag === undefined || etag === '') throw verifyFailed(object.key, { field: 'ETag', expected: 'an ETag', found: 'nothing' });
  if (checksum !== undefined && checksum !== base64(object.sha256)) {
    throw verifyFailed(object.key, { field: 'ChecksumSHA256', expected: base64(object.sha256), found: checksum });
  }
  return { versionId, etag, adopted: false };
}

/**
 * Verifies, from answers that come after the PUT, that exactly this version lies at the key and is what was asked for.
 * Throws WORM_VERIFY_FAILED naming field, expected and found.
 */
export async function verifyLockedObject(
  session: S3Session,
  object: WantedObject,
  upload: Pick<UploadFacts, 'versionId' | 'etag'>,
): Promise<VerifiedFacts> {
  const comparison = await compareVersion(session, object, upload.versionId);
  if (!comparison.matches) throw verifyFailed(object.key, comparison.mismatch);
  if (comparison.etag !== upload.etag) {
    throw verifyFailed(object.key, { field: 'ETag', expected: upload.etag, found: comparison.etag });
  }
  const { versions, deleteMarkers } = await listVersions(session, object.key);
  const found = [...versions, ...deleteMarkers.map((id) => `${id} (delete marker)`)].join(', ');
  if (found !== upload.versionId) {
    throw verifyFailed(object.key, { field: 'versions at the key', expected: upload.versionId, found: found || 'none' });
  }
  return comparison.facts;
}

async function adopt(session: S3Session, object: LockedObject): Promise<UploadFacts | null> {
  const present = await listVersions(session, object.key);
  const matching: UploadFacts[] = [];
  const others: string[] = [];
  for (const versionId of present.versions) {
    const comparison = await compareVersion(session, object, versionId);
    if (comparison.matches) matching.push({ versionId, etag: comparison.etag, adopted: true });
    else others.push(`version ${versionId} (${shown(comparison.mismatch)})`);
  }
  others.push(...present.deleteMarkers.map((id) => `delete marker ${id}`));
  if (others.length > 0) throw occupied(session.bucket, object.key, present, others);
  if (matching.length > 1) throw duplicates(session.bucket, object.key, matching);
  return matching[0] ?? null;
}

async function put(session: S3Session, object: LockedObject, body: Readable): Promise<PutObjectCommandOutput> {
  const { key, size, sha256, md5, mode, retainUntil } = object;
  const facts = {
    key,
    'content-length': size,
    'content-md5': md5,
    'checksum-sha256': base64(sha256),
    'object-lock-mode': mode,
    'object-lock-retain-until-date': retainUntil,
    'if-none-match': '*',
  };
  // The SDK does not listen: what cannot be read would end this process, and S3 would wait for the rest.
  const unreadable = new Promise<never>((_resolve, reject) => body.once('error', reject));
  const input = {
    Bucket: session.bucket,
    Key: key,
    Body: body,
    ContentLength: size,
    ContentMD5: md5,
    ChecksumSHA256: base64(sha256),
    ObjectLockMode: mode,
    ObjectLockRetainUntilDate: new Date(retainUntil),
    IfNoneMatch: '*',
  };
  return send(session, 'PutObject', facts, (options) => Promise.race([session.client.putObject(input, options), unreadable]));
}

/** 412: something came to the key since it was looked at; perhaps our own PUT, sent twice on the way. */
async function adoptAfterRefusal(session: S3Session, object: LockedObject, error: unknown): Promise<UploadFacts> {
  if (statusOf(error) === 501 || codeOf(error) === 'NotImplemented')
    throw conditionUnsupported(session.bucket, object.key, error);
  const failure = s3Error(error, { operation: 'PutObject', bucket: session.bucket, key: object.key, region: session.region });
  if (statusOf(error) !== 412) throw failure;
  const adopted = await adopt(session, object);
  if (adopted !== null) return adopted;
  throw new ActorError('S3_CONFLICT', `${failure.message} Nothing lies at the key now; try again.`, {
    transient: true,
    cause: error,
  });
}

function verifyFailed(key: string, mismatch: Mismatch): ActorError {
  return new ActorError(
    'WORM_VERIFY_FAILED',
    `What S3 shows at ${key} is not what was asked for: ${shown(mismatch)}. ` +
      'Do not rely on this object: find out who changes the bucket or its answers, then: cutover retry <run>',
    { details: { key, ...mismatch } },
  );
}

function occupied(bucket: string, key: string, present: KeyVersions, others: readonly string[]): ActorError {
  return new ActorError(
    'S3_KEY_OCCUPIED',
    `A foreign or different object lies at s3://${bucket}/${key}; nothing was uploaded: ${others.join(', ')}. ` +
      'Find out who put it there; a run never seals over or beside it. Remove it if you may, or seal from a new run.',
    { details: { key, versions: present.versions, deleteMarkers: present.deleteMarkers } },
  );
}

function duplicates(bucket: string, key: string, matching: readonly UploadFacts[]): ActorError {
  const ids = matching.map(({ versionId }) => versionId);
  return new ActorError(
    'S3_DUPLICATE_VERSIONS',
    `The same object lies ${ids.length} times at s3://${bucket}/${key}: versions ${ids.join(', ')}. Nothing was uploaded. ` +
      'Find out who copied it; exactly one locked version is what the manifest vouches for.',
    { details: { key, versions: ids } },
  );
}

function notVersioned(bucket: string, key: string, versionId: string | undefined): ActorError {
  return new ActorError(
    'S3_NOT_VERSIONED',
    `S3 stored ${key} without a version id (${versionId ?? 'none'}), so no version is locked. ` +
      `Enable versioning and Object Lock on ${bucket}, then: cutover retry <run>`,
    { details: { key, versionId: versionId ?? null } },
  );
}

function conditionUnsupported(bucket: string, key: string, cause: unknown): ActorError {
  return new ActorError(
    'S3_CONDITIONAL_WRITE_UNSUPPORTED',
    `The service behind s3://${bucket}/${key} does not know "If-None-Match: *" (501), so a PUT could store a second version. ` +
      'Nothing was stored. Use a service that supports conditional writes.',
    { details: { key }, cause },
  );
}

function shown({ field, expected, found }: Mismatch): string {
  return `${field}: expected ${expected}, found ${found}`;
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
