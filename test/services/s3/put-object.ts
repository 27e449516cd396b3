import type { Bucket, StoredVersion } from './bucket.js';
import { checksumHeader } from './checksums.js';
import { permittedLock } from './lock-headers.js';
import type { OperationContext } from './operation.js';
import type { Reply } from './reply.js';
import { declaredBody, receiveBody, vouchesForBody, type ReceivedBody } from './request-body.js';
import { retentionFromDefault } from './retention.js';
import { conditionalConflict, invalidRequest, notImplemented, preconditionFailed } from './s3-error.js';
import type { S3Request } from './s3-request.js';
import { removePieces, storeBody } from './stored-file.js';

/** PutObject: checks the headers, streams the body to a file, compares it with its digests, and only then adds the version. */
export async function putObject(context: OperationContext): Promise<Reply> {
  const { account, request, bucket, dataDir } = context;
  refuseWhatIsNotModelled(request);
  const conditional = isConditional(request);
  const lock = permittedLock(context);
  const rule = bucket.objectLock?.defaultRetention;
  const declared = declaredBody(request);
  if ((lock.retention || lock.legalHold !== undefined || rule) && !vouchesForBody(declared)) {
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
  if (conditional) assertAbsent(bucket, request.key);
  const changesBefore = bucket.changesOf(request.key);
  const { received, piece } = await storeBody(dataDir, (write) => receiveBody(request, declared, write));
  try {
    if (conditional) {
      assertAbsent(bucket, request.key);
      if (bucket.changesOf(request.key) !== changesBefore) throw conditionalConflict(request.key);
    }
    const now = account.now();
    const { stored, replaced } = bucket.put({
      key: request.key,
      storedAt: now,
      size: received.size,
      etag: received.md5,
      sha256: received.sha256,
      pieces: [piece],
      checksum: received.checksum,
      headers: storedHeaders(request),
      retention: lock.retention ?? (rule && retentionFromDefault(rule, now)),
      legalHold: lock.legalHold,
    });
    await removePieces(replaced);
    return { status: 200, headers: answerHeaders(bucket, stored, received) };
  } catch (error) {
    await removePieces({ pieces: [piece] });
    throw error;
  }
}

function answerHeaders(bucket: Bucket, stored: StoredVersion, { checksum }: ReceivedBody): Record<string, string> {
  return {
    etag: `"${stored.etag}"`,
    ...(bucket.versioning && { 'x-amz-version-id': stored.versionId }),
    'x-amz-server-side-encryption': 'AES256',
    [checksumHeader(checksum.algorithm)]: checksum.value,
    'x-amz-checksum-type': checksum.type,
    'content-length': '0',
  };
}

/** `If-None-Match: *` is the only condition that S3 takes there. A delete marker on top counts as absent. */
export function isConditional(request: S3Request): boolean {
  const condition = request.header('if-none-match');
  if (condition !== undefined && condition !== '*') throw notImplemented(`If-None-Match: ${condition} on a put`);
  return condition === '*';
}

/** Throws 412 when the key has an object. */
export function assertAbsent(bucket: Bucket, key: string): void {
  const current = bucket.current(key);
  if (current && !current.deleteMarker) throw preconditionFailed();
}

const unmodelled = [
  'x-amz-acl',
  'x-amz-tagging',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-write-offset-bytes',
  'x-amz-website-redirect-location',
  'if-match',
];

/** Throws 501 for the headers of a put that the stand-in does not know. */
export function refuseWhatIsNotModelled(request: S3Request): void {
  const found = unmodelled.find((name) => request.header(name) !== undefined);
  if (found) throw notImplemented(`the header ${found} of a put`);
  const encryption = request.header('x-amz-server-side-encryption') ?? 'AES256';
  if (encryption !== 'AES256') throw notImplemented(`encryption with ${encryption}`);
  const storageClass = request.header('x-amz-storage-class') ?? 'STANDARD';
  if (storageClass !== 'STANDARD') throw notImplemented(`the storage class ${storageClass}`);
}

/** The headers that S3 keeps and gives back; `aws-chunked` is the framing of the request and not kept. */
export function storedHeaders(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': request.header('content-type') ?? 'binary/octet-stream' };
  for (const name of ['cache-control', 'content-disposition', 'content-language', 'expires']) {
    const value = request.header(name);
    if (value !== undefined) headers[name] = value;
  }
  const encoding = (request.header('content-encoding') ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '' && item !== 'aws-chunked');
  if (encoding.length > 0) headers['content-encoding'] = encoding.join(',');
  for (const [name, value] of Object.entries(request.raw.headers)) {
    if (name.startsWith('x-amz-meta-')) headers[name] = String(value);
  }
  return headers;
}
