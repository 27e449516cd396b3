import type { AttemptRecord, LeaseHolder, LeaseRecord, RunRecord } from '../store/store.js';
import type { RunLook } from './engine.js';
import { holderIsGone, LEASE_STALE_MS } from './take-lease.js';

/** Derives what a run looks like at `now`, seen from `here` (whose kernel knows whether a driver on this host lives). */
export function runLook(
  run: RunRecord,
  lease: LeaseRecord | null,
  attempts: readonly AttemptRecord[],
  here: LeaseHolder,
  now: Date,
): RunLook {
  if (run.waitingSince !== null) return { kind: 'waiting', text: `waiting ${age(run.waitingSince, now)}` };
  if (run.status !== 'active') return { kind: run.status, text: run.status };
  if (!lease?.holder || holderIsGone(lease.holder, here)) return { kind: 'interrupted', text: 'interrupted' };
  if (now.getTime() - Date.parse(lease.heartbeatAt) > LEASE_STALE_MS) {
    return { kind: 'stalled', text: `stalled (heartbeat ${age(lease.heartbeatAt, now)} ago)` };
  }
  const last = attempts.at(-1);
  if (last !== undefined && last.attempt > 1) return { kind: 'retrying', text: `running (attempt ${last.attempt})` };
  return { kind: 'running', text: 'running' };
}

/** `5s`, `4m`, `3h`, `2d`: the largest unit that fits. */
export function age(since: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
