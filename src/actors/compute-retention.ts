import type { StepContracts } from '../config/step-contracts.js';
import type { Actor } from './actor.js';

type Contract = StepContracts['computeRetention'];

const DAY_MS = 86_400_000;

/** Runbook step 4c: retain until now + the days asked for. Computed once and recorded, so that every retry asks for the same. */
export const computeRetention: Actor<Contract['input'], Contract['output']> = ({ settings }, context) => {
  const now = context.now();
  return Promise.resolve({
    retainUntil: wholeSeconds(new Date(now.getTime() + settings.retentionDays * DAY_MS)),
    generatedAt: wholeSeconds(now),
  });
};

/** YYYY-MM-DDThh:mm:ssZ; a fraction of a second is cut off. */
export function wholeSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
