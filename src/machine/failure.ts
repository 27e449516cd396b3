import type { AttemptFailure, HeldOutcome } from '../config/step-contracts.js';
import { named } from '../evidence/person.js';
import type { Failure } from './context.js';
import type { PilotEvent } from './events.js';
import { isBefore, type Place } from './steps.js';

/** The error of a failed attempt; an event without one is no failed attempt, and a defect to ask here. */
export function attemptError(event: PilotEvent): AttemptFailure {
  if (!('error' in event)) throw new Error(`${event.type} carries no error`);
  return event.error;
}

/** What a step had come to when the scan of its files failed it. What is sealed is scanned again as a whole: nothing of it is kept. */
export function heldOutcome({ step, code, details }: Failure): HeldOutcome | null {
  if (code !== 'SECRET_FOUND' || !isBefore(step, 'sealing.scanning')) return null;
  return (details as { readonly held?: HeldOutcome } | null)?.held ?? null;
}

/** Why a run stands still, made of what was reported or decided. */
export function failureAt(place: Place, event: PilotEvent): Failure {
  if (event.type === 'VERIFICATION_REJECTED') {
    return {
      step: place,
      code: 'VERIFICATION_REJECTED',
      message: `${named({ ...event.who, user: event.by })} rejected the restore: ${event.reason}`,
      details: null,
      at: event.at,
      seq: event.seq,
      attempt: null,
      by: null,
    };
  }
  if (event.type === 'EXPIRED') {
    return {
      step: place,
      code: 'GATE_EXPIRED',
      message: `Not all who must had signed when the human gate expired at ${event.expiresAt}. A supervisor can open it again: replay ${place}.`,
      details: { expiresAt: event.expiresAt },
      at: event.at,
      seq: event.seq,
      attempt: null,
      by: null,
    };
  }
  const { code, message, details } = attemptError(event);
  const { at, seq, who: by } = event;
  return { step: place, code, message, details, at, seq, attempt: 'attempt' in event ? event.attempt : null, by };
}
