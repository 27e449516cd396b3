import { createInterface } from 'node:readline';
import { InterruptedError } from '../engine/errors.js';

/**
 * Asks a line of whoever sits at the terminal; null at the end of the input (Ctrl-D). Rejects with `InterruptedError` for Ctrl-C, which a
 * terminal that is read character by character does not turn into a signal, and with the signal's reason.
 */
export async function promptAt(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  question: string,
  signal: AbortSignal,
): Promise<string | null> {
  signal.throwIfAborted();
  const terminal = createInterface({ input, output });
  const interrupted = new AbortController();
  try {
    return await new Promise<string | null>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: interrupted.signal });
      terminal.once('SIGINT', () => reject(new InterruptedError('SIGINT')));
      terminal.once('close', () => resolve(null));
      terminal.question(question, resolve);
    });
  } finally {
    interrupted.abort();
    terminal.close();
  }
}
