import type { Settings } from '../config/settings.js';
import { ActorError } from './actor.js';
import { quoteOutput } from './process/quote-output.js';

/**
 * An error of the SDK as an `ActorError` that says what to do: AWS_CREDENTIALS_EXPIRED, AWS_CREDENTIALS_MISSING,
 * AWS_ACCESS_DENIED, AWS_UNREACHABLE (transient), AWS_FAILED.
 */
export function stsError(
  error: unknown,
  settings: Pick<Settings, 'awsRegion' | 'awsProfile'>,
  env: NodeJS.ProcessEnv,
): ActorError {
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
  if (name === 'TimeoutError' || UNREACHABLE.test(`${code} ${message}`)) {
    return make('AWS_UNREACHABLE', 'Check the network, the region and AWS_ENDPOINT_URL, then try again.', true);
  }
  if ((status ?? 0) >= 500 || status === 429 || /^Throttl/.test(name)) {
    return make('AWS_UNREACHABLE', 'Try again in a while.', true);
  }
  if (status === 401 || status === 403) {
    return make('AWS_ACCESS_DENIED', 'STS does not accept the credentials: check keys, profile and the clock of this machine.');
  }
  return make('AWS_FAILED', 'Try by hand: aws sts get-caller-identity');
}

/** Of the network and of TLS. The SDK's retry may wrap the error and leave its code in the message alone. */
const UNREACHABLE =
  /\b(?:ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EPROTO|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|HPE_|socket hang up)/;
