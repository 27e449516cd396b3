import type { Bucket } from './bucket.js';
import type { Policy } from './policy.js';
import { accessDenied, permanentRedirect, S3Error } from './s3-error.js';

/** The one AWS account that the stand-in knows: its buckets, its caller, what the caller may do, and the service's clock. */
export class Account {
  readonly buckets = new Map<string, Bucket>();
  /** What the caller may do; without one, everything. */
  policy: Policy | undefined;
  /** Actions such as `s3:GetObjectRetention` that the caller lacks, whatever the policy says. */
  denied: ReadonlySet<string> = new Set();
  credentials: 'valid' | 'expired' = 'valid';
  clockOffsetSeconds = 0;
  readonly arn: string;
  readonly userId: string;

  constructor(
    readonly id: string,
    readonly region: string,
    readonly accessKey: string,
    readonly secretKey: string,
    role: string,
  ) {
    this.arn = `arn:aws:sts::${id}:assumed-role/${role}/operator`;
    this.userId = 'STANDINROLEID:operator';
  }

  /** The time by the service's clock. */
  now(): Date {
    return new Date(Date.now() + this.clockOffsetSeconds * 1000);
  }

  /** @param resource a bucket's name, or bucket and key with a slash between them */
  allows(action: string, resource: string): boolean {
    return !this.denied.has(action) && (this.policy?.allows(action, `arn:aws:s3:::${resource}`) ?? true);
  }

  /** Throws 403 AccessDenied in the words of IAM unless the caller may do it. */
  assertAllowed(action: string, resource: string): void {
    if (this.allows(action, resource)) return;
    throw accessDenied(
      `User: ${this.arn} is not authorized to perform: ${action} on resource: "arn:aws:s3:::${resource}" because no identity-based policy allows the ${action} action`,
    );
  }

  /** Throws 404 NoSuchBucket, 301 PermanentRedirect for a bucket of another region, or 403 when `x-amz-expected-bucket-owner` names another account. */
  bucket(name: string, expectedOwner: string | undefined): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist', {}, { BucketName: name });
    if (bucket.region !== this.region) throw permanentRedirect(name, bucket.region);
    if (expectedOwner !== undefined && expectedOwner !== bucket.owner) throw accessDenied();
    return bucket;
  }
}
