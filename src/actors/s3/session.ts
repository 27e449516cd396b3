import type { S3 } from '@aws-sdk/client-s3';
import type { Settings } from '../../config/settings.js';
import type { ActorContext } from '../actor.js';
import { createS3Client } from './client.js';
import { s3Error } from './errors.js';

/** A client with what every call of it needs: where to, until when, and where its answer is written down. */
export interface S3Session {
  readonly client: S3;
  readonly bucket: string;
  readonly region: string;
  readonly signal: AbortSignal;
  /** Takes one line for each request and each answer, without credentials. */
  readonly log: (line: string) => Promise<void>;
}

/** The bucket of a run, and the account that it must be of. */
export interface BucketOfRun {
  readonly settings: Pick<Settings, 'awsRegion' | 'awsProfile' | 'bucket'>;
  /** 12 digits. */
  readonly bucketOwner: string;
}

/** Opens a session with the run's bucket for `work`, and closes its connections after it. */
export async function withSession<T>(
  { settings: { awsRegion, awsProfile, bucket }, bucketOwner }: BucketOfRun,
  { env, signal }: Pick<ActorContext, 'env' | 'signal'>,
  log: S3Session['log'],
  work: (session: S3Session) => Promise<T>,
): Promise<T> {
  const client = await createS3Client({ awsRegion, awsProfile }, env, { owner: bucketOwner });
  try {
    return await work({ client, bucket, region: awsRegion, signal, log });
  } finally {
    client.destroy();
  }
}

/** What every answer of S3 has. */
export interface Answer {
  readonly $metadata: { readonly httpStatusCode?: number | undefined; readonly requestId?: string | undefined };
}

/**
 * One request: logs it as a command, then the fields of S3's answer as they came. Throws the SDK's error as it is, logged,
 * and the reason of the signal when that ended it.
 */
export async function send<T extends Answer>(
  session: S3Session,
  operation: string,
  facts: Readonly<Record<string, string | number | undefined>>,
  request: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  session.signal.throwIfAborted();
  const options = Object.entries(facts).filter(([, value]) => value !== undefined);
  await session.log(
    `$ s3api ${kebab(operation)}${options.map(([name, value]) => ` --${name} ${JSON.stringify(value)}`).join('')}`,
  );
  try {
    const answer = await request({ abortSignal: session.signal });
    await session.log(JSON.stringify(shown(answer)));
    return answer;
  } catch (error) {
    session.signal.throwIfAborted();
    const { message } = s3Error(error, {
      operation,
      bucket: session.bucket,
      key: stringOrNull(facts['key'] ?? facts['prefix']),
      region: session.region,
    });
    await session.log(`! ${message}`);
    throw error;
  }
}

/** Like `send`, but throws an `ActorError` that says what to do. */
export async function call<T extends Answer>(...args: Parameters<typeof send<T>>): Promise<T> {
  const [session, operation, facts] = args;
  try {
    return await send(...args);
  } catch (error) {
    session.signal.throwIfAborted();
    throw s3Error(error, {
      operation,
      bucket: session.bucket,
      key: stringOrNull(facts['key'] ?? facts['prefix']),
      region: session.region,
    });
  }
}

/** Left out: the bucket (redacted in the manifest too), the accounts of who owns it and who uploads, and the content. */
const NOT_SHOWN = new Set(['$metadata', 'Body', 'Name', 'Bucket', 'Location', 'Owner', 'Initiator']);

function shown(answer: Answer): Record<string, unknown> {
  const { httpStatusCode: status, requestId } = answer.$metadata;
  return { status, request_id: requestId, ...withoutHidden(answer) };
}

function withoutHidden(fields: object): Record<string, unknown> {
  const entries: [string, unknown][] = Object.entries(fields);
  return Object.fromEntries(
    entries
      .filter(([name]) => !NOT_SHOWN.has(name))
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(itemWithoutHidden) : value]),
  );
}

function itemWithoutHidden(item: unknown): unknown {
  return typeof item === 'object' && item !== null ? withoutHidden(item) : item;
}

function kebab(operation: string): string {
  return operation.replace(/(?<=[a-z0-9])[A-Z]/g, '-$&').toLowerCase();
}

function stringOrNull(value: string | number | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
