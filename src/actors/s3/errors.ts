import { ActorError } from '../actor.js';

/** What was asked of S3 when it failed: for the message, and for the permission that it needs. */
export interface S3Request {
  /** The API operation, e.g. `PutObject`. */
  readonly operation: string;
  readonly bucket: string;
  /** Null for an operation on the bucket. */
  readonly key: string | null;
  readonly region: string;
}

/** What an SDK error tells, whether S3 answered or not. */
interface Answer {
  /** S3's error code; for HEAD, whose answer has no body, what the SDK makes of the status. */
  readonly code: string;
  readonly message: string;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

type Described = { readonly code: string; readonly what: string; readonly todo: string; readonly transient?: boolean };

export interface S3Failure {
  readonly code: string;
  /** What happened and where, with S3's own code, message and request id. */
  readonly what: string;
  readonly todo: string;
  readonly transient: boolean;
}

/** An error of the SDK as an `ActorError`: which call on what, S3's own code, message and request id, and what to do. */
export function s3Error(error: unknown, request: S3Request): ActorError {
  const { status, code: s3Code, requestId } = answerOf(error);
  const { code, what, todo, transient } = explainS3Error(error, request);
  const details = { operation: request.operation, key: request.key, status, s3Code, requestId };
  return new ActorError(code, `${what}. ${todo}`, { details, transient, cause: error });
}

/** The same in parts, for a list of checks. */
export function explainS3Error(error: unknown, request: S3Request): S3Failure {
  const answer = answerOf(error);
  const { code, what, todo, transient = false } = answer.status === null ? unanswered(error, request) : answered(answer, request);
  const where = `${request.operation} on s3://${request.bucket}${request.key === null ? '' : `/${request.key}`}`;
  const said = `${answer.code}: ${answer.message}`;
  const shown = answer.status === null ? said : `${answer.status} ${said}; request id ${answer.requestId ?? 'unknown'}`;
  return { code, what: `${what}: ${where} (${shown})`, todo, transient };
}

/** The HTTP status that S3 answered with, or null when it did not answer. */
export function statusOf(error: unknown): number | null {
  return answerOf(error).status;
}

/** S3's error code, e.g. `NoSuchKey`; the SDK's name for what is no answer of S3. */
export function codeOf(error: unknown): string {
  return answerOf(error).code;
}

function answered(answer: Answer, request: S3Request): Described {
  const { code, status } = answer;
  const region = rightRegion(answer, request);
  if (region !== null) {
    const todo = `Set AWS_REGION=${region} and start again.`;
    return { code: 'S3_WRONG_REGION', what: `The bucket is in ${region}, not in ${request.region}`, todo };
  }
  if (/^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired|RequestExpired)$/.test(code)) return EXPIRED;
  if (code === 'RequestTimeTooSkewed' || (status === 403 && isSkewed(answer))) {
    return {
      code: 'S3_CLOCK_SKEW',
      what: 'The clock of this machine is wrong',
      todo: 'Set the clock (timedatectl), then try again.',
    };
  }
  if (code === 'NoSuchBucket' || (status === 404 && request.operation === 'HeadBucket')) {
    const todo = 'Check DPP_WORM_BUCKET, the account and the region.';
    return { code: 'S3_NO_SUCH_BUCKET', what: 'There is no such bucket', todo };
  }
  if (/^(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken)$/.test(code)) {
    return {
      code: 'S3_REJECTED',
      what: 'S3 does not accept the credentials',
      todo: 'Check them with: aws sts get-caller-identity',
    };
  }
  if (status === 401 || status === 403) {
    const todo = `Allow ${permissions(answer, request.operation)} to the caller (aws sts get-caller-identity shows who that is).`;
    // A lock that nobody may look at is not proven.
    const what = request.operation === 'GetObjectRetention' ? 'Not permitted to verify the lock' : 'S3 refused permission';
    return { code: 'S3_ACCESS_DENIED', what, todo };
  }
  if (status === 429 || status === 503 || /^(SlowDown|Throttling\w*|RequestLimitExceeded|TooManyRequests\w*)$/.test(code)) {
    return { code: 'S3_SLOW_DOWN', what: 'S3 asks to slow down', todo: 'Try again in a while.', transient: true };
  }
  if (status === 500 || status === 502 || status === 504 || code === 'InternalError') {
    return { code: 'S3_UNAVAILABLE', what: 'S3 failed', todo: 'Try again in a while.', transient: true };
  }
  if (/^(RequestTimeout|IncompleteBody|BadDigest|XAmzContentSHA256Mismatch)$/.test(code)) {
    const todo = 'Nothing was stored; try again.';
    return { code: 'S3_TRANSFER_DAMAGED', what: 'The bytes did not arrive as they were sent', todo, transient: true };
  }
  if (code === 'NoSuchUpload') {
    const todo = 'It was completed or aborted; which, is looked up next time.';
    return { code: 'S3_UPLOAD_GONE', what: 'The upload is not in progress any more', todo, transient: true };
  }
  if (/^(OperationAborted|ConditionalRequestConflict)$/.test(code)) {
    return { code: 'S3_CONFLICT', what: 'Another request changed the same object', todo: 'Try again.', transient: true };
  }
  if (status === 400 && /^(400|BadRequest|UnknownError|Unknown)$/.test(code)) {
    // An answer to HEAD has no body, so nobody says why.
    const todo = 'Expired credentials and a wrong region are answered so: aws sts get-caller-identity; then aws sso login.';
    return { code: 'S3_REJECTED', what: 'S3 rejected the request without a reason', todo };
  }
  const todo = 'Read what S3 says, and look its code up in the S3 documentation.';
  return {
    code: 'S3_REJECTED',
    what: 'S3 rejected the request',
    // What a person can mend is answered otherwise, and told above.
    todo:
      status === 400 ? `${todo} The request itself is wrong: that is a defect of cutover, report it with what S3 says.` : todo,
  };
}

