import { randomBytes } from 'node:crypto';
import type { StoredPiece } from './bucket.js';
import { checksumAlgorithms, checksumHeader, type Checksum, type ChecksumAlgorithm } from './checksums.js';
import { permittedLock, type RequestedLock } from './lock-headers.js';
import type { OperationContext } from './operation.js';
import { refuseWhatIsNotModelled, storedHeaders } from './put-object.js';
import { xmlReply, type Reply } from './reply.js';
import { declaredBody, receiveBody, vouchesForBody } from './request-body.js';
import { invalidArgument, invalidRequest, notImplemented, noSuchUpload } from './s3-error.js';
import { removePieces, storeBody } from './stored-file.js';

/** A part as it was uploaded last. */
export interface UploadedPart {
  readonly number: number;
  readonly piece: StoredPiece;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: Checksum;
  readonly storedAt: Date;
}

/** A multipart upload that was neither completed nor aborted. What it will be is fixed when it begins. */
export interface Upload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiated: Date;
  /** What every part has to bring; undefined: S3 looks at their MD5 only. */
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly lock: RequestedLock;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, UploadedPart>;
}

/** CreateMultipartUpload: checks the lock as a put does; nothing is stored before it is completed. */
export function createMultipartUpload(context: OperationContext): Reply {
  const { account, request, bucket } = context;
  refuseWhatIsNotModelled(request);
  const lock = permittedLock(context);
  const algorithm = requestedAlgorithm(request.header('x-amz-checksum-algorithm'));
  const type = request.header('x-amz-checksum-type') ?? 'COMPOSITE';
  if (algorithm !== undefined && type !== 'COMPOSITE') throw notImplemented(`the checksum type ${type} of a multipart upload`);
  const uploadId = randomBytes(48).toString('base64url');
  const headers = storedHeaders(request);
  bucket.uploads.set(uploadId, {
    uploadId,
    key: request.key,
    initiated: account.now(),
    algorithm,
    lock,
    headers,
    parts: new Map(),
  });
  return xmlReply(
    'InitiateMultipartUploadResult',
    { Bucket: bucket.name, Key: request.key, UploadId: uploadId },
    algorithm === undefined ? {} : { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type },
  );
}

/** UploadPart: a part that comes again takes the place of the earlier one. */
export async function uploadPart(context: OperationContext): Promise<Reply> {
  const { account, request, dataDir } = context;
  const { lock, algorithm } = uploadOf(context);
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', String(number));
  }
  const declared = declaredBody(request);
  if (lock.retention && !vouchesForBody(declared)) {
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters',
    );
  }
  if (algorithm !== undefined && declared.algorithm !== algorithm) {
    const [expected, actual] = [algorithm.toLowerCase(), declared.algorithm?.toLowerCase() ?? 'null'];
    throw invalidRequest(`Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${actual}`);
  }
  const { received, piece } = await storeBody(dataDir, (write) => receiveBody(request, declared, write));
  const { parts } = await stillInProgress(context, piece);
  await removePieces({ pieces: [parts.get(number)?.piece ?? []].flat() });
  parts.set(number, { number, piece, etag: received.md5, checksum: received.checksum, storedAt: account.now() });
  return {
    status: 200,
    headers: {
      etag: `"${received.md5}"`,
      'x-amz-server-side-encryption': 'AES256',
      [checksumHeader(received.checksum.algorithm)]: received.checksum.value,
      'content-length': '0',
    },
  };
}

/** AbortMultipartUpload: the upload is gone, and its parts with it. */
export async function abortMultipartUpload(context: OperationContext): Promise<Reply> {
  const { uploadId, parts } = uploadOf(context);
  context.bucket.uploads.delete(uploadId);
  await removePieces({ pieces: [...parts.values()].map(({ piece }) => piece) });
  return { status: 204, headers: {} };
}

/** The upload that a request names; throws 404 NoSuchUpload for one that was completed or aborted, or that is of another key. */
export function uploadOf({ bucket, request }: OperationContext): Upload {
  const uploadId = request.query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(uploadId);
  if (upload?.key !== request.key) throw noSuchUpload(uploadId);
  return upload;
}

/** It may have ended while the part came in: then the part's bytes are of no use. */
async function stillInProgress(context: OperationContext, piece: StoredPiece): Promise<Upload> {
  try {
    return uploadOf(context);
  } catch (error) {
    await removePieces({ pieces: [piece] });
    throw error;
  }
}

function requestedAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const algorithm = checksumAlgorithms.find((one) => one === name);
  if (algorithm === undefined) throw invalidRequest('Checksum algorithm provided is unsupported.');
  // Its checksums are those of whole objects only.
  if (algorithm === 'CRC64NVME') throw notImplemented('CRC64NVME for a multipart upload');
  return algorithm;
}
