import { SignOffLeftError, UsageError } from '../errors.js';
import type { Io } from '../io.js';

/** The person at the terminal, if there is one, types the run's id. Throws `UsageError` for another one, `SignOffLeftError`. */
export async function confirmed(what: string, runId: string, { confirm }: { readonly confirm: boolean }, io: Io): Promise<void> {
  if (io.prompt === null || !confirm) return;
  const typed = await io.prompt(`${what}. Type the run id to confirm: `);
  if (typed === null) throw new SignOffLeftError(runId);
  if (typed.trim() !== runId) throw new UsageError(`${JSON.stringify(typed.trim())} is not ${runId}: nothing was signed.`);
}
