import type { Check } from '../../config/step-contracts.js';
import { failed } from '../check.js';

/** Source: design section 7, "2xx within 15 s". */
export const HEALTH_TIMEOUT_MS = 15_000;
/** A health endpoint says a few words; whatever is longer is some other page. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Asks one health endpoint: 2xx, with its whole body, within `timeoutMs`. A redirect is not followed and is a failure: a login
 * page would be 200. Only status, size and duration are told, never the body. Throws nothing but the signal's reason.
 */
export async function checkHealth(url: string, signal: AbortSignal, timeoutMs: number = HEALTH_TIMEOUT_MS): Promise<Check> {
  const name = `GET ${url}`;
  const startedAt = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
      headers: { accept: 'application/json, text/plain, */*', 'cache-control': 'no-cache' },
    });
    const size = await bodySize(response);
    const { ok, message, advice } = judge(response, size);
    return { name, ok, message: `${message} (${Math.round(performance.now() - startedAt)} ms)`, advice };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) {
      return failed(
        name,
        `no complete answer within ${timeoutMs / 1000} s`,
        'Find out what the service waits for, or whether a firewall drops the packets.',
      );
    }
    const { message, advice } = explain(error, new URL(url));
    return failed(name, message, advice);
  }
}

/** Bytes of the body, or null when there are more than allowed; the rest is then not read. */
async function bodySize(response: Response): Promise<number | null> {
  let size = 0;
  if (response.body === null) return size;
  // Leaving the loop cancels the stream.
  for await (const chunk of response.body) {
    size += (chunk as Uint8Array).byteLength;
    if (size > MAX_BODY_BYTES) return null;
  }
  return size;
}

function judge(response: Response, size: number | null): Omit<Check, 'name'> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    const location = response.headers.get('location');
    return {
      ok: false,
      message: `${status}, a redirect${location === null ? '' : ` to ${withoutQuery(location)}`}; expected 2xx from the service itself`,
      advice: 'Set DPP_STAGING_BASE_URL to the address that answers itself.',
    };
  }
  if (!response.ok) {
    return {
      ok: false,
      message: `${status}; expected 2xx`,
      advice: 'Look at the logs of the staging deployments, and mend the service.',
    };
  }
  if (size === null) {
    return {
      ok: false,
      message: `${status} with more than ${MAX_BODY_BYTES / 1024} KiB; this is no answer of a health endpoint`,
      advice: 'Check that DPP_STAGING_BASE_URL is the address of the API and not of a web site.',
    };
  }
  return { ok: true, message: `${status}, ${size} bytes`, advice: null };
}

/** Where a login redirect leads; its query may hold a token. */
function withoutQuery(location: string): string {
  return location.split(/[?#]/)[0] ?? '';
}

/** What `fetch` hides: its error says "fetch failed", the cause says why, and for several addresses each has a cause. */
function explain(error: unknown, url: URL): { message: string; advice: string } {
  const causes = causesOf(error);
  const code = causes.map(codeOf).find((found) => found !== null) ?? null;
  const said = messageOf(causes.at(-1)) ?? String(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      message: `the name ${url.hostname} does not resolve (DNS: ${code})`,
      advice: 'Check DPP_STAGING_BASE_URL, VPN and DNS.',
    };
  }
  if (code === 'ECONNREFUSED') {
    return {
      message: `connection refused by ${url.host}`,
      advice: 'Check that staging is up, and the port in DPP_STAGING_BASE_URL.',
    };
  }
  if (code !== null && /^(ECONN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|UND_ERR)/.test(code)) {
    return {
      message: `the connection to ${url.host} failed (${code}: ${said})`,
      advice: 'Check the network, VPN, and that staging is up.',
    };
  }
  if (code !== null && /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO|HOSTNAME_MISMATCH)/.test(code)) {
    return {
      message: `TLS with ${url.host} failed (${code}: ${said.trim()})`,
      advice: 'Mend the certificate; an own authority is made known with NODE_EXTRA_CA_CERTS.',
    };
  }
  return {
    message: `the request failed (${code === null ? '' : `${code}: `}${said})`,
    advice: 'Check DPP_STAGING_BASE_URL and what answers there.',
  };
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let next = error; next !== undefined && next !== null && causes.length < 10; next = nested(next)) causes.push(next);
  return causes;
}

/** Told by their fields: an error of another realm is no `instanceof Error`. */
interface Failure {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

function nested(error: unknown): unknown {
  const { errors, cause } = error as Failure;
  return Array.isArray(errors) ? errors[0] : cause;
}

function codeOf(error: unknown): string | null {
  const { code } = error as Failure;
  return typeof code === 'string' ? code : null;
}

function messageOf(error: unknown): string | null {
  const { message } = (error ?? {}) as Failure;
  return typeof message === 'string' ? message : null;
}