const EXPIRED: Described = {
  code: 'S3_CREDENTIALS_EXPIRED',
  what: 'The AWS credentials have expired',
  todo: 'Log in again: aws sso login, then: cutover retry <run>',
};

/** Node's codes; the SDK keeps some of them in the message only, and calls a reset connection a TimeoutError. */
const UNREACHABLE =
  /\b(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EPROTO|HPE_\w+|ERR_SSL_\w+|ERR_STREAM_PREMATURE_CLOSE|socket hang up|aborted)\b/i;

function unanswered(error: unknown, request: S3Request): Described {
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  if (/^(CredentialsProviderError|TokenProviderError|CredentialsError)$/.test(name ?? '')) {
    if (/expired|sso login|refresh/i.test(message ?? '')) return EXPIRED;
    const todo = 'Export AWS_PROFILE (and log in with: aws sso login), then try again.';
    return { code: 'S3_CREDENTIALS_MISSING', what: 'There are no AWS credentials', todo };
  }
  if (UNREACHABLE.test(`${code ?? ''} ${message ?? ''}`)) {
    const todo = `Check the network to ${request.region} and AWS_ENDPOINT_URL. Whether the request took effect is looked up next time.`;
    return { code: 'S3_UNREACHABLE', what: 'The connection to S3 failed', todo, transient: true };
  }
  if (name === 'TimeoutError') {
    return {
      code: 'S3_TIMEOUT',
      what: 'S3 did not answer in time',
      todo: `Check the network to ${request.region}.`,
      transient: true,
    };
  }
  const todo = 'Check that AWS_ENDPOINT_URL, if set, is an S3 service, and that files it reads are there.';
  return { code: 'S3_REJECTED', what: 'The request or its answer could not be understood', todo };
}

function answerOf(error: unknown): Answer {
  const { name, message, Code, $metadata, $response } = error as {
    name?: string;
    message?: string;
    Code?: string;
    $metadata?: { httpStatusCode?: number; requestId?: string };
    $response?: { statusCode?: number; headers?: Record<string, string> };
  };
  const headers = $response?.headers ?? {};
  // An answer that could not be read (cut off, not XML) has a status too: but it is no rejection by S3.
  const status = $metadata?.httpStatusCode ?? null;
  return {
    code: Code ?? name ?? 'Error',
    message: (message ?? String(error)).replace(/\s+/g, ' ').trim(),
    status: status !== null && status >= 300 ? status : null,
    requestId: $metadata?.requestId ?? headers['x-amz-request-id'] ?? null,
    headers,
  };
}

/** The bucket's region where S3 says that the request went to another one (301, or 400 with the region). */
function rightRegion({ code, message, status, headers }: Answer, { region }: S3Request): string | null {
  const named = headers['x-amz-bucket-region'] ?? /expecting '([a-z0-9-]+)'/.exec(message)?.[1] ?? null;
  if (named !== null && named !== region && (status === 301 || status === 307 || status === 400)) return named;
  return status === 301 || code === 'PermanentRedirect' ? (named ?? 'another region') : null;
}

/** S3 accepts a request for 15 minutes around its date; HEAD tells the reason of a 403 by its Date header alone. */
function isSkewed({ headers, code }: Answer): boolean {
  const date = Date.parse(headers['date'] ?? '');
  return !Number.isNaN(date) && code !== 'AccessDenied' && Math.abs(date - Date.now()) > 14 * 60_000;
}

/** Source: "Required permissions for Amazon S3 API operations". */
const PERMISSIONS: Readonly<Record<string, string>> = {
  HeadBucket: 's3:ListBucket',
  GetBucketVersioning: 's3:GetBucketVersioning',
  GetObjectLockConfiguration: 's3:GetBucketObjectLockConfiguration',
  ListObjectVersions: 's3:ListBucketVersions',
  PutObject: 's3:PutObject and s3:PutObjectRetention',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListParts: 's3:ListMultipartUploadParts',
  CreateMultipartUpload: 's3:PutObject and s3:PutObjectRetention',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  PutObjectRetention: 's3:PutObjectRetention',
  HeadObject: 's3:GetObject, s3:GetObjectVersion and s3:ListBucket',
  GetObject: 's3:GetObject, s3:GetObjectVersion and s3:ListBucket',
  GetObjectRetention: 's3:GetObjectRetention',
};

function permissions({ message }: Answer, operation: string): string {
  return /not authorized to perform: (s3:\w+)/.exec(message)?.[1] ?? PERMISSIONS[operation] ?? `the permission for ${operation}`;
}
