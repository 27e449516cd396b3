import type { UploadFacts, Uploads, VerifiedFacts } from '../../config/step-contracts.js';
import { ActorError, type ActorContext } from '../actor.js';
import { compareVersion, type Comparison, type WantedObject } from './compare-version.js';
import { codeOf, s3Error, statusOf } from './errors.js';
import { listVersions, type KeyVersions } from './list-versions.js';
import { mismatch, shown, verifyFailed } from './mismatch.js';
import { completeUpload, createUpload, isStored, sendPart, type LockedObject } from './multipart-upload.js';
import { compositeChecksum } from './parts.js';
import { putRetention, readRetention } from './retention.js';
import type { S3Session } from './session.js';
import { abortUpload, listParts, listUploads, type StoredPart } from './uploads-at-key.js';

/** What is on record of an upload to a key. */
export interface UploadRecord {
  /** Of the upload that an earlier attempt has begun; null when none has. */
  readonly uploadId: string | null;
  /** Resolves when this upload is on record. */
  readonly begun: (uploadId: string) => Promise<void>;
}

/** The record of a run: what its earlier attempts have reported, and the report of this one. */
export function uploadRecord(
  { uploads }: { readonly uploads: Uploads },
  { report }: Pick<ActorContext, 'report'>,
  key: string,
): UploadRecord {
  return { uploadId: uploads[key] ?? null, begun: (uploadId) => report({ type: 'UPLOAD_BEGUN', key, uploadId }) };
}

/**
 * Puts an object under its lock so that exactly one version of it exists, whatever crashes. One upload makes one version at most,
 * so there is never more than one that could still be completed: its id is on record before its first part is sent, and the next
 * attempt goes on with it. Looks first, adopts what an earlier attempt has stored, and looks again after each answer to the
 * completion, the lost ones too. `If-None-Match: *` keeps others from the key where the service honours it; nothing rests on it.
 * Throws S3_KEY_OCCUPIED, S3_DUPLICATE_VERSIONS, S3_FOREIGN_UPLOAD, S3_CONFLICT, S3_NOT_VERSIONED, WORM_VERIFY_FAILED, those of
 * `s3Error`, and what the body fails with.
 */
export async function putLockedObject(session: S3Session, object: LockedObject, record: UploadRecord): Promise<UploadFacts> {
  const { key } = object;
  const recorded = record.uploadId;
  const earlier = await adopt(session, object, recorded);
  if (earlier !== null) return earlier;
  await refuseForeignUploads(session, key, recorded);
  const upload = recorded === null ? null : await goOnWith(session, object, recorded);
  if (upload !== null) return finish(session, object, upload);
  if (recorded !== null) {
    // It is gone: aborted, or completed since the look.
    const completed = await adopt(session, object, recorded);
    if (completed !== null) return completed;
  }
  const uploadId = await createUpload(session, object);
  await record.begun(uploadId);
  return finish(session, object, { uploadId, stored: [] });
}

/**
 * Verifies, from answers that come after the upload, that exactly this version lies at the key and is what was asked for.
 * Throws WORM_VERIFY_FAILED naming field, expected and found.
 */
export async function verifyLockedObject(
  session: S3Session,
  object: WantedObject,
  upload: Pick<UploadFacts, 'versionId' | 'etag'>,
): Promise<VerifiedFacts> {
  const comparison = await compareVersion(session, object, upload.versionId);
  if (!comparison.matches) throw verifyFailed(object.key, comparison.mismatch);
  if (comparison.etag !== upload.etag) throw verifyFailed(object.key, mismatch('ETag', upload.etag, comparison.etag));
  await onlyVersion(session, object.key, upload.versionId);
  return comparison.facts;
}

interface UploadToFinish {
  readonly uploadId: string;
  readonly stored: readonly StoredPart[];
}

