import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bucket, StoredVersion } from './bucket.js';
import { checksumHeader } from './checksums.js';
import { requestedLock } from './lock-headers.js';
import type { OperationContext } from './operation.js';
import type { Reply } from './reply.js';
import { declaredBody, receiveBody, vouchesForBody, type ReceivedBody } from './request-body.js';
import { retentionFromDefault } from './retention.js';
import { conditionalConflict, invalidRequest, missingLockConfiguration, notImplemented, preconditionFailed } from './s3-error.js';
import type { S3Request } from './s3-request.js';

/** PutObject: checks the headers, streams the body to a file, compares it with its digests, and only then adds the version. */
export async function putObject({ account, request, bucket, dataDir }: OperationContext): Promise<Reply> {
  refuseWhatIsNotModelled(request);
  const conditional = isConditional(request);
  const lock = requestedLock(request, account.now());
  if (lock.retention) account.assertAllowed('s3:PutObjectRetention', `${bucket.name}/${request.key}`);
  if (lock.legalHold !== undefined) account.assertAllowed('s3:PutObjectLegalHold', `${bucket.name}/${request.key}`);
  if ((lock.retention || lock.legalHold !== undefined) && !bucket.objectLock) throw missingLockConfiguration();
  const rule = bucket.objectLock?.defaultRetention;
  const declared = declaredBody(request);
  if ((lock.retention || lock.legalHold !== undefined || rule) && !vouchesForBody(declared)) {
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
  if (conditional) assertAbsent(bucket, request.key);
  const changesBefore = bucket.changesOf(request.key);
  const file = join(dataDir, randomUUID());
  try {
    const received = await writeFileFrom(file, (write) => receiveBody(request, declared, write));
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
      file,
      checksum: received.checksum,
      headers: storedHeaders(request),
      retention: lock.retention ?? (rule && retentionFromDefault(rule, now)),
      legalHold: lock.legalHold,
    });
    if (replaced?.file !== undefined) await rm(replaced.file, { force: true });
    return { status: 200, headers: answerHeaders(bucket, stored, received) };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

function answerHeaders(bucket: Bucket, stored: StoredVersion, { checksum }: ReceivedBody): Record<string, string> {
  return {
    etag: `"${stored.etag}"`,
    ...(bucket.versioning && { 'x-amz-version-id': stored.versionId }),
    'x-amz-server-side-encryption': 'AES256',
    [checksumHeader(checksum.algorithm)]: checksum.value,
    'x-amz-checksum-type': 'FULL_OBJECT',
    'content-length': '0',
  };
}

async function writeFileFrom(
  path: string,
  fill: (write: (piece: Buffer) => Promise<void>) => Promise<ReceivedBody>,
): Promise<ReceivedBody> {
  const file = await open(path, 'wx');
  try {
    return await fill(async (piece) => void (await file.writeFile(piece)));
  } finally {
    await file.close();
  }
}

/** `If-None-Match: *` is the only condition that S3 takes there. A delete marker on top counts as absent. */
function isConditional(request: S3Request): boolean {
  const condition = request.header('if-none-match');
  if (condition !== undefined && condition !== '*') throw notImplemented(`If-None-Match: ${condition} on a put`);
  return condition === '*';
}

function assertAbsent(bucket: Bucket, key: string): void {
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

function refuseWhatIsNotModelled(request: S3Request): void {
  const found = unmodelled.find((name) => request.header(name) !== undefined);
  if (found) throw notImplemented(`the header ${found} of a put`);
  const encryption = request.header('x-amz-server-side-encryption') ?? 'AES256';
  if (encryption !== 'AES256') throw notImplemented(`encryption with ${encryption}`);
  const storageClass = request.header('x-amz-storage-class') ?? 'STANDARD';
  if (storageClass !== 'STANDARD') throw notImplemented(`the storage class ${storageClass}`);
}

/** The headers that S3 keeps and gives back; `aws-chunked` is the framing of the request and not kept. */
function storedHeaders(request: S3Request): Record<string, string> {
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
