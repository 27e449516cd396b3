import { ActorError } from './actor.js';

const TIMEOUT_MS = 10_000;

/**
 * By how many milliseconds this machine's clock is ahead of the server's at `url` (behind: negative), told by the Date header of
 * whatever it answers: a refusal has one too, so nothing is signed. `now` is this machine's clock. Accurate to a second and half
 * the time that the answer took. Error: CLOCK_UNKNOWN when there is no answer, or none with a date.
 */
export async function clockOffset(url: string, now: () => Date, signal: AbortSignal): Promise<number> {
  const before = now().getTime();
  const date = Date.parse(await dateOf(url, signal));
  const after = now().getTime();
  if (Number.isNaN(date)) throw unknown(url, 'its answer has no readable Date header');
  // The header has whole seconds: on average it is half a second old.
  return (before + after) / 2 - (date + 500);
}

async function dateOf(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    await response.body?.cancel();
    return response.headers.get('date') ?? '';
  } catch (error) {
    signal.throwIfAborted();
    // fetch says that it failed; its cause says why.
    const { message, cause } = error as Error & { readonly cause?: Partial<Error> };
    throw unknown(url, `it did not answer (${cause?.message || message})`, error);
  }
}

function unknown(url: string, why: string, cause?: unknown): ActorError {
  return new ActorError(
    'CLOCK_UNKNOWN',
    `The clock could not be compared with ${url}: ${why}. Check the network and the address, then try again.`,
    { cause },
  );
}
