import type { Readable } from 'node:stream';
import type { CompleteMultipartUploadCommandOutput } from '@aws-sdk/client-s3';
import { ActorError } from '../actor.js';
import type { WantedObject } from './compare-version.js';
import { s3Error } from './errors.js';
import { mismatch, verifyFailed } from './mismatch.js';
import type { Part } from './parts.js';
import { call, send, type S3Session } from './session.js';
import type { StoredPart } from './uploads-at-key.js';

/** An object with its bytes. */
export interface LockedObject extends WantedObject {
  readonly parts: readonly Part[];
  /** Opens the bytes of one part; a new stream each time. */
  readonly body: (part: Part) => Readable;
}

/** Begins an upload under the object's lock, which S3 gives to the version that it makes when the upload is completed. */
export async function createUpload(session: S3Session, { key, mode, retainUntil }: WantedObject): Promise<string> {
  const facts = {
    key,
    'checksum-algorithm': 'SHA256',
    'object-lock-mode': mode,
    'object-lock-retain-until-date': retainUntil,
  };
  const input = {
    Bucket: session.bucket,
    Key: key,
    ChecksumAlgorithm: 'SHA256' as const,
    ObjectLockMode: mode,
    ObjectLockRetainUntilDate: new Date(retainUntil),
  };
  const { UploadId: uploadId } = await call(session, 'CreateMultipartUpload', facts, (options) =>
    session.client.createMultipartUpload(input, options),
  );
  if (uploadId !== undefined && uploadId !== '') return uploadId;
  throw new ActorError(
    'S3_REJECTED',
    `S3 began an upload at ${key} without an id. Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.`,
    { details: { key } },
  );
}

/** Sends one part, which S3 compares with its SHA-256. Throws those of `s3Error`, and what the body fails with. */
export async function sendPart(session: S3Session, object: LockedObject, uploadId: string, part: Part): Promise<StoredPart> {
  const { key } = object;
  const checksum = base64(part.sha256);
  const facts = {
    key,
    'upload-id': uploadId,
    'part-number': part.number,
    'content-length': part.size,
    'checksum-sha256': checksum,
  };
  const body = object.body(part);
  // The SDK does not listen: what cannot be read would end this process, and S3 would wait for the rest.
  const unreadable = new Promise<never>((_resolve, reject) => body.once('error', reject));
  const input = {
    Bucket: session.bucket,
    Key: key,
    UploadId: uploadId,
    PartNumber: part.number,
    Body: body,
    ContentLength: part.size,
    ChecksumSHA256: checksum,
  };
  try {
    const { ETag: etag, ChecksumSHA256: found = checksum } = await send(session, 'UploadPart', facts, (options) =>
      Promise.race([session.client.uploadPart(input, options), unreadable]),
    );
    if (etag === undefined || etag === '') throw verifyFailed(key, mismatch(`ETag of part ${part.number}`, 'an ETag', undefined));
    if (found !== checksum) throw verifyFailed(key, mismatch(`ChecksumSHA256 of part ${part.number}`, checksum, found));
    return { number: part.number, size: part.size, etag, checksum };
  } catch (error) {
    session.signal.throwIfAborted();
    if (error === body.errored || error instanceof ActorError) throw error;
    throw s3Error(error, { operation: 'UploadPart', bucket: session.bucket, key, region: session.region });
  } finally {
    body.destroy();
  }
}

/** Whether S3 has stored this very part: known by its checksum, or by its ETag where the service tells no checksum. */
export function isStored(part: Part, stored: StoredPart): boolean {
  if (stored.size !== part.size) return false;
  if (stored.checksum !== null) return stored.checksum === base64(part.sha256);
  return stored.etag.replaceAll('"', '') === part.md5;
}

/** Asks S3 to make the version, if nothing lies at the key and `conditional`. Throws the SDK's error as it is. */
export async function completeUpload(
  session: S3Session,
  { key, size, parts }: LockedObject,
  uploadId: string,
  stored: readonly StoredPart[],
  { conditional }: { readonly conditional: boolean },
): Promise<CompleteMultipartUploadCommandOutput> {
  const facts = {
    key,
    'upload-id': uploadId,
    parts: stored.length,
    'mpu-object-size': size,
    'if-none-match': conditional ? '*' : undefined,
  };
  const input = {
    Bucket: session.bucket,
    Key: key,
    UploadId: uploadId,
    MpuObjectSize: size,
    ...(conditional ? { IfNoneMatch: '*' } : {}),
    MultipartUpload: {
      Parts: stored.map(({ number, etag }, index) => ({
        PartNumber: number,
        ETag: etag,
        ChecksumSHA256: base64(parts[index]?.sha256 ?? ''),
      })),
    },
  };
  return send(session, 'CompleteMultipartUpload', facts, (options) => session.client.completeMultipartUpload(input, options));
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
