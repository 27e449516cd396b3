import type { StoredVersion } from './bucket.js';
import type { OperationContext } from './operation.js';
import { xmlReply, type Reply } from './reply.js';
import { invalidArgument } from './s3-error.js';
import type { S3Request } from './s3-request.js';
import type { XmlElements } from './xml.js';

/** ListObjectVersions: versions and delete markers, newest first under each key; `key-marker` and `version-id-marker` page on. */
export function listObjectVersions({ request, bucket }: OperationContext): Reply {
  const keyMarker = request.query.get('key-marker') ?? '';
  const versionMarker = request.query.get('version-id-marker') ?? '';
  const all = bucket.versions(request.query.get('prefix') ?? '');
  const at = all.findIndex((version) => version.key === keyMarker && version.versionId === versionMarker);
  const rest = at === -1 ? all.filter((version) => isAfter(version.key, keyMarker)) : all.slice(at + 1);
  const page = rest.slice(0, maxKeys(request));
  const last = rest.length > page.length ? page.at(-1) : undefined;
  const encode = keyEncoding(request);
  const describe = (version: StoredVersion): XmlElements => ({
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: bucket.isLatest(version),
    LastModified: version.storedAt.toISOString(),
    ...(version.deleteMarker ? {} : contents(version)),
    Owner: { ID: bucket.owner },
  });
  return xmlReply('ListVersionsResult', {
    ...common(request, bucket.name),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionMarker,
    IsTruncated: last !== undefined,
    NextKeyMarker: last && encode(last.key),
    NextVersionIdMarker: last?.versionId,
    Version: page.filter((version) => !version.deleteMarker).map(describe),
    DeleteMarker: page.filter((version) => version.deleteMarker).map(describe),
  });
}

/** ListObjectsV2: current versions only; the continuation token is the last key in base64. */
export function listObjectsV2({ request, bucket }: OperationContext): Reply {
  const token = request.query.get('continuation-token') ?? undefined;
  const after = token === undefined ? (request.query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString();
  const rest = bucket
    .versions(request.query.get('prefix') ?? '')
    .filter((version) => bucket.isLatest(version) && !version.deleteMarker && isAfter(version.key, after));
  const page = rest.slice(0, maxKeys(request));
  const last = rest.length > page.length ? page.at(-1) : undefined;
  const encode = keyEncoding(request);
  return xmlReply('ListBucketResult', {
    ...common(request, bucket.name),
    KeyCount: page.length,
    ContinuationToken: token,
    IsTruncated: last !== undefined,
    NextContinuationToken: last && Buffer.from(last.key).toString('base64'),
    Contents: page.map((version) => ({
      Key: encode(version.key),
      LastModified: version.storedAt.toISOString(),
      ...contents(version),
    })),
  });
}

function common(request: S3Request, bucket: string): XmlElements {
  return {
    Name: bucket,
    Prefix: keyEncoding(request)(request.query.get('prefix') ?? ''),
    MaxKeys: maxKeys(request),
    EncodingType: request.query.get('encoding-type') ?? undefined,
  };
}

function contents({ etag, size, checksum }: StoredVersion): XmlElements {
  return {
    ETag: `"${etag}"`,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Size: size,
    StorageClass: 'STANDARD',
  };
}

function maxKeys(request: S3Request): number {
  const text = request.query.get('max-keys') ?? '1000';
  if (!/^\d+$/.test(text)) throw invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys', text);
  return Math.min(1000, Number(text));
}

/** How a list writes keys: as they are, or percent-encoded where the client asks for it. */
export function keyEncoding(request: S3Request): (key: string) => string {
  const type = request.query.get('encoding-type');
  if (type === null) return (key) => key;
  if (type === 'url') return (key) => encodeURIComponent(key).replaceAll('%2F', '/');
  throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
}

/** S3 orders keys by their UTF-8 bytes, not by UTF-16 units. */
const isAfter = (key: string, marker: string) => Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0;
