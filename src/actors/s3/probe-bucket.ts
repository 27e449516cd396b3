import { createHash } from 'node:crypto';
import type { S3 } from '@aws-sdk/client-s3';
import type { Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import { failed, passed } from '../check.js';
import { createS3Client } from './client.js';
import { codeOf, explainS3Error, statusOf } from './errors.js';

/** What is asked of a bucket depends on these alone. */
export type BucketSettings = Pick<
  Settings,
  'awsProfile' | 'awsRegion' | 'bucket' | 'prefix' | 'keyFolder' | 'lockMode' | 'retentionDays'
>;

export interface ProbeContext {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly runId: string;
  /** The account that the bucket must be of; null when it is not known. */
  readonly owner: string | null;
}

/**
 * Runbook pre-condition 5, and every permission that sealing will need: whatever can be known before the human pause. Each
 * check is made even when another has failed. Nothing is stored: the probing PUT carries a Content-MD5 that cannot match.
 */
export async function probeBucket(settings: BucketSettings, context: ProbeContext): Promise<Check[]> {
  const client = await createS3Client(settings, context.env, { owner: context.owner });
  const probe: Probe = {
    client,
    settings,
    options: { abortSignal: context.signal },
    owner: context.owner,
    folder: `${settings.prefix}/${settings.keyFolder}/${context.runId}/`,
  };
  try {
    const checks = [
      ...[checkBucket, checkVersioning, checkObjectLock, checkPut, checkRead, checkReadLock, checkVersions],
      ...[checkUploads, checkParts, checkAbort],
    ];
    const results = await Promise.all(checks.map((check) => check(probe)));
    context.signal.throwIfAborted();
    return results;
  } finally {
    client.destroy();
  }
}

interface Probe {
  readonly client: S3;
  readonly settings: BucketSettings;
  readonly options: { readonly abortSignal: AbortSignal };
  readonly owner: string | null;
  /** The keys of the run begin so. */
  readonly folder: string;
}

async function checkBucket({ client, settings, options, owner }: Probe): Promise<Check> {
  const name = 'WORM bucket and its region';
  try {
    const { BucketRegion: region } = await client.headBucket({ Bucket: settings.bucket }, options);
    // AWS names the region in every answer, and refuses a request that was signed for another one.
    if (region === undefined) return passed(name, `the bucket answers; it names no region (asked in ${settings.awsRegion})`);
    if (region === settings.awsRegion) return passed(name, `the bucket is in ${region}`);
    return failed(name, `AWS_REGION is ${settings.awsRegion}, the bucket is in ${region}`, `Set AWS_REGION=${region}.`);
  } catch (error) {
    const check = failedCall(name, error, 'HeadBucket', settings, null);
    // The answer to a HEAD has no body: an owner who is another one looks as a missing permission does.
    if (statusOf(error) !== 403 || owner === null) return check;
    const advice = `${check.advice ?? ''} If the bucket is of another account than ${owner}, set CUTOVER_BUCKET_OWNER to that one.`;
    return { ...check, advice };
  }
}

async function checkVersioning({ client, settings, options }: Probe): Promise<Check> {
  const name = 'WORM bucket versioning';
  try {
    const { Status: status } = await client.getBucketVersioning({ Bucket: settings.bucket }, options);
    if (status === 'Enabled') return passed(name, 'versioning is Enabled');
    return failed(name, `expected versioning Enabled, found ${status ?? 'none'}`, 'Enable versioning on the bucket.');
  } catch (error) {
    return failedCall(name, error, 'GetBucketVersioning', settings, null);
  }
}

async function checkObjectLock({ client, settings, options }: Probe): Promise<Check> {
  const name = 'WORM bucket Object Lock';
  const advice = 'Use a bucket that was created with Object Lock.';
  try {
    const { ObjectLockConfiguration: lock } = await client.getObjectLockConfiguration({ Bucket: settings.bucket }, options);
    if (lock?.ObjectLockEnabled !== 'Enabled') {
      return failed(name, `expected Object Lock Enabled, found ${lock?.ObjectLockEnabled ?? 'none'}`, advice);
    }
    return checkDefaultRetention(name, lock.Rule?.DefaultRetention, settings);
  } catch (error) {
    if (codeOf(error) !== 'ObjectLockConfigurationNotFoundError') {
      return failedCall(name, error, 'GetObjectLockConfiguration', settings, null);
    }
    return failed(name, 'expected Object Lock Enabled, found no Object Lock configuration', advice);
  }
}

/** What the run asks for must not be weaker than what the bucket gives to every object. */
function checkDefaultRetention(
  name: string,
  rule:
    { readonly Mode?: string | undefined; readonly Days?: number | undefined; readonly Years?: number | undefined } | undefined,
  { lockMode, retentionDays }: BucketSettings,
): Check {
  if (rule === undefined) return passed(name, 'Object Lock is Enabled, without a default retention');
  // A year of the default retention may be a leap year.
  const days = rule.Days ?? (rule.Years ?? Number.NaN) * 366;
  const shown = `the bucket's default retention is ${rule.Mode ?? '?'} for ${rule.Days === undefined ? `${rule.Years ?? '?'} years` : `${rule.Days} days`}`;
  if (!(retentionDays >= days)) {
    const advice = `Set DPP_WORM_RETENTION_DAYS to at least ${Number.isNaN(days) ? 'what the bucket asks for' : days}.`;
    return failed(name, `${shown}, the run asks for ${retentionDays} days`, advice);
  }
  if (rule.Mode === lockMode || lockMode === 'COMPLIANCE') return passed(name, `Object Lock is Enabled; ${shown}`);
  return failed(
    name,
    `${shown}, the run asks for ${lockMode}`,
    'Set DPP_WORM_OBJECT_LOCK_MODE=COMPLIANCE, or use another bucket.',
  );
}

async function checkPut({ client, settings, options, folder }: Probe): Promise<Check> {
  const name = 'permission to store a locked object';
  const key = `${folder}probe`;
  const put = (condition: { readonly IfNoneMatch?: string }) =>
    client.putObject(
      {
        Bucket: settings.bucket,
        Key: key,
        Body: Buffer.from('probe'),
        ContentMD5: createHash('md5').update('not the probe').digest('base64'),
        ObjectLockMode: settings.lockMode,
        ObjectLockRetainUntilDate: new Date(Date.now() + settings.retentionDays * 86_400_000),
        ...condition,
      },
      options,
    );
  let condition = 'and condition ';
  try {
    const { VersionId: versionId } = await put({ IfNoneMatch: '*' }).catch((error: unknown) => {
      if (statusOf(error) !== 501) throw error;
      condition = '';
      return put({});
    });
    const found = `a PUT with a wrong Content-MD5 stored something at ${key} (version ${versionId ?? 'unknown'})`;
    return failed(name, found, 'Use a service that checks Content-MD5; remove the probe when its lock allows it.');
  } catch (error) {
    const ignored =
      condition === '' ? '; the service does not know "If-None-Match: *" (501), so nothing keeps others from the key' : '';
    if (codeOf(error) === 'BadDigest')
      return passed(name, `a PUT with lock ${condition}is allowed (its wrong digest was refused)${ignored}`);
    if (statusOf(error) === 501) {
      const message = 'the service does not know Object Lock on a PUT (501)';
      return failed(name, message, 'Use a service that supports Object Lock.');
    }
    return failedCall(name, error, 'PutObject', settings, key);
  }
}

/** `null` is a version id that always is one, so that the permission for versions is asked for: 404 proves it, 403 denies it. */
const NO_VERSION = 'null';

/** GET and not HEAD: its answer tells whether it is the object that is missing, or the bucket. */
async function checkRead({ client, settings, options, folder }: Probe): Promise<Check> {
  const key = `${folder}probe`;
  const request = client.getObject({ Bucket: settings.bucket, Key: key, VersionId: NO_VERSION }, options);
  return expectAbsent('permission to read versions', request, 'GetObject', settings, key);
}

async function checkReadLock({ client, settings, options, folder }: Probe): Promise<Check> {
  const key = `${folder}probe`;
  const request = client.getObjectRetention({ Bucket: settings.bucket, Key: key, VersionId: NO_VERSION }, options);
  return expectAbsent('permission to read locks', request, 'GetObjectRetention', settings, key);
}

async function expectAbsent(
  name: string,
  request: Promise<unknown>,
  operation: string,
  settings: BucketSettings,
  key: string,
  what = 'an object',
): Promise<Check> {
  try {
    await request;
  } catch (error) {
    if (statusOf(error) === 404 && codeOf(error) !== 'NoSuchBucket') return passed(name, `${operation} is allowed`);
    return failedCall(name, error, operation, settings, key);
  }
  return failed(name, `expected nothing at ${key}, found ${what}`, 'Find out who writes under the prefix of this run.');
}

async function checkVersions({ client, settings, options, folder }: Probe): Promise<Check> {
  const name = 'permission to list versions';
  try {
    const answer = await client.listObjectVersions({ Bucket: settings.bucket, Prefix: folder }, options);
    const found = [...(answer.Versions ?? []), ...(answer.DeleteMarkers ?? [])].map(({ Key }) => Key ?? '?');
    if (found.length === 0) return passed(name, `nothing lies under ${folder}`);
    return failed(
      name,
      `expected nothing under ${folder}, found ${found.slice(0, 3).join(', ')}`,
      'Start a new run, with its own id.',
    );
  } catch (error) {
    return failedCall(name, error, 'ListObjectVersions', settings, folder);
  }
}

async function checkUploads({ client, settings, options, folder }: Probe): Promise<Check> {
  const name = 'permission to list uploads';
  try {
    const { Uploads = [] } = await client.listMultipartUploads({ Bucket: settings.bucket, Prefix: folder }, options);
    const found = Uploads.map(({ Key }) => Key ?? '?');
    if (found.length === 0) return passed(name, `no upload is in progress under ${folder}`);
    return failed(
      name,
      `expected no upload in progress under ${folder}, found ${found.slice(0, 3).join(', ')}`,
      'Start a new run, with its own id.',
    );
  } catch (error) {
    return failedCall(name, error, 'ListMultipartUploads', settings, folder);
  }
}

/** An upload that there is not: 404 proves the permission, 403 denies it. */
const NO_UPLOAD = 'none';

async function checkParts({ client, settings, options, folder }: Probe): Promise<Check> {
  const key = `${folder}probe`;
  const request = client.listParts({ Bucket: settings.bucket, Key: key, UploadId: NO_UPLOAD }, options);
  return expectAbsent('permission to go on with an upload', request, 'ListParts', settings, key, 'an upload');
}

async function checkAbort({ client, settings, options, folder }: Probe): Promise<Check> {
  const key = `${folder}probe`;
  const request = client.abortMultipartUpload({ Bucket: settings.bucket, Key: key, UploadId: NO_UPLOAD }, options);
  return expectAbsent('permission to give an upload up', request, 'AbortMultipartUpload', settings, key, 'an upload');
}

function failedCall(name: string, error: unknown, operation: string, settings: BucketSettings, key: string | null): Check {
  const { what, todo } = explainS3Error(error, { operation, bucket: settings.bucket, key, region: settings.awsRegion });
  return failed(name, what, todo);
}
