import type { RunRequest } from '../config/settings.js';
import type { Check } from '../config/step-contracts.js';
import { applyFrozen } from './frozen-variables.js';
import type { Io } from './io.js';

/** Every check of the preflight, passed or failed. Throws what is no failed check. */
export async function preconditionChecks(request: RunRequest, io: Io): Promise<readonly Check[]> {
  applyFrozen(request.variables, io.env);
  try {
    return (await io.parts.checkPreconditions(request, io, () => {})).checks;
  } catch (error) {
    const checks = checksOf(error);
    if (checks === null) throw error;
    return checks;
  }
}

/** A failed preflight tells every check in its details; any other error tells none. */
function checksOf(error: unknown): readonly Check[] | null {
  if (!(error instanceof Error) || !('options' in error)) return null;
  const { details } = error.options as { details?: { checks?: unknown } };
  return Array.isArray(details?.checks) ? (details.checks as Check[]) : null;
}
