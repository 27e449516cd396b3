import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess } from '../actors/process/process-identity.js';
import { endProcessGroup } from '../actors/process/process-group.js';
import { LeaseHeldError } from '../store/errors.js';
import type { LeaseHolder, LeaseRecord } from '../store/store.js';
import type { EngineOptions } from './engine.js';

/** Milliseconds without a heartbeat after which a driver elsewhere counts as dead. */
export const LEASE_STALE_MS = 30_000;

/**
 * Takes a run's lease. A holder on this host and boot is asked of the kernel: alive, or gone, at once. A holder elsewhere is
 * watched: its counter must stand still for `leaseStaleMs` on our own monotonic clock, since nobody's wall clock can be trusted.
 * Throws `LeaseHeldError` naming the holder, and the reason of `signal` when told to stop.
 */
export async function takeLease(options: EngineOptions, runId: string): Promise<LeaseRecord> {
  const { store, holder, now } = options;
  const seen = await store.getLease(runId);
  if (seen?.holder && !holderIsGone(seen.holder, holder)) {
    if (isOnThisHost(seen.holder, holder)) throw new LeaseHeldError(seen);
    await watchUntilStale(options, seen);
  }
  return store.acquireLease(runId, holder, seen, now().toISOString());
}

/** Takes the lease from a living driver: whoever it is, or the one that was seen. Throws `LeaseHeldError` for another one. */
export async function seizeLease(
  { store, holder, now }: EngineOptions,
  runId: string,
  from: 'whoever' | LeaseRecord,
): Promise<LeaseRecord> {
  if (from === 'whoever') return store.seizeLease(runId, holder, now().toISOString());
  for (let seen = from; ;) {
    try {
      return await store.acquireLease(runId, holder, seen, now().toISOString());
    } catch (error) {
      // A heartbeat since is no other driver.
      if (!(error instanceof LeaseHeldError) || error.lease.fence !== from.fence) throw error;
      seen = error.lease;
    }
  }
}

/**
 * Ends what an earlier driver left running here; to be called before anything of the run is touched, and under a lease that is
 * kept: processes may take a while to end.
 */
export async function endOrphans({ store, holder }: EngineOptions, runId: string): Promise<void> {
  for (const attempt of await store.openAttempts(runId)) {
    for (const child of attempt.children) {
      if (child.bootId !== null && child.bootId === holder.bootId) await endProcessGroup(child);
      await store.forgetChild(attempt.attemptId, child);
    }
  }
}

/** True when the kernel of this very boot says so, or when the machine was booted again since. */
export function holderIsGone(theirs: LeaseHolder, ours: LeaseHolder): boolean {
  if (!isOnThisHost(theirs, ours)) return false;
  if (theirs.bootId !== ours.bootId) return true;
  return !isSameProcess({ pid: theirs.pid, startTime: theirs.startTime });
}

/** The host's name too: containers share the kernel's boot id and may share the machine id, but not each other's pids. */
function isOnThisHost(theirs: LeaseHolder, ours: LeaseHolder): boolean {
  return theirs.machineId !== null && theirs.machineId === ours.machineId && theirs.host === ours.host && theirs.bootId !== null;
}

async function watchUntilStale(
  { store, leaseStaleMs = LEASE_STALE_MS, notify, signal }: EngineOptions,
  seen: LeaseRecord,
): Promise<void> {
  notify({ type: 'watching-lease', lease: seen, forMs: leaseStaleMs });
  const deadline = performance.now() + leaseStaleMs;
  while (performance.now() < deadline) {
    await sleep(Math.min(1_000, leaseStaleMs / 10), undefined, { signal }).catch(() => signal.throwIfAborted());
    const present = await store.getLease(seen.runId);
    if (!present?.holder) return;
    if (present.fence !== seen.fence || present.counter !== seen.counter) throw new LeaseHeldError(present);
  }
}
