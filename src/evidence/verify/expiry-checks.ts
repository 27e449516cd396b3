import { z } from 'zod';
import { EVIDENCE } from '../layout.js';
import { allOf, failed, isUnknown, same, type Unknown, type VerifyCheck } from './check.js';
import type { HistorySoFar, RecordedSignature } from './history-reader.js';

const WHAT = 'each signature, before the human gate expired';
const MS_PER_HOUR = 3_600_000;

/** Nothing was signed after the time that the frozen policy gives a pause, by the times that the history has. */
export function expiryChecks(history: HistorySoFar | Unknown): VerifyCheck[] {
  if (isUnknown(history) || history.signatures.length === 0) return [];
  const asked = requestSchema.safeParse(history.started?.event['request']);
  if (!asked.success) {
    return [failed(EVIDENCE.history, WHAT, 'before it expired', 'the policy of the first transition cannot be read')];
  }
  const { expiresAfterHours: hours } = asked.data.policy.pause;
  const whole = hours === null ? 'it does not expire' : `within ${hours} hours of the pause`;
  const late = hours === null ? [] : history.signatures.filter((signature) => isLate(signature, hours));
  return allOf(
    same(EVIDENCE.history, WHAT, whole, whole),
    late.map(({ seq, at, pausedAt }) =>
      failed(EVIDENCE.history, WHAT, whole, `transition ${seq}: at ${at}, of a pause since ${pausedAt ?? 'nobody knows when'}`),
    ),
  );
}

const requestSchema = z.object({
  policy: z.object({ pause: z.object({ expiresAfterHours: z.number().positive().nullable() }) }),
});

/** A time that cannot be read is never one in time. */
function isLate({ at, pausedAt }: RecordedSignature, hours: number): boolean {
  return !(Date.parse(at) < Date.parse(pausedAt ?? '') + hours * MS_PER_HOUR);
}
