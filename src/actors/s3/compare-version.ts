import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { LockMode } from '../../config/settings.js';
import type { VerifiedFacts } from '../../config/step-contracts.js';
import { wholeSeconds } from '../compute-retention.js';
import { s3Error } from './errors.js';
import { readRetention, type Lock } from './retention.js';
import { mismatch, type Mismatch } from './mismatch.js';
import { call, type S3Session } from './session.js';

/** An object as it is to lie in the bucket. */
export interface WantedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** The checksum of its parts' checksums, as S3 tells it. */
  readonly composite: string;
  readonly mode: LockMode;
  /** UTC, ISO 8601. */
  readonly retainUntil: string;
}

export type Comparison =
  | { readonly matches: true; readonly etag: string; readonly facts: VerifiedFacts }
  | {
      readonly matches: false;
      readonly mismatch: Mismatch;
      /** All is as it was asked for, but there is no lock whatsoever. */
      readonly lacksOnlyLock: boolean;
    };

/**
 * Reads one version back and compares size, lock mode, retention, legal hold and content with what was asked for. A lock that
 * HeadObject does not show (it hides it from callers without the permission) is read with GetObjectRetention; one that may not be
 * read is an error. The content is known by a SHA-256 that S3 computed over the whole object or over its parts, else by downloading it.
 */
export async function compareVersion(session: S3Session, wanted: WantedObject, versionId: string): Promise<Comparison> {
  const { client, bucket } = session;
  const { key } = wanted;
  // The version of a bucket without versioning: what is stored next would take its place.
  if (versionId === 'null') return differs('VersionId', 'one of its own', versionId);
  const head = await call(session, 'HeadObject', { key, 'version-id': versionId, 'checksum-mode': 'ENABLED' }, (options) =>
    client.headObject({ Bucket: bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' }, options),
  );
  if (head.VersionId !== versionId) return differs('VersionId', versionId, head.VersionId);
  if (head.ContentLength !== wanted.size) return differs('ContentLength', wanted.size, head.ContentLength);
  if (!head.ETag) return differs('ETag', 'an ETag', head.ETag);
  // It would outlast the retention, and this run never asks for one. Shown only to callers who may read it.
  if (head.ObjectLockLegalHoldStatus === 'ON') return differs('ObjectLockLegalHoldStatus', 'none', 'ON');
  const lock = await readLock(session, key, versionId, head);
  if (lock !== null && lock.mode !== wanted.mode) return differs('ObjectLockMode', wanted.mode, lock.mode);
  if (lock !== null && !(Number(lock.retainUntil) >= Date.parse(wanted.retainUntil))) {
    return differs('ObjectLockRetainUntilDate', wanted.retainUntil, lock.retainUntil?.toISOString());
  }
  const content = await readContent(session, wanted, versionId, head);
  if (content.wrong !== null) return differs(content.wrong.field, content.wrong.expected, content.wrong.found);
  if (lock?.retainUntil === undefined) return { ...differs('ObjectLockMode', wanted.mode, undefined), lacksOnlyLock: true };
  const facts = { lockMode: wanted.mode, retainUntil: wholeSeconds(lock.retainUntil), contentVerifiedBy: content.verifiedBy };
  return { matches: true, etag: head.ETag, facts };
}

/** What the answer to HeadObject shows of the lock, else what is told of it when it is asked for. */
function readLock(session: S3Session, key: string, versionId: string, head: HeadObjectCommandOutput): Promise<Lock | null> {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: retainUntil } = head;
  return mode !== undefined && retainUntil !== undefined
    ? Promise.resolve({ mode, retainUntil })
    : readRetention(session, key, versionId);
}

interface Content {
  /** Null when it is what was asked for. */
  readonly wrong: Mismatch | null;
  readonly verifiedBy: VerifiedFacts['contentVerifiedBy'];
}

async function readContent(
  session: S3Session,
  wanted: WantedObject,
  versionId: string,
  { ChecksumSHA256: checksum, ChecksumType: type }: HeadObjectCommandOutput,
): Promise<Content> {
  const same = (field: string, expected: string, found: string) => (expected === found ? null : mismatch(field, expected, found));
  // Without a type, nobody says what it is of.
  if (checksum !== undefined && type === 'FULL_OBJECT') {
    const found = Buffer.from(checksum, 'base64').toString('hex');
    return { wrong: same('ChecksumSHA256', wanted.sha256, found), verifiedBy: 'checksum-sha256' };
  }
  if (checksum !== undefined && type === 'COMPOSITE') {
    return { wrong: same('ChecksumSHA256', wanted.composite, checksum), verifiedBy: 'checksum-sha256' };
  }
  const found = await hashDownload(session, wanted.key, versionId);
  return { wrong: same('SHA-256 of the download', wanted.sha256, found), verifiedBy: 'download' };
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

function differs(field: string, expected: string | number, found: string | number | undefined) {
  return { matches: false, mismatch: mismatch(field, expected, found), lacksOnlyLock: false } as const;
}
