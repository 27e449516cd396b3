/** Milliseconds for the whole exchange. */
const TIMEOUT_MS = 10_000;

/** Of 4xx, those that say "not now". Source: RFC 9110, RFC 8470 (425), RFC 6585 (429). */
const NOT_NOW = [408, 425, 429];

/** What a receiver made of a message. `refused`: it will not take it, however often it is asked. */
export type Answer = { readonly taken: true } | { readonly taken: false; readonly refused: boolean; readonly error: string };

/**
 * Posts JSON to a receiver. 2xx: it has taken it. A redirect is not followed: it would lead the message elsewhere. An error names host
 * and port, never the URL, which may be a secret. Throws nothing but the signal's reason.
 */
export async function postMessage(
  url: URL,
  { body, headers }: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  signal: AbortSignal,
  timeoutMs: number = TIMEOUT_MS,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body,
      signal: AbortSignal.any([signal, timeout]),
    });
    await response.body?.cancel();
    return judge(response.status, url.host);
  } catch (error) {
    signal.throwIfAborted();
    const why = timeout.aborted ? `gave no answer within ${timeoutMs / 1000} s` : `cannot be reached (${causeOf(error)})`;
    return { taken: false, refused: false, error: `${url.host} ${why}` };
  }
}

function judge(status: number, host: string): Answer {
  if (status >= 200 && status < 300) return { taken: true };
  const refused = status >= 400 && status < 500 && !NOT_NOW.includes(status);
  const what = status >= 300 && status < 400 ? `${status}, a redirect, which is not followed` : String(status);
  return { taken: false, refused, error: `${host} answered ${what}` };
}

/** `fetch` says "fetch failed"; the code of the cause says why. */
function causeOf(error: unknown): string {
  const { cause, name } = error as { readonly cause?: { readonly code?: unknown }; readonly name?: string };
  return typeof cause?.code === 'string' ? cause.code : (name ?? 'unknown');
}
