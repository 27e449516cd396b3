import { Bucket } from './bucket.js';
import type { OperationContext } from './operation.js';
import type { Reply } from './reply.js';
import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';
import { readXmlBody } from './xml-body.js';
import { textOf } from './xml.js';

/** CreateBucket, with `x-amz-bucket-object-lock-enabled: true` for one with Object Lock (and so with versioning). */
export async function createBucket({ account, request }: OperationContext): Promise<Reply> {
  const name = request.bucket;
  if (!/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(name)) {
    throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.', {}, { BucketName: name });
  }
  const body = await readXmlBody(request);
  const location = textOf(body, 'LocationConstraint') ?? 'us-east-1';
  if (location !== account.region) {
    const message = `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`;
    throw new S3Error(400, 'IllegalLocationConstraintException', message);
  }
  if (account.buckets.has(name)) {
    const message = 'Your previous request to create the named bucket succeeded and you already own it.';
    throw new S3Error(409, 'BucketAlreadyOwnedByYou', message, {}, { BucketName: name });
  }
  account.buckets.set(
    name,
    new Bucket({ name, region: account.region, owner: account.id, objectLock: asksForLock(request) ? {} : undefined }),
  );
  return { status: 200, headers: { location: `/${name}`, 'content-length': '0' } };
}

/** The IAM actions that the request needs. */
export function createBucketNeeds(request: S3Request): string[] {
  return asksForLock(request)
    ? ['s3:CreateBucket', 's3:PutBucketObjectLockConfiguration', 's3:PutBucketVersioning']
    : ['s3:CreateBucket'];
}

const asksForLock = (request: S3Request) => request.header('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true';
