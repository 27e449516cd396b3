import type { Account } from './account.js';
import type { Bucket } from './bucket.js';
import type { Reply } from './reply.js';
import type { S3Request } from './s3-request.js';

/** What an operation works on. Signature and permissions have been checked. */
export interface OperationContext {
  readonly account: Account;
  readonly request: S3Request;
  /** Reading it throws 404 NoSuchBucket when there is none. */
  readonly bucket: Bucket;
  /** The directory that holds the bytes of the versions. */
  readonly dataDir: string;
}

export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly target: 'bucket' | 'object';
  /** The query parameter that tells this operation from others of the same method; undefined for the plain one. */
  readonly subresource?: string;
  /** Other query parameters that it understands; a request with any other one is refused. */
  readonly parameters?: readonly string[];
  /** IAM actions that the caller needs. Source: "Required permissions for Amazon S3 API operations". */
  readonly needs: (request: S3Request) => readonly string[];
  readonly run: (context: OperationContext) => Reply | Promise<Reply>;
}
