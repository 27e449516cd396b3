import { createHash } from 'node:crypto';
import { AwsChunkedDecoder } from './aws-chunked.js';
import {
  checksumAlgorithms,
  checksumBytes,
  checksumHeader,
  startChecksum,
  type Checksum,
  type ChecksumAlgorithm,
} from './checksums.js';
import { ConnectionLost, incompleteBody, invalidRequest, S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

export interface ReceivedBody {
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  /** Hex. */
  readonly sha256: string;
  /** The one the request named, else CRC64NVME, which S3 computes by itself. */
  readonly checksum: Checksum;
}

/** What a request says of its body, in headers and trailers. */
export interface DeclaredBody {
  readonly contentSha256: string;
  readonly length: number;
  /** Hex. */
  readonly md5: string | undefined;
  readonly algorithm: ChecksumAlgorithm | undefined;
  /** Base64; undefined while it is only announced as a trailer. */
  readonly checksum: string | undefined;
}

const largestPut = 5 * 1024 ** 3;

/**
 * Reads the body through `write`, one piece after the other, and compares it with all that the request says of it.
 * Throws IncompleteBody, BadDigest, XAmzContentSHA256Mismatch (400), or ConnectionLost when the client went away.
 * Source: "Checking object integrity" in the S3 user guide.
 */
export async function receiveBody(
  request: S3Request,
  declared: DeclaredBody,
  write: (piece: Buffer) => Promise<void>,
): Promise<ReceivedBody> {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  const algorithm = declared.algorithm ?? 'CRC64NVME';
  const running = startChecksum(algorithm);
  const decoder = declared.contentSha256.startsWith('STREAMING-') ? new AwsChunkedDecoder() : undefined;
  let size = 0;
  for await (const chunk of rawChunks(request)) {
    for (const piece of decoder ? decoder.decode(chunk) : [chunk]) {
      md5.update(piece);
      sha256.update(piece);
      running.update(piece);
      size += piece.length;
      await write(piece);
    }
  }
  decoder?.finish();
  if (size !== declared.length) throw incompleteBody();
  const received: ReceivedBody = {
    size,
    md5: md5.digest('hex'),
    sha256: sha256.digest('hex'),
    checksum: { algorithm, type: 'FULL_OBJECT', value: running.digest().toString('base64') },
  };
  assertMatches(declared, received, decoder?.trailers);
  return received;
}

/** Reads the headers that describe the body; throws 400/411 for those that S3 refuses before it reads anything. */
export function declaredBody(request: S3Request): DeclaredBody {
  const contentSha256 = request.header('x-amz-content-sha256');
  if (contentSha256 === undefined) throw invalidRequest('Missing required header for this request: x-amz-content-sha256');
  const streaming = contentSha256.startsWith('STREAMING-');
  const length = request.header(streaming ? 'x-amz-decoded-content-length' : 'content-length');
  if (length === undefined) throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (!/^\d+$/.test(length)) throw new S3Error(400, 'InvalidArgument', `The content length "${length}" is not a number`);
  if (Number(length) > largestPut) {
    throw new S3Error(
      400,
      'EntityTooLarge',
      'Your proposed upload exceeds the maximum allowed size',
      {},
      { ProposedSize: length },
    );
  }
  return { contentSha256, length: Number(length), md5: declaredMd5(request), ...declaredChecksum(request) };
}

/** Whether the request itself vouches for its body, as S3 demands it of a put with Object Lock. */
export const vouchesForBody = (declared: DeclaredBody) => declared.md5 !== undefined || declared.algorithm !== undefined;

function declaredMd5(request: S3Request): string | undefined {
  const header = request.header('content-md5');
  if (header === undefined) return undefined;
  const digest = Buffer.from(header, 'base64');
  if (digest.length !== 16) throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.');
  return digest.toString('hex');
}

function declaredChecksum(request: S3Request): Pick<DeclaredBody, 'algorithm' | 'checksum'> {
  const trailer = request.header('x-amz-trailer')?.trim().toLowerCase();
  const named = checksumAlgorithms.filter((algorithm) => {
    const header = checksumHeader(algorithm);
    return request.header(header) !== undefined || trailer === header;
  });
  const [algorithm, second] = named;
  if (second) throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  if (!algorithm) {
    if (trailer !== undefined) throw invalidRequest('The value specified in the x-amz-trailer header is not supported');
    if (request.header('x-amz-sdk-checksum-algorithm') === undefined) return { algorithm: undefined, checksum: undefined };
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  const checksum = request.header(checksumHeader(algorithm));
  if (checksum !== undefined) assertChecksumForm(algorithm, checksum, 'header');
  return { algorithm, checksum };
}

function assertChecksumForm(algorithm: ChecksumAlgorithm, value: string, where: string): void {
  if (/^[\w+/]+={0,2}$/.test(value) && Buffer.from(value, 'base64').length === checksumBytes[algorithm]) return;
  throw invalidRequest(`Value for ${checksumHeader(algorithm)} ${where} is invalid.`);
}

function assertMatches(declared: DeclaredBody, received: ReceivedBody, trailers: Map<string, string> | undefined): void {
  if (declared.md5 !== undefined && declared.md5 !== received.md5) {
    const details = { ExpectedDigest: declared.md5, CalculatedDigest: Buffer.from(received.md5, 'hex').toString('base64') };
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.', {}, details);
  }
  if (/^[\da-f]{64}$/i.test(declared.contentSha256) && declared.contentSha256.toLowerCase() !== received.sha256) {
    throw new S3Error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      {},
      { ClientComputedContentSHA256: declared.contentSha256, S3ComputedContentSHA256: received.sha256 },
    );
  }
  const { algorithm } = declared;
  if (!algorithm) return;
  const expected = declared.checksum ?? trailers?.get(checksumHeader(algorithm));
  if (expected === undefined)
    throw new S3Error(400, 'MalformedTrailerError', `The trailer ${checksumHeader(algorithm)} did not come`);
  assertChecksumForm(algorithm, expected, 'trailing header');
  if (expected !== received.checksum.value) {
    throw new S3Error(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  }
}

async function* rawChunks(request: S3Request): AsyncGenerator<Buffer> {
  try {
    // The request must stay open when a check fails half way: the error is answered on the same connection.
    for await (const chunk of request.raw.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (error) {
    if (request.raw.complete) throw error;
    throw new ConnectionLost(`the client went away while it sent ${request.key}`, { cause: error });
  }
}
