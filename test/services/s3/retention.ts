import { protectedByLock } from './s3-error.js';

/**
 * The rules of S3 Object Lock, without I/O and without a clock.
 * Source: "Locking objects with Object Lock" in the S3 user guide.
 */
export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface Retention {
  readonly mode: LockMode;
  readonly retainUntil: Date;
}

/** The default retention of a bucket: exactly one of days and years. */
export interface DefaultRetention {
  readonly mode: LockMode;
  readonly days?: number;
  readonly years?: number;
}

export interface Locked {
  readonly retention?: Retention | undefined;
  readonly legalHold?: boolean | undefined;
}

export const isLockMode = (text: string | undefined): text is LockMode => text === 'GOVERNANCE' || text === 'COMPLIANCE';

/**
 * Throws 403 unless the version may be deleted for good: a legal hold and COMPLIANCE always forbid it,
 * GOVERNANCE does unless the caller bypasses it (and may).
 */
export function assertDeletable(version: Locked, now: Date, bypassGovernance: boolean): void {
  if (version.legalHold) throw protectedByLock();
  const active = activeRetention(version, now);
  if (!active) return;
  if (active.mode === 'COMPLIANCE' || !bypassGovernance) throw protectedByLock();
}

/**
 * Throws 403 unless the retention may be replaced by `next` (undefined removes it): nothing shortens, removes or
 * loosens COMPLIANCE; GOVERNANCE may be extended by anyone with s3:PutObjectRetention, all else needs the bypass.
 */
export function assertRetentionChange(version: Locked, next: Retention | undefined, now: Date, bypassGovernance: boolean): void {
  const active = activeRetention(version, now);
  if (!active) return;
  const extended = next?.mode === active.mode && next.retainUntil >= active.retainUntil;
  if (extended) return;
  if (active.mode === 'COMPLIANCE' || !bypassGovernance) throw protectedByLock();
}

/** The retention that a bucket's default gives to an object stored at `now`. */
export function retentionFromDefault(rule: DefaultRetention, now: Date): Retention {
  const until = new Date(now);
  if (rule.years !== undefined) until.setUTCFullYear(until.getUTCFullYear() + rule.years);
  else until.setUTCDate(until.getUTCDate() + (rule.days ?? 0));
  return { mode: rule.mode, retainUntil: until };
}

function activeRetention(version: Locked, now: Date): Retention | undefined {
  return version.retention && version.retention.retainUntil > now ? version.retention : undefined;
}
