import type { RunRequest } from '../config/settings.js';
import type { Finding } from '../config/step-contracts.js';

/** A decision of a person that the summary must show. */
export interface Exception {
  readonly at: string;
  readonly by: string;
  readonly what: string;
  readonly reason: string;
  /** YYYY-MM-DD (UTC): until then somebody else is to have looked at it. */
  readonly reviewBy: string;
  /** What of the secret scan was accepted. */
  readonly finding?: Finding;
}

/** As it is recorded: with the day until which it is to be reviewed, by the policy that was frozen with the run. */
export function exceptionOf(request: RunRequest, decided: Omit<Exception, 'reviewBy'>): Exception {
  const due = Date.parse(decided.at) + request.policy.postReviewDays * 86_400_000;
  return { ...decided, reviewBy: new Date(due).toISOString().slice(0, 10) };
}

/** In a sentence, as summary and status have it. */
export function exceptionText({ at, by, what, reason, reviewBy }: Exception): string {
  return `${at} ${by}: ${what}: ${reason} (review by ${reviewBy})`;
}
