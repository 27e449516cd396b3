import { ActorError } from '../actor.js';
import { codeOf, s3Error, statusOf } from './errors.js';
import { call, send, type S3Session } from './session.js';

/** A multipart upload that was neither completed nor aborted. */
export interface OpenUpload {
  readonly uploadId: string;
  /** As S3 tells it; for people. */
  readonly initiated: string;
}

/** A part that S3 has stored. */
export interface StoredPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** Base64; null where the service tells none. */
  readonly checksum: string | null;
}

/** Lists the uploads in progress at exactly this key, not at those that begin with it. */
export async function listUploads(session: S3Session, key: string): Promise<OpenUpload[]> {
  const uploads: OpenUpload[] = [];
  let page: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {};
  for (;;) {
    const facts = { prefix: key, 'key-marker': page.KeyMarker, 'upload-id-marker': page.UploadIdMarker };
    const answer = await call(session, 'ListMultipartUploads', facts, (options) =>
      session.client.listMultipartUploads({ Bucket: session.bucket, Prefix: key, ...page }, options),
    );
    for (const { Key, UploadId, Initiated } of answer.Uploads ?? []) {
      if (Key !== key) continue;
      if (UploadId === undefined) throw unreadable('uploads', key, 'an upload has no id');
      uploads.push({ uploadId: UploadId, initiated: Initiated?.toISOString() ?? 'at an unknown time' });
    }
    if (answer.IsTruncated === undefined) throw unreadable('uploads', key, 'it does not say whether it is complete');
    // The key itself sorts before all that begin with it: once the list has left it, there is no more of it.
    if (!answer.IsTruncated || (answer.NextKeyMarker !== undefined && answer.NextKeyMarker !== key)) return uploads;
    if (answer.NextKeyMarker === undefined || answer.NextUploadIdMarker === undefined) {
      throw unreadable('uploads', key, 'it is cut off without saying where to go on');
    }
    page = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
  }
}

/** The parts that an upload has; null when the upload is gone: completed, or aborted. */
export async function listParts(session: S3Session, key: string, uploadId: string): Promise<StoredPart[] | null> {
  const parts: StoredPart[] = [];
  let marker: string | undefined;
  for (;;) {
    const facts = { key, 'upload-id': uploadId, 'part-number-marker': marker };
    const input = { Bucket: session.bucket, Key: key, UploadId: uploadId };
    const page = marker === undefined ? input : { ...input, PartNumberMarker: marker };
    const answer = await orGone(session, key, 'ListParts', () =>
      send(session, 'ListParts', facts, (options) => session.client.listParts(page, options)),
    );
    if (answer === null) return null;
    for (const { PartNumber: number, Size: size, ETag: etag, ChecksumSHA256: checksum } of answer.Parts ?? []) {
      if (number === undefined || size === undefined || etag === undefined) {
        throw unreadable('parts', key, 'a part lacks its number, size or ETag');
      }
      parts.push({ number, size, etag, checksum: checksum ?? null });
    }
    if (answer.IsTruncated === undefined) throw unreadable('parts', key, 'it does not say whether it is complete');
    if (!answer.IsTruncated) return parts;
    if (answer.NextPartNumberMarker === undefined || answer.NextPartNumberMarker === marker) {
      throw unreadable('parts', key, 'it is cut off without saying where to go on');
    }
    marker = answer.NextPartNumberMarker;
  }
}

/**
 * Gives an upload up, and sees that it is gone: a part that was on its way may keep it alive. One that is gone already is no error.
 * Source: S3 API, AbortMultipartUpload. Throws S3_UPLOAD_NOT_ABORTED.
 */
export async function abortUpload(session: S3Session, key: string, uploadId: string): Promise<void> {
  await orGone(session, key, 'AbortMultipartUpload', () =>
    send(session, 'AbortMultipartUpload', { key, 'upload-id': uploadId }, (options) =>
      session.client.abortMultipartUpload({ Bucket: session.bucket, Key: key, UploadId: uploadId }, options),
    ),
  );
  if ((await listParts(session, key, uploadId)) === null) return;
  throw new ActorError(
    'S3_UPLOAD_NOT_ABORTED',
    `S3 still has the upload ${uploadId} at s3://${session.bucket}/${key}, which was aborted; until it is gone no other one is begun. Try again in a while.`,
    { details: { key, uploadId }, transient: true },
  );
}

/** Null where S3 does not know the upload. Ceph says NoSuchKey then, and S3 NoSuchUpload. */
async function orGone<T>(session: S3Session, key: string, operation: string, request: () => Promise<T>): Promise<T | null> {
  try {
    return await request();
  } catch (error) {
    session.signal.throwIfAborted();
    if (statusOf(error) === 404 && /^NoSuch(?:Upload|Key)$/.test(codeOf(error))) return null;
    throw s3Error(error, { operation, bucket: session.bucket, key, region: session.region });
  }
}

function unreadable(list: string, key: string, fault: string): ActorError {
  return new ActorError(
    'S3_REJECTED',
    `The list of ${list} at ${key} cannot be used: ${fault}. Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.`,
    { details: { key, fault } },
  );
}
