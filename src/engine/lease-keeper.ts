import { LeaseLostError } from '../store/errors.js';
import type { LeaseRecord } from '../store/store.js';
import type { EngineOptions } from './engine.js';
import { LEASE_STALE_MS } from './take-lease.js';

const HEARTBEAT_MS = 2_000;

export interface LeaseKeeper {
  /** Aborted with `LeaseLostError` when the lease is no longer ours, or can't be shown to be. */
  readonly signal: AbortSignal;
  /** Stops the heartbeat and frees the lease if it still is ours. */
  release(): Promise<void>;
}

/**
 * Keeps a lease alive. When no heartbeat could be written for two thirds of the time after which others take over, we stop by
 * ourselves: a driver that can't prove its lease must not act.
 */
export function keepLease(
  { store, now, heartbeatMs = HEARTBEAT_MS, leaseStaleMs = LEASE_STALE_MS }: EngineOptions,
  lease: LeaseRecord,
): LeaseKeeper {
  const controller = new AbortController();
  let lastBeat = performance.now();
  let beating: Promise<void> = Promise.resolve();

  async function beat(): Promise<void> {
    try {
      await store.heartbeat(lease.runId, lease.fence, now().toISOString());
      lastBeat = performance.now();
    } catch (error) {
      const silent = performance.now() - lastBeat > (leaseStaleMs * 2) / 3;
      if (error instanceof LeaseLostError) controller.abort(error);
      else if (silent) controller.abort(new LeaseLostError(lease.runId, lease.fence));
    }
  }

  const timer = setInterval(() => {
    beating = beating.then(beat);
  }, heartbeatMs);
  timer.unref();
  return {
    signal: controller.signal,
    async release() {
      clearInterval(timer);
      await beating;
      await store.releaseLease(lease.runId, lease.fence);
    },
  };
}
