import type { AttemptFailure } from '../config/step-contracts.js';
import type { Failure } from './context.js';
import type { PilotEvent } from './events.js';
import type { Place } from './steps.js';

/** The error of a failed attempt; an event without one is no failed attempt, and a defect to ask here. */
export function attemptError(event: PilotEvent): AttemptFailure {
  if (!('error' in event)) throw new Error(`${event.type} carries no error`);
  return event.error;
}

/** Why a run stands still, made of what was reported or decided. */
export function failureAt(place: Place, event: PilotEvent): Failure {
  if (event.type === 'VERIFICATION_REJECTED') {
    return {
      step: place,
      code: 'VERIFICATION_REJECTED',
      message: `${event.by} rejected the restore: ${event.reason}`,
      details: null,
      at: event.at,
      attempt: null,
    };
  }
  const { code, message, details } = attemptError(event);
  return { step: place, code, message, details, at: event.at, attempt: 'attempt' in event ? event.attempt : null };
}