/** An upload of ours with the parts that it has; null when it is gone, or was given up because it is of another object. */
async function goOnWith(session: S3Session, { key, parts }: LockedObject, uploadId: string): Promise<UploadToFinish | null> {
  const stored = await listParts(session, key, uploadId);
  if (stored === null) return null;
  const isOurs = (one: StoredPart) => parts.some((part) => part.number === one.number && isStored(part, one));
  if (stored.every(isOurs)) return { uploadId, stored };
  await abortUpload(session, key, uploadId);
  return null;
}

async function finish(session: S3Session, object: LockedObject, { uploadId, stored }: UploadToFinish): Promise<UploadFacts> {
  const parts: StoredPart[] = [];
  for (const part of object.parts) {
    const there = stored.find(({ number }) => number === part.number);
    parts.push(there ?? (await sendPart(session, object, uploadId, part)));
  }
  return complete(session, object, uploadId, parts, { conditional: true });
}

async function complete(
  session: S3Session,
  object: LockedObject,
  uploadId: string,
  stored: readonly StoredPart[],
  condition: { readonly conditional: boolean },
): Promise<UploadFacts> {
  const { key } = object;
  try {
    const { VersionId: versionId } = await completeUpload(session, object, uploadId, stored, condition);
    // Ceph tells no ETag here, and no version to whoever completes a second time: the list does.
    const listed = await onlyVersion(session, key, versionId);
    await lockIfBare(session, object, listed.versionId);
    return { ...listed, adopted: false, checksum: compositeChecksum(object.parts) };
  } catch (error) {
    session.signal.throwIfAborted();
    if (error instanceof ActorError) throw error;
    // Refused for the header, so nothing was done.
    const unknown = statusOf(error) === 501 || codeOf(error) === 'NotImplemented';
    if (condition.conditional && unknown) return complete(session, object, uploadId, stored, { conditional: false });
    const completed = await adopt(session, object, uploadId);
    if (completed !== null) return completed;
    const request = { operation: 'CompleteMultipartUpload', bucket: session.bucket, key, region: session.region };
    const failure = s3Error(error, request);
    if (statusOf(error) !== 412 && statusOf(error) !== 409) throw failure;
    // Source: S3 API, CompleteMultipartUpload: after a 409 the upload is to be made anew.
    await abortUpload(session, key, uploadId);
    throw new ActorError(
      'S3_CONFLICT',
      `${failure.message} Nothing lies at the key now, and the upload was given up; try again.`,
      { transient: true, cause: error },
    );
  }
}

/** What an earlier attempt has stored; null when nothing lies at the key. Whatever else lies there is a conflict, which ends our own upload. */
async function adopt(session: S3Session, object: LockedObject, uploadId: string | null): Promise<UploadFacts | null> {
  const { key } = object;
  const { versions, deleteMarkers } = await listVersions(session, key);
  const compare = uploadId !== null && versions.length === 1 && deleteMarkers.length === 0 ? compareOurs : compareVersion;
  const matching: UploadFacts[] = [];
  const others: string[] = [];
  for (const { versionId } of versions) {
    const comparison = await compare(session, object, versionId);
    if (comparison.matches) {
      matching.push({ versionId, etag: comparison.etag, adopted: true, checksum: compositeChecksum(object.parts) });
    } else others.push(`version ${versionId} (${shown(comparison.mismatch)})`);
  }
  others.push(...deleteMarkers.map((id) => `delete marker ${id}`));
  if (others.length === 0 && matching.length < 2) return matching[0] ?? null;
  if (uploadId !== null) await abortUpload(session, key, uploadId);
  throw others.length > 0
    ? occupied(session.bucket, key, { versions, deleteMarkers }, others)
    : duplicates(session.bucket, key, matching);
}

/** A service that takes no lock when an upload begins (Ceph 16) is given it as soon as there is a version. S3 never needs it. */
async function lockIfBare(session: S3Session, object: WantedObject, versionId: string): Promise<void> {
  if ((await readRetention(session, object.key, versionId)) === null) await putRetention(session, object, versionId);
}

