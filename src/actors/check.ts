import type { Check } from '../config/step-contracts.js';

/** A check that found what it wants. */
export function passed(name: string, message: string): Check {
  return { name, ok: true, message, advice: null };
}

/** A check that did not; `advice` says what to do. */
export function failed(name: string, message: string, advice: string): Check {
  return { name, ok: false, message, advice };
}
