import type { ActorError } from '../actors/actor.js';
import type { AttemptFailure } from '../config/step-contracts.js';

/** Expected failures keep their code; anything else is a defect and says so. */
export function attemptFailure(error: unknown): AttemptFailure {
  if (isActorError(error)) {
    const { details, transient } = error.options;
    return { code: error.code, message: error.message, details: details ?? null, transient: transient ?? false };
  }
  if (!(error instanceof Error)) return { code: 'UNEXPECTED', message: String(error), details: null, transient: false };
  const expected = 'code' in error && typeof error.code === 'string';
  const message = expected ? error.message : `${error.name}: ${error.message}`;
  return { code: expected ? String(error.code) : 'UNEXPECTED', message, details: null, transient: false };
}

function isActorError(error: unknown): error is ActorError {
  return error instanceof Error && error.name === 'ActorError';
}
