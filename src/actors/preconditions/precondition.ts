import type { Check } from '../../config/step-contracts.js';
import { ActorError } from '../actor.js';

/** What a pre-condition found: its checks, and what it saw when it could see it. */
export interface Finding<Facts> {
  readonly checks: readonly Check[];
  readonly facts: Facts | null;
}

export function passed(name: string, message: string): Check {
  return { name, ok: true, message, advice: null };
}

export function failed(name: string, message: string, advice: string): Check {
  return { name, ok: false, message, advice };
}

/** An expected failure of a tool or service is a failed check, so that the others are reported too; an abort is not. */
export async function orFailedCheck<Facts>(
  name: string,
  signal: AbortSignal,
  look: () => Promise<Finding<Facts>>,
): Promise<Finding<Facts>> {
  try {
    return await look();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ActorError)) throw error;
    return { checks: [failed(name, `${error.code}: ${error.message}`, 'Mend this, then start again.')], facts: null };
  }
}
