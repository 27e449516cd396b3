import type { UploadPartCommandInput, S3, S3ClientConfig } from '@aws-sdk/client-s3';
import type { Settings } from '../../config/settings.js';
import { environmentCredentials } from './credentials.js';

/**
 * An S3 client for the run's region and profile. It never retries: each attempt is the engine's, and on record.
 * `idleMs` is how long a connection may be silent (default a minute); large uploads may take longer than that as a whole.
 * `owner` (12 digits) is the account that the bucket must be of: S3 refuses each request when it is another one's; null asks for none.
 * The SDK is loaded here and not before: it takes as long as all else at start-up.
 */
export async function createS3Client(
  settings: Pick<Settings, 'awsRegion' | 'awsProfile'>,
  env: NodeJS.ProcessEnv,
  { idleMs = 60_000, owner }: { readonly idleMs?: number; readonly owner: string | null },
): Promise<S3> {
  const sdk = await import('@aws-sdk/client-s3');
  const endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || null;
  const credentials = environmentCredentials(env);
  const config: S3ClientConfig = {
    region: settings.awsRegion,
    maxAttempts: 1,
    // The SDK would warn on the console, which is ours; what it warns of is thrown too.
    logger: SILENT,
    // WHEN_SUPPORTED would frame bodies as aws-chunked with a CRC trailer, which other servers than AWS may not read.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: Math.min(5_000, idleMs), socketTimeout: idleMs },
    // An endpoint in the AWS configuration file could move across a pause unseen: only the environment's counts, it is frozen.
    ignoreConfiguredEndpointUrls: true,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(settings.awsProfile === null ? {} : { profile: settings.awsProfile }),
    // The SDK asks the profile only where it is given no credentials.
    ...(credentials === null ? {} : { credentials }),
  };
  const client = new sdk.S3(config);
  signWholeBody(client);
  if (owner !== null) expectOwner(client, owner);
  return client;
}

const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * Signs the SHA-256 that the request names for its body. Without this header the SDK signs UNSIGNED-PAYLOAD for a stream, or
 * refuses it over plain http. Source: S3 API, "Signature calculations: transferring payload in a single chunk".
 */
function signWholeBody(client: S3): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { ChecksumSHA256: checksum } = args.input as Partial<UploadPartCommandInput>;
      const { headers } = args.request as { readonly headers: Record<string, string> };
      if (checksum !== undefined) headers['x-amz-content-sha256'] = Buffer.from(checksum, 'base64').toString('hex');
      return next(args);
    },
    { step: 'build', name: 'signWholeBody' },
  );
}

/** In one place, so that no request is without it. Source: S3 user guide, "Verifying bucket ownership with bucket owner condition". */
function expectOwner(client: S3, owner: string): void {
  client.middlewareStack.add((next) => (args) => next({ ...args, input: { ...args.input, ExpectedBucketOwner: owner } }), {
    step: 'initialize',
    name: 'expectOwner',
  });
}
