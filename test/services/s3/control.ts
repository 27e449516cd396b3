/**
 * The shape of `POST /__control` (JSON, strict: an unknown name is a 400). All parts are optional and applied together.
 *
 *   { "clearFaults": true,                  forget all faults, before those below are added
 *     "faults": [Fault, ...],               added to those that wait already
 *     "policy": { "Version": "2012-10-17",  the IAM policy of the caller; null, as at the start, allows everything
 *                 "Statement": [...] } | null,
 *     "deny": ["s3:GetObjectRetention"],    the IAM actions that the caller lacks in any case; replaces the earlier list
 *     "credentials": "valid" | "expired",   expired: 400 ExpiredToken from S3, 403 from STS
 *     "clockOffsetSeconds": 3600,           moves the service's clock: signatures, retention, Date header
 *     "bucket": { "name": "...",            default: the bucket of the start
 *                 "versioning": "Enabled" | "Suspended" | null (never enabled),
 *                 "owner": "222222222222",        the account that has it; x-amz-expected-bucket-owner is compared with it
 *                 "region": "eu-west-1",          where it is; another one than the service's: 301 PermanentRedirect
 *                 "objectLock": "Enabled" | "Disabled",
 *                 "defaultRetention": { "mode": "GOVERNANCE" | "COMPLIANCE", "days": 30 } | { ..., "years": 1 } | null,
 *                 "remove": true,
 *                 "create": true,                 if it is missing: an empty one with Object Lock
 *                 "forget": true } }       all that is stored in it, locked or not: for a new beginning; no S3 could
 *
 * A fault says which requests it meets, and what happens to them:
 *
 *   { "operation": "PutObject",    S3 operation or "GetCallerIdentity"; left out: any
 *     "key": "evidence/*.gz",      with * a glob over the whole key, without one a part of the key; left out: any
 *     "nth": 2,                    from the second matching request on (default 1) ...
 *     "times": 3,                  ... for three of them (default 1), or "always". SDKs retry resets and 5xx: mind the number
 *     "at": "before" | "after",    error, hang and reset: before the operation (default), or after it took effect (a lost response);
 *                                reset alone also "during": when the first bytes of the body have come (without a body, before)
 *     "delayMs": 500,              waits first; may stand alone or with one of:
 *     "error": { "status": 503, "code": "SlowDown", "message": "..." },
 *     "hang": true,                never answers
 *     "reset": true,               RST on the connection
 *     "lie": Lie }
 *
 * A lie changes or, with null, omits fields of the answer, by the names of the S3 API; a name that the answer lacks is added:
 *
 *   { "headers": { "etag": "\"0\"", "x-amz-version-id": null, "x-amz-checksum-sha256": "...", "content-length": "7",
 *                  "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "2026-01-01T00:00:00.000Z" },
 *     "elements": { "Status": "Suspended", "Rule.DefaultRetention.Mode": "COMPLIANCE", "Version.VersionId": null },
 *     "body": { "flipByteAt": 0 } | { "truncateTo": 10 } | { "replaceWith": "text" } }
 *
 * `elements` are paths below the root of the XML answer; a list (Version, Contents) is changed in every item.
 * `truncateTo` cuts the connection in the middle of the body; `replaceWith` sends other bytes with their own content-length.
 *
 * `GET /__control` answers { "requests": [LoggedRequest, ...], "versions": [ListedVersion, ...], "uploads": [ListedUpload, ...], "faults": [Fault, ...] }: what was
 * asked in order of arrival, what is stored now (by bucket and key, newest first), the multipart uploads in progress, and the faults that can still happen.
 */
import { z } from 'zod';
import type { Account } from './account.js';
import { Bucket } from './bucket.js';
import type { FaultList } from './faults.js';
import { Policy, type PolicyDocument } from './policy.js';

const mode = z.enum(['GOVERNANCE', 'COMPLIANCE']);
const positive = z.int().positive();
const text = z.string();
const fields = z.record(text, text.nullable());

const lieSchema = z.strictObject({
  headers: fields.optional(),
  elements: fields.optional(),
  body: z
    .union([
      z.strictObject({ flipByteAt: z.int().nonnegative() }),
      z.strictObject({ truncateTo: z.int().nonnegative() }),
      z.strictObject({ replaceWith: text }),
    ])
    .optional(),
});

