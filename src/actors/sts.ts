import type { GetCallerIdentityCommandOutput } from '@aws-sdk/client-sts';
import type { Settings } from '../config/settings.js';
import { ActorError } from './actor.js';
import { quoteOutput } from './process/quote-output.js';
import { environmentCredentials } from './s3/credentials.js';

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
 * Errors: AWS_CREDENTIALS_EXPIRED, AWS_CREDENTIALS_MISSING, AWS_ACCESS_DENIED, AWS_UNREACHABLE (transient), AWS_FAILED.
 */
export async function callerIdentity(
  settings: Pick<Settings, 'awsRegion' | 'awsProfile'>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<CallerIdentity> {
  signal.throwIfAborted();
  const { STS } = await import('@aws-sdk/client-sts');
  const endpoint = env['AWS_ENDPOINT_URL_STS'] || env['AWS_ENDPOINT_URL'] || null;
  const credentials = environmentCredentials(env);
  const client = new STS({
    region: settings.awsRegion,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
    // As for S3: an endpoint of the AWS configuration file is not frozen with the run.
    ignoreConfiguredEndpointUrls: true,
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
    ...(credentials === null && settings.awsProfile !== null ? { profile: settings.awsProfile } : {}),
  });
  try {
    return identityOf(await client.getCallerIdentity({}, { abortSignal: signal }));
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ActorError ? error : stsError(error, settings, env);
  } finally {
    client.destroy();
  }
}

function identityOf({ Account: account, Arn: arn }: GetCallerIdentityCommandOutput): CallerIdentity {
  if (account !== undefined && /^\d{12}$/.test(account) && arn !== undefined && arn.startsWith('arn:')) return { account, arn };
  throw new ActorError(
    'AWS_FAILED',
    'STS GetCallerIdentity answered without an account and ARN. Check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS: what answers there?',
  );
}

/** Of the network and of TLS. The SDK's retry may wrap the error and leave its code in the message alone. */
const UNREACHABLE =
  /^(?:ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EPROTO|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|HPE_)/;

function stsError(error: unknown, settings: Pick<Settings, 'awsRegion' | 'awsProfile'>, env: NodeJS.ProcessEnv): ActorError {
  const {
    name = 'Error',
    message = String(error),
    code = '',
    $metadata,
  } = error as { name?: string; message?: string; code?: string; $metadata?: { httpStatusCode?: number; requestId?: string } };
  const status = $metadata?.httpStatusCode ?? null;
  const said = `STS GetCallerIdentity in ${settings.awsRegion} failed (${status ?? 'no answer'}, ${name}: ${quoteOutput(message, env)})`;
  const make = (errorCode: string, todo: string, transient = false) =>
    new ActorError(errorCode, `${said}. ${todo}`, { details: { status, name }, transient, cause: error });
  const logIn = `aws sso login${settings.awsProfile === null ? '' : ` --profile ${settings.awsProfile}`}`;

  if (/^(?:ExpiredToken|RequestExpired|TokenRefreshRequired)/.test(name)) {
    return make('AWS_CREDENTIALS_EXPIRED', `The credentials have expired: log in again: ${logIn}`);
  }
  if (/^(?:CredentialsProviderError|TokenProviderError|CredentialsError)$/.test(name)) {
    return /expired|sso login|refresh/i.test(message)
      ? make('AWS_CREDENTIALS_EXPIRED', `The credentials have expired: log in again: ${logIn}`)
      : make(
          'AWS_CREDENTIALS_MISSING',
          `Check that AWS_PROFILE is a profile of this machine (aws configure list), and log in: ${logIn}`,
        );
  }
  if (
    name === 'TimeoutError' ||
    UNREACHABLE.test(code || (/\b[A-Z_]{4,}\b/.exec(message)?.[0] ?? '')) ||
    /socket hang up/i.test(message)
  ) {
    return make('AWS_UNREACHABLE', `Check the network, the region and AWS_ENDPOINT_URL, then try again.`, true);
  }
  if (status !== null && (status >= 500 || status === 429 || /^Throttl/.test(name))) {
    return make('AWS_UNREACHABLE', 'Try again in a while.', true);
  }
  if (status === 401 || status === 403) {
    return make('AWS_ACCESS_DENIED', 'STS does not accept the credentials: check keys, profile and the clock of this machine.');
  }
  return make('AWS_FAILED', 'Try by hand: aws sts get-caller-identity');
}
