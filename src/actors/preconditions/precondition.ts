import type { RunVariable } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import { ActorError } from '../actor.js';
import { failed } from '../check.js';

/** What a pre-condition found: its checks, and what it saw when it could see it. */
export interface Finding<Facts> {
  readonly checks: readonly Check[];
  readonly facts: Facts | null;
}

/** Those of the variables that a check needs which are not valid: nothing is asked with them, a wrong endpoint least of all. */
export function invalid(variables: readonly Check[], needed: readonly RunVariable[]): readonly RunVariable[] {
  return needed.filter((variable) => variables.some((check) => check.name === variable && !check.ok));
}

export function notAsked(name: string, wrong: readonly RunVariable[]): Finding<never> {
  const message = `not asked: ${wrong.join(' and ')} ${wrong.length === 1 ? 'is' : 'are'} not valid`;
  return { checks: [failed(name, message, 'Mend what is said of it below.')], facts: null };
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