/** A version that our own upload made: one without a lock is of a killed attempt that did not get to it. */
async function compareOurs(session: S3Session, object: WantedObject, versionId: string): Promise<Comparison> {
  const comparison = await compareVersion(session, object, versionId);
  if (comparison.matches || !comparison.lacksOnlyLock) return comparison;
  await putRetention(session, object, versionId);
  return compareVersion(session, object, versionId);
}

/** The one version at the key, by a look after the upload. Throws S3_NOT_VERSIONED, WORM_VERIFY_FAILED. */
async function onlyVersion(
  session: S3Session,
  key: string,
  expected: string | undefined,
): Promise<Pick<UploadFacts, 'versionId' | 'etag'>> {
  const { versions, deleteMarkers } = await listVersions(session, key);
  const ids = [...versions.map(({ versionId }) => versionId), ...deleteMarkers.map((id) => `${id} (delete marker)`)];
  if (ids.includes('null')) throw notVersioned(session.bucket, key);
  const [only] = versions;
  const wanted = expected ?? 'one';
  if (only === undefined || ids.length > 1 || (expected !== undefined && only.versionId !== expected)) {
    throw verifyFailed(key, { field: 'versions at the key', expected: wanted, found: ids.join(', ') || 'none' });
  }
  if (only.etag === '') throw verifyFailed(key, mismatch('ETag', 'an ETag', undefined));
  return only;
}

/**
 * Uploads in progress at the key that are not on record. One without parts may be ours, of an attempt that was killed before its
 * id was on record, and makes no version: it is given up. One with parts is somebody else's, for ours get theirs only after that.
 */
async function refuseForeignUploads(session: S3Session, key: string, recorded: string | null): Promise<void> {
  for (const { uploadId, initiated } of await listUploads(session, key)) {
    if (uploadId === recorded) continue;
    const parts = await listParts(session, key, uploadId);
    if (parts === null) continue;
    if (parts.length > 0) throw foreignUpload(session.bucket, key, uploadId, initiated);
    await abortUpload(session, key, uploadId);
  }
}

function occupied(bucket: string, key: string, present: KeyVersions, others: readonly string[]): ActorError {
  const { versions, deleteMarkers } = present;
  return new ActorError(
    'S3_KEY_OCCUPIED',
    `A foreign or different object lies at s3://${bucket}/${key}; nothing more was uploaded: ${others.join(', ')}. ` +
      'Find out who put it there; a run never seals over or beside it. Remove it if you may, then: cutover retry <run>; or seal from a new run.',
    { details: { key, versions: versions.map(({ versionId }) => versionId), deleteMarkers } },
  );
}

function duplicates(bucket: string, key: string, matching: readonly UploadFacts[]): ActorError {
  const ids = matching.map(({ versionId }) => versionId);
  return new ActorError(
    'S3_DUPLICATE_VERSIONS',
    `The same object lies ${ids.length} times at s3://${bucket}/${key}: versions ${ids.join(', ')}. Nothing more was uploaded. ` +
      'Find out who copied it; exactly one locked version is what the manifest vouches for.',
    { details: { key, versions: ids } },
  );
}

function foreignUpload(bucket: string, key: string, uploadId: string, initiated: string): ActorError {
  return new ActorError(
    'S3_FOREIGN_UPLOAD',
    `Somebody else is uploading to s3://${bucket}/${key}: upload ${uploadId}, begun ${initiated}, has parts and is not on the record of this run. ` +
      'Nothing was uploaded, for it could become a second version. Find out whose it is, abort it ' +
      '(aws s3api abort-multipart-upload), then: cutover retry <run>',
    { details: { key, uploadId, initiated } },
  );
}

function notVersioned(bucket: string, key: string): ActorError {
  return new ActorError(
    'S3_NOT_VERSIONED',
    `S3 stored ${key} without a version id (null), so no version is locked. ` +
      `Enable versioning and Object Lock on ${bucket}, then: cutover retry <run>`,
    { details: { key, versionId: null } },
  );
}
