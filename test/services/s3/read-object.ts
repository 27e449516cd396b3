import type { Account } from './account.js';
import type { Bucket, StoredVersion } from './bucket.js';
import { checksumHeader } from './checksums.js';
import type { OperationContext } from './operation.js';
import { xmlReply, type Reply } from './reply.js';
import { accessDenied, invalidArgument, noSuchKey, noSuchVersion, notImplemented, S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

/** HeadObject. */
export function headObject({ account, request, bucket }: OperationContext): Reply {
  const version = readableVersion(account, bucket, request);
  const { status, headers } = wholeOrRange(request, version, describe(account, bucket, request, version));
  return { status, headers };
}

/** GetObject, whole or one range. */
export function getObject({ account, request, bucket }: OperationContext): Reply {
  const version = readableVersion(account, bucket, request);
  return wholeOrRange(request, version, describe(account, bucket, request, version));
}

/** GetObjectAttributes; ObjectParts is left out. */
export function getObjectAttributes({ account, request, bucket }: OperationContext): Reply {
  const version = readableVersion(account, bucket, request);
  const asked = (request.header('x-amz-object-attributes') ?? '').split(',').map((name) => name.trim());
  if (asked.join('') === '') throw invalidArgument('The x-amz-object-attributes header is required', 'x-amz-object-attributes');
  const unknown = asked.find((name) => !['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'].includes(name));
  if (unknown !== undefined) throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', unknown);
  const { checksum } = version;
  const children = {
    ETag: asked.includes('ETag') ? version.etag : undefined,
    Checksum:
      asked.includes('Checksum') && checksum
        ? { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }
        : undefined,
    ObjectSize: asked.includes('ObjectSize') ? version.size : undefined,
    StorageClass: asked.includes('StorageClass') ? 'STANDARD' : undefined,
  };
  return xmlReply('GetObjectAttributesResponse', children, {
    'last-modified': version.storedAt.toUTCString(),
    ...(bucket.versioning && { 'x-amz-version-id': version.versionId }),
  });
}

/**
 * The version that a request reads. Throws 404 NoSuchKey (403 for a caller who may not list, so that he cannot probe for keys),
 * 404 NoSuchVersion, 400 for what is no version id, 405 for a delete marker that is named by its id.
 */
export function readableVersion(account: Account, bucket: Bucket, request: S3Request): StoredVersion {
  const { key, versionId } = request;
  const version = versionId === undefined ? bucket.current(key) : namedVersion(bucket, key, versionId);
  if (!version || (version.deleteMarker && versionId === undefined)) {
    if (!account.allows('s3:ListBucket', bucket.name)) throw accessDenied();
    const marker = version && { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
    throw noSuchKey(key, marker);
  }
  if (version.deleteMarker) {
    const headers = { allow: 'DELETE', 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
    throw new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', headers);
  }
  return version;
}

/** The version of that id; throws 400 InvalidArgument for what cannot be an id, 404 NoSuchVersion. */
function namedVersion(bucket: Bucket, key: string, versionId: string): StoredVersion {
  assertVersionId(versionId);
  const version = bucket.version(key, versionId);
  if (!version) throw noSuchVersion(key, versionId);
  return version;
}

/** Throws 400 InvalidArgument for what can't be a version id. */
export function assertVersionId(versionId: string): void {
  if (!/^(?:[\w.]{32}|null)$/.test(versionId)) throw invalidArgument('Invalid version id specified', 'versionId', versionId);
}

/** The lock headers come only to a caller who may read the lock; HEAD and GET then succeed without them. Source: S3 API, HeadObject. */
function describe(account: Account, bucket: Bucket, request: S3Request, version: StoredVersion): Record<string, string> {
  const refused = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'].find((name) => request.header(name));
  if (refused !== undefined) throw notImplemented(`${refused} on a read`);
  const { retention, legalHold, checksum } = version;
  const resource = `${bucket.name}/${request.key}`;
  return {
    'accept-ranges': 'bytes',
    'last-modified': version.storedAt.toUTCString(),
    etag: `"${version.etag}"`,
    'x-amz-server-side-encryption': 'AES256',
    ...version.headers,
    ...(bucket.versioning && { 'x-amz-version-id': version.versionId }),
    ...(retention &&
      account.allows('s3:GetObjectRetention', resource) && {
        'x-amz-object-lock-mode': retention.mode,
        'x-amz-object-lock-retain-until-date': retention.retainUntil.toISOString(),
      }),
    ...(legalHold !== undefined &&
      account.allows('s3:GetObjectLegalHold', resource) && { 'x-amz-object-lock-legal-hold': legalHold ? 'ON' : 'OFF' }),
    ...(checksum &&
      request.header('x-amz-checksum-mode') === 'ENABLED' &&
      request.header('range') === undefined && {
        [checksumHeader(checksum.algorithm)]: checksum.value,
        'x-amz-checksum-type': checksum.type,
      }),
  };
}

function wholeOrRange(request: S3Request, version: StoredVersion, headers: Record<string, string>): Reply {
  const { size, pieces } = version;
  const range = requestedRange(request.header('range'), size);
  if (!range) {
    return {
      status: 200,
      headers: { ...headers, 'content-length': String(size) },
      body: { kind: 'stored', pieces, start: 0, end: size },
    };
  }
  const partial = {
    'content-length': String(range.end - range.start),
    'content-range': `bytes ${range.start}-${range.end - 1}/${size}`,
  };
  return { status: 206, headers: { ...headers, ...partial }, body: { kind: 'stored', pieces, ...range } };
}

/** One range, its end exclusive. A header that is not one range is ignored, as RFC 9110 allows and S3 does. */
function requestedRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  if (start < end) return { start, end };
  throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', { 'content-range': `bytes */${size}` });
}
