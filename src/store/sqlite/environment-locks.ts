import { EnvironmentHeldError } from '../errors.js';
import type { Database } from './driver.js';

/** Which run holds which environment: one run at a time on each, at most one environment a run. */
export class EnvironmentLockTable {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  holder(environment: string): string | null {
    const runId = this.#db
      .prepare<[string], string>('SELECT run_id FROM environment_locks WHERE environment = ?')
      .pluck()
      .get(environment);
    return runId ?? null;
  }

  /** Lets the run hold this environment and no other; null: none at all. Throws `EnvironmentHeldError`. */
  settle(runId: string, environment: string | null): void {
    const holder = environment === null ? null : this.holder(environment);
    if (environment !== null && holder === runId) return;
    if (environment !== null && holder !== null) throw new EnvironmentHeldError(environment, holder);
    this.#db.prepare('DELETE FROM environment_locks WHERE run_id = ?').run(runId);
    if (environment === null) return;
    this.#db.prepare('INSERT INTO environment_locks (environment, run_id) VALUES (?, ?)').run(environment, runId);
  }
}