const faultSchema = z
  .strictObject({
    operation: text.optional(),
    key: text.optional(),
    nth: positive.default(1),
    times: z.union([positive, z.literal('always')]).default(1),
    at: z.enum(['before', 'during', 'after']).default('before'),
    delayMs: z.int().nonnegative().optional(),
    error: z.strictObject({ status: z.int().min(300).max(599), code: text, message: text.default('') }).optional(),
    hang: z.literal(true).optional(),
    reset: z.literal(true).optional(),
    lie: lieSchema.optional(),
  })
  .refine((fault) => [fault.error, fault.hang, fault.reset, fault.lie].filter(Boolean).length <= 1, {
    message: 'a fault is one of error, hang, reset, lie',
  })
  .refine((fault) => fault.at !== 'during' || fault.reset === true, { message: 'only a reset happens during a request' })
  .refine((fault) => Boolean(fault.delayMs ?? fault.error ?? fault.hang ?? fault.reset ?? fault.lie), {
    message: 'a fault needs one of error, hang, reset, lie, delayMs',
  });

const bucketSchema = z.strictObject({
  name: text.optional(),
  versioning: z.enum(['Enabled', 'Suspended']).nullable().optional(),
  region: text.optional(),
  owner: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  objectLock: z.enum(['Enabled', 'Disabled']).optional(),
  defaultRetention: z
    .union([z.strictObject({ mode, days: positive }), z.strictObject({ mode, years: positive })])
    .nullable()
    .optional(),
  remove: z.literal(true).optional(),
  create: z.literal(true).optional(),
  forget: z.literal(true).optional(),
});

const controlSchema = z.strictObject({
  clearFaults: z.literal(true).optional(),
  faults: z.array(faultSchema).optional(),
  policy: z.custom<PolicyDocument | null>((value) => typeof value === 'object').optional(),
  deny: z.array(z.string().regex(/^s3:\w+$/)).optional(),
  credentials: z.enum(['valid', 'expired']).optional(),
  clockOffsetSeconds: z.int().optional(),
  bucket: bucketSchema.optional(),
});

export type Control = z.input<typeof controlSchema>;
export type Fault = z.output<typeof faultSchema>;
export type Lie = z.output<typeof lieSchema>;

/** Applies one control document; throws an Error that names what is wrong in it. Nothing is applied then. */
export function applyControl(document: unknown, account: Account, faults: FaultList, firstBucket: string): void {
  const parsed = controlSchema.safeParse(document);
  if (!parsed.success) throw new Error(`not a control document: ${z.prettifyError(parsed.error)}`);
  const control = parsed.data;
  const policy = control.policy ? new Policy(control.policy) : undefined;
  if (control.bucket) changeBucket(control.bucket, account, firstBucket);
  if (control.clearFaults) faults.clear();
  faults.add(control.faults ?? []);
  if (control.policy !== undefined) account.policy = policy;
  if (control.deny) account.denied = new Set(control.deny);
  account.credentials = control.credentials ?? account.credentials;
  account.clockOffsetSeconds = control.clockOffsetSeconds ?? account.clockOffsetSeconds;
}

function changeBucket(change: z.output<typeof bucketSchema>, account: Account, firstBucket: string): void {
  const name = change.name ?? firstBucket;
  if (change.create && !account.buckets.has(name)) {
    account.buckets.set(name, new Bucket({ name, region: account.region, owner: account.id, objectLock: {} }));
  }
  const bucket = account.buckets.get(name);
  if (!bucket) throw new Error(`there is no bucket ${name}`);
  if (change.versioning !== undefined) bucket.versioning = change.versioning ?? undefined;
  bucket.region = change.region ?? bucket.region;
  bucket.owner = change.owner ?? bucket.owner;
  if (change.objectLock === 'Disabled') bucket.objectLock = undefined;
  if (change.objectLock === 'Enabled') bucket.objectLock ??= {};
  if (change.defaultRetention !== undefined) setDefaultRetention(bucket, change.defaultRetention ?? undefined);
  if (change.forget) bucket.forget();
  if (change.remove) account.buckets.delete(name);
}

function setDefaultRetention(bucket: Bucket, rule: NonNullable<Bucket['objectLock']>['defaultRetention']): void {
  if (!bucket.objectLock) throw new Error(`the bucket ${bucket.name} has no Object Lock, so it can't have a default retention`);
  bucket.objectLock = { defaultRetention: rule };
}
