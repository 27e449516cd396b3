import { checkTimestamp, TimestampError, timestampRequest, type Timestamp } from '../../evidence/attestation/timestamp.js';
import { ActorError } from '../actor.js';

const TIMEOUT_MS = 10_000;
/** A token with a chain of certificates has a few KiB. */
const MAX_RESPONSE_BYTES = 256 * 1024;

export interface Timestamped {
  /** The whole TimeStampResp, in DER. */
  readonly response: Buffer;
  readonly timestamp: Timestamp;
}

/**
 * Asks a time-stamping authority for a token over the SHA-256 of `data`, and verifies what it answers. Source: RFC 3161, 3.4 (HTTP).
 * Errors: TSA_UNAVAILABLE (transient), TSA_REFUSED, TIMESTAMP_INVALID.
 */
export async function askForTimestamp(
  url: string,
  data: Uint8Array,
  signal: AbortSignal,
  timeoutMs: number = TIMEOUT_MS,
): Promise<Timestamped> {
  const { query, nonce } = await timestampRequest(data);
  const response = await answerOf(url, query, signal, timeoutMs);
  try {
    return { response, timestamp: await checkTimestamp(response, data, { nonce }) };
  } catch (error) {
    if (!(error instanceof TimestampError)) throw error;
    throw failure('TIMESTAMP_INVALID', url, `answered with no valid timestamp: ${error.message}`);
  }
}

async function answerOf(url: string, query: Buffer, signal: AbortSignal, timeoutMs: number): Promise<Buffer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      // A redirect would be followed without the request.
      redirect: 'manual',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: new Uint8Array(query),
      signal: AbortSignal.any([signal, timeout]),
    });
    return await bodyOf(url, response);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ActorError) throw error;
    const why = timeout.aborted ? `gave no complete answer within ${timeoutMs / 1000} s` : `cannot be reached: ${causeOf(error)}`;
    throw failure('TSA_UNAVAILABLE', url, why);
  }
}

async function bodyOf(url: string, { status, headers, body }: Response): Promise<Buffer> {
  const type = headers.get('content-type')?.split(';')[0]?.trim() ?? 'no content type';
  if (status !== 200 || type !== 'application/timestamp-reply') {
    await body?.cancel();
    const isBusy = status >= 500 || status === 429;
    const what = `answered with ${status}, ${type}; expected 200, application/timestamp-reply`;
    throw failure(isBusy ? 'TSA_UNAVAILABLE' : 'TSA_REFUSED', url, what);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).byteLength;
    if (size > MAX_RESPONSE_BYTES) throw failure('TSA_REFUSED', url, `answered with more than ${MAX_RESPONSE_BYTES / 1024} KiB`);
  }
  return Buffer.concat(chunks);
}

function failure(code: 'TSA_UNAVAILABLE' | 'TSA_REFUSED' | 'TIMESTAMP_INVALID', url: string, what: string): ActorError {
  return new ActorError(code, `The timestamp authority (CUTOVER_TSA_URL), ${url}, ${what}.`, {
    details: { url },
    transient: code === 'TSA_UNAVAILABLE',
  });
}

/** `fetch` says "fetch failed"; the cause says why. */
function causeOf(error: unknown): string {
  const { cause, message } = error as {
    readonly cause?: { readonly code?: string; readonly message?: string };
    message?: string;
  };
  return cause?.message || cause?.code || message || String(error);
}
