import { attemptLogName } from '../evidence/layout.js';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import type { AttemptRecord } from '../store/store.js';

/** Where the log of an attempt is kept now: under a name of its own once there was a later one. Null when it left none. */
export async function logFileOf(
  name: string,
  { step, attempt }: Pick<AttemptRecord, 'step' | 'attempt'>,
  attempts: readonly AttemptRecord[],
  evidence: EvidenceDir,
): Promise<string | null> {
  const kept = attemptLogName(name, attempt);
  if (await evidence.exists(kept)) return kept;
  const later = attempts.some((other) => other.step === step && other.attempt > attempt && other.logFile === name);
  return !later && (await evidence.exists(name)) ? name : null;
}
