import { canonicalJson } from '../../evidence/canonical-json.js';
import { LeaseHeldError, LeaseLostError, RunNotFoundError } from '../errors.js';
import type { LeaseHolder, LeaseRecord } from '../store.js';
import type { Database } from './driver.js';
import { parseStored } from './stored-json.js';

/**
 * Who drives each run. A run's row is made with the run and never deleted: releasing clears the holder and keeps the
 * fence, so that each acquisition gets a fencing token larger than every one before.
 */
export class LeaseTable {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** The first lease of a new run: fence 1. */
  insert(runId: string, holder: LeaseHolder, at: string): LeaseRecord {
    this.#db
      .prepare('INSERT INTO leases (run_id, fence, counter, holder, heartbeat_at) VALUES (?, 1, 0, ?, ?)')
      .run(runId, canonicalJson(holder), at);
    return this.#present(runId);
  }

  get(runId: string): LeaseRecord | null {
    const row = this.#db.prepare<[string], LeaseRow>('SELECT * FROM leases WHERE run_id = ?').get(runId);
    return row === undefined ? null : toLease(row);
  }

  /** Takes a free lease, or the one that is exactly as `seen`. Throws `LeaseHeldError`, `RunNotFoundError`. */
  acquire(runId: string, holder: LeaseHolder, seen: LeaseRecord | null, at: string): LeaseRecord {
    const lease = this.#present(runId);
    const isAsSeen = seen !== null && seen.fence === lease.fence && seen.counter === lease.counter;
    if (lease.holder !== null && !isAsSeen) throw new LeaseHeldError(lease);
    return this.seize(runId, holder, at);
  }

  /** Takes the lease whoever holds it. Throws `RunNotFoundError`. */
  seize(runId: string, holder: LeaseHolder, at: string): LeaseRecord {
    this.#db
      .prepare('UPDATE leases SET fence = fence + 1, counter = 0, holder = ?, heartbeat_at = ? WHERE run_id = ?')
      .run(canonicalJson(holder), at, runId);
    return this.#present(runId);
  }

  /** Throws `LeaseLostError` unless the lease is held under this fence. */
  requireHeld(runId: string, fence: number): void {
    const lease = this.get(runId);
    if (lease === null || lease.holder === null || lease.fence !== fence) throw new LeaseLostError(runId, fence);
  }

  /** Throws `LeaseLostError`. */
  heartbeat(runId: string, fence: number, at: string): void {
    this.requireHeld(runId, fence);
    this.#db.prepare('UPDATE leases SET counter = counter + 1, heartbeat_at = ? WHERE run_id = ?').run(at, runId);
  }

  release(runId: string, fence: number): void {
    this.#db.prepare('UPDATE leases SET holder = NULL WHERE run_id = ? AND fence = ?').run(runId, fence);
  }

  #present(runId: string): LeaseRecord {
    const lease = this.get(runId);
    if (lease === null) throw new RunNotFoundError(runId);
    return lease;
  }
}

interface LeaseRow {
  readonly run_id: string;
  readonly fence: number;
  readonly counter: number;
  readonly holder: string | null;
  readonly heartbeat_at: string;
}

function toLease(row: LeaseRow): LeaseRecord {
  return {
    runId: row.run_id,
    fence: row.fence,
    counter: row.counter,
    holder: row.holder === null ? null : (parseStored(row.holder, `run ${row.run_id}: lease`, 'holder') as LeaseHolder),
    heartbeatAt: row.heartbeat_at,
  };
}
