import type { GetCallerIdentityCommandOutput, STS } from '@aws-sdk/client-sts';
import type { Settings } from '../config/settings.js';
import { ActorError } from './actor.js';
import { environmentCredentials } from './s3/credentials.js';
import { stsError } from './sts-error.js';

/** Who the AWS credentials belong to. */
export interface CallerIdentity {
  /** 12 digits. */
  readonly account: string;
  readonly arn: string;
}

const TIMEOUT_MS = 10_000;

/**
 * Asks STS who we are: GetCallerIdentity needs no permission and no policy can deny it. Static credentials and endpoints are
 * taken from `env`, as for S3; everything else of the default chain (profile files, SSO, a role of the machine) the SDK reads
 * from the environment of this process itself, there is no way to give it another one.
 * Errors: those of `stsError`, and AWS_FAILED for an answer without an identity.
 */
export async function callerIdentity(
  settings: Pick<Settings, 'awsRegion' | 'awsProfile'>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<CallerIdentity> {
  signal.throwIfAborted();
  const client = await createStsClient(settings, env);
  try {
    return identityOf(await client.getCallerIdentity({}, { abortSignal: signal }));
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ActorError ? error : stsError(error, settings, env);
  } finally {
    client.destroy();
  }
}

/** A client for the region and profile of the run; the SDK is loaded here and not before. */
export async function createStsClient(
  settings: Pick<Settings, 'awsRegion' | 'awsProfile'>,
  env: NodeJS.ProcessEnv,
): Promise<STS> {
  const sdk = await import('@aws-sdk/client-sts');
  const endpoint = env['AWS_ENDPOINT_URL_STS'] || env['AWS_ENDPOINT_URL'] || null;
  const credentials = environmentCredentials(env);
  return new sdk.STS({
    region: settings.awsRegion,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
    // As for S3: an endpoint of the AWS configuration file is not frozen with the run.
    ignoreConfiguredEndpointUrls: true,
    ...(endpoint === null ? {} : { endpoint }),
    ...(settings.awsProfile === null ? {} : { profile: settings.awsProfile }),
    // The SDK asks the profile only where it is given no credentials.
    ...(credentials === null ? {} : { credentials }),
  });
}

function identityOf({ Account: account, Arn: arn }: GetCallerIdentityCommandOutput): CallerIdentity {
  if (account !== undefined && /^\d{12}$/.test(account) && arn !== undefined && arn.startsWith('arn:')) return { account, arn };
  throw new ActorError(
    'AWS_FAILED',
    'STS GetCallerIdentity answered without an account and ARN. Check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS: what answers there?',
  );
}
