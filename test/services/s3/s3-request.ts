import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.js';

/** A request to the S3 API, path style: `/bucket/key?query`. */
export interface S3Request {
  readonly raw: IncomingMessage;
  readonly method: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  /** The version that the query names; undefined for the current one. */
  readonly versionId: string | undefined;
}

/** Reads bucket, key and query of a request; throws 400 InvalidURI for a path that is not percent-encoded UTF-8. */
export function parseS3Request(raw: IncomingMessage): S3Request {
  const [, path = '', query = ''] = /^([^?]*)(?:\?(.*))?$/.exec(raw.url ?? '') ?? [];
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(decodePath(path)) ?? [];
  const parameters = new URLSearchParams(query);
  return {
    raw,
    method: raw.method ?? '',
    bucket,
    key,
    query: parameters,
    versionId: parameters.get('versionId') ?? undefined,
    header(name) {
      const value = raw.headers[name];
      return Array.isArray(value) ? value.join(',') : value;
    },
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.", {}, { URI: path });
  }
}
