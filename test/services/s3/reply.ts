import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StoredPiece } from './bucket.js';
import type { S3Error } from './s3-error.js';
import { s3Namespace, xmlDocument, type XmlElements } from './xml.js';

/** What will be answered, still as data, so that a fault can change any part of it. Header names are lower-case. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: XmlBody | StoredBody | BytesBody | undefined;
}

export interface XmlBody {
  readonly kind: 'xml';
  readonly root: string;
  readonly namespace?: string;
  readonly children: XmlElements | string;
}

/** Bytes `start` to `end` (exclusive) of an object, possibly spoilt: `flippedByte` counts from `start`. */
export interface StoredBody {
  readonly kind: 'stored';
  readonly pieces: readonly StoredPiece[];
  readonly start: number;
  readonly end: number;
  readonly flippedByte?: number;
}

export interface BytesBody {
  readonly kind: 'bytes';
  readonly bytes: Buffer;
}

/** A 200 with one XML document. */
export const xmlReply = (root: string, children: XmlElements | string, headers: Record<string, string> = {}): Reply => ({
  status: 200,
  headers,
  body: { kind: 'xml', root, namespace: s3Namespace, children },
});

/** The error document of S3, or, for `sts`, that of the query protocol. */
export function errorReply(service: 's3' | 'sts', error: S3Error, requestId: string, resource: string): Reply {
  const { status, code, message, headers, details } = error;
  if (service === 'sts') {
    const children = {
      Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
      RequestId: requestId,
    };
    return { status, headers, body: { kind: 'xml', root: 'ErrorResponse', namespace: stsNamespace, children } };
  }
  const children = { Code: code, Message: message, ...details, Resource: resource, RequestId: requestId, HostId: 's3-stand-in' };
  return { status, headers, body: { kind: 'xml', root: 'Error', children } };
}

export const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Writes a reply. A body shorter or longer than its content-length (a lie) ends the connection, or the client would wait for ever. */
export async function sendReply(response: ServerResponse, reply: Reply, head: boolean): Promise<void> {
  const headers: Record<string, string> = { ...reply.headers };
  const text = reply.body?.kind === 'xml' ? xmlDocument(reply.body.root, reply.body.children, reply.body.namespace) : undefined;
  if (text !== undefined) headers['content-type'] ??= 'application/xml';
  const bytes = text === undefined ? (reply.body?.kind === 'bytes' ? reply.body.bytes : undefined) : Buffer.from(text);
  if (bytes && !head) headers['content-length'] ??= String(bytes.length);
  const length = bytes?.length ?? (reply.body?.kind === 'stored' ? reply.body.end - reply.body.start : 0);
  const cutShort = !head && headers['content-length'] !== undefined && Number(headers['content-length']) !== length;
  if (cutShort) response.shouldKeepAlive = false;
  response.writeHead(reply.status, headers);
  if (head) {
    response.end();
    return;
  }
  await pipeline(reply.body?.kind === 'stored' ? storedBytes(reply.body) : Readable.from(bytes ? [bytes] : []), response, {
    end: !cutShort,
  });
  if (cutShort) response.socket?.end();
}

async function* storedBytes(body: StoredBody): AsyncGenerator<Buffer> {
  const flipped = body.flippedByte === undefined ? undefined : body.start + body.flippedByte;
  let pieceStart = 0;
  for (const { file, size } of body.pieces) {
    const [start, end] = [Math.max(body.start - pieceStart, 0), Math.min(body.end - pieceStart, size)];
    let position = pieceStart + start;
    pieceStart += size;
    if (start >= end) continue;
    for await (const chunk of createReadStream(file, { start, end: end - 1 }) as AsyncIterable<Buffer>) {
      const at = flipped === undefined ? -1 : flipped - position;
      const byte = chunk[at];
      if (byte !== undefined) chunk[at] = byte ^ 0xff;
      position += chunk.length;
      yield chunk;
    }
  }
}
