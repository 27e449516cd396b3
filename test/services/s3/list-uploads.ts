import type { Upload, UploadedPart } from './multipart-upload.js';
import { uploadOf } from './multipart-upload.js';
import { keyEncoding } from './list-objects.js';
import type { OperationContext } from './operation.js';
import { xmlReply, type Reply } from './reply.js';
import { invalidArgument } from './s3-error.js';
import type { S3Request } from './s3-request.js';

/** ListMultipartUploads: those in progress, by key, then oldest first; `key-marker` and `upload-id-marker` page on. */
export function listMultipartUploads({ account, request, bucket }: OperationContext): Reply {
  const keyMarker = request.query.get('key-marker') ?? '';
  const idMarker = request.query.get('upload-id-marker') ?? '';
  const prefix = request.query.get('prefix') ?? '';
  const all = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const at = all.findIndex(({ key, uploadId }) => key === keyMarker && uploadId === idMarker);
  const rest =
    at === -1 ? all.filter(({ key }) => Buffer.compare(Buffer.from(key), Buffer.from(keyMarker)) > 0) : all.slice(at + 1);
  const limit = pageSize(request, 'max-uploads');
  const page = rest.slice(0, limit);
  const last = rest.length > page.length ? page.at(-1) : undefined;
  const encode = keyEncoding(request);
  const who = { ID: account.arn, DisplayName: account.userId };
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: last && encode(last.key),
    NextUploadIdMarker: last?.uploadId,
    MaxUploads: limit,
    EncodingType: request.query.get('encoding-type') ?? undefined,
    IsTruncated: last !== undefined,
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.uploadId,
      Initiator: who,
      Owner: { ID: bucket.owner },
      StorageClass: 'STANDARD',
      Initiated: upload.initiated.toISOString(),
      ...checksumOf(upload),
    })),
  });
}

/** ListParts: in the order of their numbers; `part-number-marker` pages on. */
export function listParts(context: OperationContext): Reply {
  const { account, request, bucket } = context;
  const upload = uploadOf(context);
  const marker = Number(request.query.get('part-number-marker') ?? '0');
  const rest = [...upload.parts.values()].filter(({ number }) => number > marker).sort((a, b) => a.number - b.number);
  const limit = pageSize(request, 'max-parts');
  const page = rest.slice(0, limit);
  const who = { ID: account.arn, DisplayName: account.userId };
  return xmlReply('ListPartsResult', {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.uploadId,
    Initiator: who,
    Owner: { ID: bucket.owner },
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? marker,
    MaxParts: limit,
    IsTruncated: rest.length > page.length,
    ...checksumOf(upload),
    Part: page.map((part) => describePart(upload, part)),
  });
}

function describePart({ algorithm }: Upload, { number, etag, piece, checksum, storedAt }: UploadedPart) {
  return {
    PartNumber: number,
    LastModified: storedAt.toISOString(),
    ETag: `"${etag}"`,
    Size: piece.size,
    ...(algorithm !== undefined && { [`Checksum${algorithm}`]: checksum.value }),
  };
}

const checksumOf = ({ algorithm }: Upload) =>
  algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: 'COMPOSITE' };

function pageSize(request: S3Request, parameter: 'max-uploads' | 'max-parts'): number {
  const text = request.query.get(parameter) ?? '1000';
  if (!/^\d+$/.test(text)) throw invalidArgument('Provided value not an integer or within integer range', parameter, text);
  return Math.min(1000, Number(text));
}
