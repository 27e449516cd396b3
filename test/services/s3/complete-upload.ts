import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Bucket, StoredPiece } from './bucket.js';
import { startChecksum, type Checksum } from './checksums.js';
import { uploadOf, type Upload, type UploadedPart } from './multipart-upload.js';
import type { OperationContext } from './operation.js';
import { assertAbsent, isConditional } from './put-object.js';
import { xmlReply, type Reply } from './reply.js';
import { retentionFromDefault } from './retention.js';
import { invalidRequest, malformedXml, S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';
import { removePieces } from './stored-file.js';
import { readXmlBody } from './xml-body.js';
import { textOf, type XmlNode } from './xml.js';

const smallestPart = 5 * 1024 * 1024;

/**
 * CompleteMultipartUpload: makes one version of the parts that the request lists, under the lock that the upload began with. A
 * refused one leaves the upload as it is. Source: "CompleteMultipartUpload" in the S3 API reference.
 */
export async function completeMultipartUpload(context: OperationContext): Promise<Reply> {
  const { account, request, bucket } = context;
  const conditional = isConditional(request);
  const listed = listedParts(await readXmlBody(request));
  const upload = uploadOf(context);
  const parts = chosenParts(upload, listed);
  assertSize(request, parts);
  if (conditional) assertAbsent(bucket, upload.key);
  // From here on nobody else can complete it.
  bucket.uploads.delete(upload.uploadId);
  const pieces = parts.map(({ piece }) => piece);
  const sha256 = await hashOf(pieces);
  const now = account.now();
  const rule = bucket.objectLock?.defaultRetention;
  const { stored, replaced } = bucket.put({
    key: upload.key,
    storedAt: now,
    size: sizeOf(parts),
    etag: `${digestOfParts(parts, 'md5', ({ etag }) => Buffer.from(etag, 'hex')).toString('hex')}-${parts.length}`,
    sha256,
    pieces,
    checksum: composite(upload, parts),
    headers: upload.headers,
    retention: upload.lock.retention ?? (rule && retentionFromDefault(rule, now)),
    legalHold: upload.lock.legalHold,
  });
  await removePieces(replaced);
  await removePieces({ pieces: [...upload.parts.values()].map(({ piece }) => piece).filter((one) => !pieces.includes(one)) });
  return answer(bucket, request, stored);
}

function answer(bucket: Bucket, request: S3Request, stored: ReturnType<Bucket['put']>['stored']): Reply {
  const { checksum } = stored;
  return xmlReply(
    'CompleteMultipartUploadResult',
    {
      Location: `http://${request.header('host') ?? ''}/${bucket.name}/${stored.key}`,
      Bucket: bucket.name,
      Key: stored.key,
      ETag: `"${stored.etag}"`,
      ...(checksum && { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }),
    },
    {
      ...(bucket.versioning && { 'x-amz-version-id': stored.versionId }),
      'x-amz-server-side-encryption': 'AES256',
    },
  );
}

function listedParts(body: XmlNode | undefined): readonly XmlNode[] {
  const parts = body?.name === 'CompleteMultipartUpload' ? body.children.filter(({ name }) => name === 'Part') : [];
  if (parts.length === 0) throw malformedXml();
  return parts;
}

/** The parts in the order of the list. Throws 400 InvalidPartOrder, InvalidPart, InvalidRequest or EntityTooSmall. */
function chosenParts(upload: Upload, listed: readonly XmlNode[]): UploadedPart[] {
  const numbers = listed.map((part) => Number(textOf(part, 'PartNumber')));
  if (numbers.some((number, index) => index > 0 && !(number > (numbers[index - 1] ?? 0)))) throw invalidPartOrder();
  // Only with checksums do the numbers have to be without a gap. Source: S3 API, CompletedPart.
  if (upload.algorithm !== undefined && numbers.some((number, index) => number !== index + 1)) throw invalidPartOrder();
  const parts = listed.map((part, index) => chosenPart(upload, part, numbers[index] ?? 0));
  if (parts.slice(0, -1).some(({ piece }) => piece.size < smallestPart)) {
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
  }
  return parts;
}

function chosenPart({ parts, algorithm }: Upload, listed: XmlNode, number: number): UploadedPart {
  const part = parts.get(number);
  const etag = textOf(listed, 'ETag')?.replaceAll('"', '');
  const checksum = algorithm && textOf(listed, `Checksum${algorithm}`);
  if (algorithm !== undefined && checksum === undefined) {
    throw invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  }
  if (part?.etag !== etag || (checksum !== undefined && part?.checksum.value !== checksum)) {
    throw new S3Error(
      400,
      'InvalidPart',
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      {},
      { PartNumber: String(number) },
    );
  }
  return part as UploadedPart;
}

/** `x-amz-mp-object-size`: what the client takes the whole for. */
function assertSize(request: S3Request, parts: readonly UploadedPart[]): void {
  const expected = request.header('x-amz-mp-object-size');
  if (expected === undefined || Number(expected) === sizeOf(parts)) return;
  throw invalidRequest(
    `The provided 'x-amz-mp-object-size' header value ${expected} does not match what was computed: ${sizeOf(parts)}`,
  );
}

function composite({ algorithm }: Upload, parts: readonly UploadedPart[]): Checksum | undefined {
  if (algorithm === undefined) return undefined;
  const whole = startChecksum(algorithm);
  for (const { checksum } of parts) whole.update(Buffer.from(checksum.value, 'base64'));
  return { algorithm, type: 'COMPOSITE', value: `${whole.digest().toString('base64')}-${parts.length}` };
}

function digestOfParts(parts: readonly UploadedPart[], algorithm: string, digest: (part: UploadedPart) => Buffer): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(digest(part));
  return hash.digest();
}

async function hashOf(pieces: readonly StoredPiece[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { file } of pieces) {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  }
  return hash.digest('hex');
}

const sizeOf = (parts: readonly UploadedPart[]) => parts.reduce((sum, { piece }) => sum + piece.size, 0);

const invalidPartOrder = () =>
  new S3Error(
    400,
    'InvalidPartOrder',
    'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
  );
