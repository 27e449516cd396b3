import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Account } from './account.js';
import { accessDenied, S3Error } from './s3-error.js';

/**
 * Checks the SigV4 `Authorization` header of a request: key id, region, age, token, signature; `bodySha256` is the hex digest
 * to use when the request names none. Throws what S3 or STS would answer.
 * Source: "Signature calculations for the Authorization header" in the S3 API reference; "Common errors" of S3 and of STS.
 */
export function assertSigned(request: IncomingMessage, service: 's3' | 'sts', account: Account, bodySha256?: string): void {
  const s3 = service === 's3';
  const authorization = request.headers.authorization;
  if (authorization === undefined) {
    throw s3 ? accessDenied() : new S3Error(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  const parsed = parseAuthorization(authorization);
  if (!parsed) throw malformed('The authorization header that you provided is not valid.');
  if (parsed.accessKey !== account.accessKey) throw unknownKey(s3, parsed.accessKey);
  if (parsed.region !== account.region || parsed.service !== service) throw wrongScope(s3, parsed, account.region);
  assertFresh(header(request, 'x-amz-date'), account.now());
  if (account.credentials === 'expired') {
    throw s3
      ? new S3Error(400, 'ExpiredToken', 'The provided token has expired.')
      : new S3Error(403, 'ExpiredToken', 'The security token included in the request is expired');
  }
  if (signatureOf(request, parsed, account.secretKey, bodySha256) === parsed.signature) return;
  throw new S3Error(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

interface Authorization {
  readonly accessKey: string;
  /** YYYYMMDD */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function parseAuthorization(header: string): Authorization | undefined {
  const match =
    /^AWS4-HMAC-SHA256 +Credential=([^/, ]+)\/(\d{8})\/([^/, ]+)\/([^/, ]+)\/aws4_request, *SignedHeaders=([^, ]+), *Signature=([\da-f]{64})$/.exec(
      header,
    );
  if (!match) return undefined;
  const [, accessKey = '', day = '', region = '', service = '', signed = '', signature = ''] = match;
  return { accessKey, day, region, service, signedHeaders: signed.split(';'), signature };
}

/** S3 and STS accept a request for 15 minutes around its date. */
function assertFresh(date: string | undefined, now: Date): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date ?? '');
  if (!parts) throw accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  if (Math.abs(Date.UTC(year, month - 1, day, hour, minute, second) - now.getTime()) <= 15 * 60_000) return;
  throw new S3Error(
    403,
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
    {},
    { RequestTime: date ?? '', ServerTime: now.toISOString(), MaxAllowedSkewMilliseconds: '900000' },
  );
}

function signatureOf(request: IncomingMessage, authorization: Authorization, secretKey: string, bodySha256?: string): string {
  const [path = '/', query = ''] = splitOnce(request.url ?? '/', '?');
  const canonicalRequest = [
    request.method ?? '',
    path,
    canonicalQuery(query),
    ...authorization.signedHeaders.map((name) => `${name}:${(header(request, name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    authorization.signedHeaders.join(';'),
    header(request, 'x-amz-content-sha256') ?? bodySha256 ?? '',
  ].join('\n');
  const scope = `${authorization.day}/${authorization.region}/${authorization.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', header(request, 'x-amz-date') ?? '', scope, sha256(canonicalRequest)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((previous, part) => hmac(previous, part), `AWS4${secretKey}`);
  return hmac(key, toSign).toString('hex');
}

/** The query as sent (already encoded), sorted; a name without `=` gets an empty value. */
function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => (part.includes('=') ? part : `${part}=`))
    .sort()
    .join('&');
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

const malformed = (message: string, headers = {}, details = {}) =>
  new S3Error(400, 'AuthorizationHeaderMalformed', message, headers, details);

const unknownKey = (s3: boolean, key: string) =>
  s3
    ? new S3Error(
        403,
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        {},
        { AWSAccessKeyId: key },
      )
    : new S3Error(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');

function wrongScope(s3: boolean, { region, service }: Authorization, expected: string): S3Error {
  if (!s3) return new S3Error(403, 'SignatureDoesNotMatch', 'Credential should be scoped to a valid region.');
  if (service !== 's3')
    return malformed(`The authorization header is malformed; incorrect service "${service}". This endpoint belongs to "s3".`);
  const message = `The authorization header is malformed; the region '${region}' is wrong; expecting '${expected}'`;
  return malformed(message, { 'x-amz-bucket-region': expected }, { Region: expected });
}
