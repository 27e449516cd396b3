import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { LockMode } from '../../config/settings.js';
import type { VerifiedFacts } from '../../config/step-contracts.js';
import { wholeSeconds } from '../compute-retention.js';
import { s3Error } from './errors.js';
import { call, type S3Session } from './session.js';

/** An object as it is to lie in the bucket. */
export interface WantedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  readonly mode: LockMode;
  /** UTC, ISO 8601. */
  readonly retainUntil: string;
}

/** A field of a stored version that is not as it was asked for. */
export interface Mismatch {
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

export type Comparison =
  | { readonly matches: true; readonly etag: string; readonly facts: VerifiedFacts }
  | { readonly matches: false; readonly mismatch: Mismatch };

/**
 * Reads one version back and compares size, lock mode, retention and content with what was asked for. A lock that HeadObject
 * does not show (it hides it from callers without the permission) is read with GetObjectRetention; one that cannot be read
 * is an error. The content is known by a SHA-256 that S3 computed over the whole object, else by downloading it.
 */
export async function compareVersion(session: S3Session, wanted: WantedObject, versionId: string): Promise<Comparison> {
  const { client, bucket } = session;
  const { key } = wanted;
  // The version of a bucket without versioning: the next PUT there would take its place.
  if (versionId === 'null') return differs('VersionId', 'one of its own', versionId);
  const head = await call(session, 'HeadObject', { key, 'version-id': versionId, 'checksum-mode': 'ENABLED' }, (options) =>
    client.headObject({ Bucket: bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' }, options),
  );
  if (head.VersionId !== versionId) return differs('VersionId', versionId, head.VersionId);
  if (head.ContentLength !== wanted.size) return differs('ContentLength', wanted.size, head.ContentLength);
  if (!head.ETag) return differs('ETag', 'an ETag', head.ETag);
  const { mode, retainUntil } = await readLock(session, key, versionId, head);
  if (mode !== wanted.mode) return differs('ObjectLockMode', wanted.mode, mode);
  if (retainUntil === undefined || !(retainUntil.getTime() >= Date.parse(wanted.retainUntil))) {
    return differs('ObjectLockRetainUntilDate', wanted.retainUntil, retainUntil?.toISOString());
  }
  const content = await readContent(session, wanted, versionId, head);
  if (content.sha256 !== wanted.sha256) return differs(content.field, wanted.sha256, content.sha256);
  const facts = { lockMode: wanted.mode, retainUntil: wholeSeconds(retainUntil), contentVerifiedBy: content.verifiedBy };
  return { matches: true, etag: head.ETag, facts };
}

async function readLock(
  session: S3Session,
  key: string,
  versionId: string,
  head: HeadObjectCommandOutput,
): Promise<{ readonly mode: string | undefined; readonly retainUntil: Date | undefined }> {
  if (head.ObjectLockMode !== undefined && head.ObjectLockRetainUntilDate !== undefined) {
    return { mode: head.ObjectLockMode, retainUntil: head.ObjectLockRetainUntilDate };
  }
  const { Retention } = await call(session, 'GetObjectRetention', { key, 'version-id': versionId }, (options) =>
    session.client.getObjectRetention({ Bucket: session.bucket, Key: key, VersionId: versionId }, options),
  );
  return { mode: Retention?.Mode, retainUntil: Retention?.RetainUntilDate };
}

async function readContent(
  session: S3Session,
  wanted: WantedObject,
  versionId: string,
  head: HeadObjectCommandOutput,
): Promise<{ readonly field: string; readonly sha256: string; readonly verifiedBy: VerifiedFacts['contentVerifiedBy'] }> {
  // COMPOSITE would be a checksum of checksums; without a type, nobody says what it is of.
  if (head.ChecksumSHA256 !== undefined && head.ChecksumType === 'FULL_OBJECT') {
    const sha256 = Buffer.from(head.ChecksumSHA256, 'base64').toString('hex');
    return { field: 'ChecksumSHA256', sha256, verifiedBy: 'checksum-sha256' };
  }
  const sha256 = await hashDownload(session, wanted.key, versionId);
  return { field: 'SHA-256 of the download', sha256, verifiedBy: 'download' };
}

async function hashDownload(session: S3Session, key: string, versionId: string): Promise<string> {
  const facts = { key, 'version-id': versionId };
  const { Body } = await call(session, 'GetObject', facts, (options) =>
    session.client.getObject({ Bucket: session.bucket, Key: key, VersionId: versionId }, options),
  );
  const hash = createHash('sha256');
  try {
    for await (const chunk of Body as Readable) hash.update(chunk as Buffer);
  } catch (error) {
    session.signal.throwIfAborted();
    throw s3Error(error, { operation: 'GetObject', bucket: session.bucket, key, region: session.region });
  }
  const sha256 = hash.digest('hex');
  await session.log(`# SHA-256 of the download: ${sha256}`);
  return sha256;
}

function differs(field: string, expected: string | number, found: string | number | undefined): Comparison {
  return {
    matches: false,
    mismatch: { field, expected: String(expected), found: found === undefined ? 'nothing' : String(found) },
  };
}
