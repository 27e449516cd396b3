import { canonicalJson } from '../../evidence/canonical-json.js';
import { AttemptStateError } from '../errors.js';
import type { AttemptChild, AttemptLog, AttemptRecord, AttemptStatus, Settlement, Spawn } from '../store.js';
import type { Database } from './driver.js';
import { parseStored } from './stored-json.js';

/** The attempts of all runs, with the digests of their logs and the processes they started. */
export class AttemptTable {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Adds a pending attempt: the next of this step in this run. */
  spawn(runId: string, seq: number, spawn: Spawn): void {
    this.#db
      .prepare(
        `INSERT INTO attempts (run_id, step, attempt, src, input, status, not_before, spawned_seq)
         VALUES (@runId, @step, (SELECT ifnull(max(attempt), 0) + 1 FROM attempts WHERE run_id = @runId AND step = @step),
           @src, @input, 'pending', @notBefore, @seq)`,
      )
      .run({
        runId,
        step: spawn.step,
        src: spawn.src,
        // An actor without input has `undefined`, which JSON has no word for.
        input: canonicalJson(spawn.input ?? null),
        notBefore: spawn.notBefore,
        seq,
      });
  }

  /** Ends a pending or running attempt of this run; from then on it cannot be changed. Throws `AttemptStateError`. */
  settle(runId: string, seq: number, at: string, settlement: Settlement): void {
    const { attemptId, status } = settlement;
    if (this.#find(attemptId)?.runId !== runId) throw new AttemptStateError(attemptId, null, `settled as ${status}`);
    this.#require(attemptId, ['pending', 'running'], `settled as ${status}`);
    // The logs first: once the attempt is finished, the table refuses more of them.
    settlement.logs?.forEach((log, position) => this.#addLog(attemptId, position, log));
    this.#db
      .prepare(
        `UPDATE attempts SET status = @status, settled_seq = @seq, ended_at = @at, output = @output, error = @error
         WHERE attempt_id = @attemptId`,
      )
      .run({ attemptId, status, seq, at, output: optionalJson(settlement.output), error: optionalJson(settlement.error) });
  }

  /** pending -> running. Throws `AttemptStateError`. */
  start(attemptId: number, at: string): void {
    this.#require(attemptId, ['pending'], 'started');
    this.#db.prepare(`UPDATE attempts SET status = 'running', started_at = ? WHERE attempt_id = ?`).run(at, attemptId);
  }

  /** Throws `AttemptStateError` unless the attempt is running. */
  setLogFile(attemptId: number, file: string): void {
    this.#require(attemptId, ['running'], 'given a log');
    this.#db.prepare('UPDATE attempts SET log_file = ? WHERE attempt_id = ?').run(file, attemptId);
  }

  /** Throws `AttemptStateError` unless the attempt is running. Recording the same child again changes nothing. */
  addChild(attemptId: number, child: AttemptChild): void {
    this.#require(attemptId, ['running'], 'given a child process');
    this.#db
      .prepare(
        `INSERT INTO attempt_children (attempt_id, pid, start_time, boot_id) VALUES (@attemptId, @pid, @startTime, @bootId)
         ON CONFLICT DO NOTHING`,
      )
      .run({ attemptId, pid: child.pid, startTime: child.startTime, bootId: child.bootId });
  }

  /** Also for a finished attempt: whoever takes over ends the children that it left. */
  removeChild(attemptId: number, child: AttemptChild): void {
    this.#db
      .prepare(
        `DELETE FROM attempt_children
         WHERE attempt_id = @attemptId AND pid = @pid AND start_time IS @startTime AND boot_id IS @bootId`,
      )
      .run({ attemptId, pid: child.pid, startTime: child.startTime, bootId: child.bootId });
  }

  /** Throws `AttemptStateError` when there is no such attempt. */
  runOf(attemptId: number, request: string): string {
    const found = this.#find(attemptId);
    if (found === null) throw new AttemptStateError(attemptId, null, request);
    return found.runId;
  }

  /** In the order in which they were spawned; of one step only if given. Call it inside a transaction: it asks several times. */
  list(runId: string, step: string | null): AttemptRecord[] {
    return this.#withParts(
      this.#db
        .prepare<[{ runId: string; step: string | null }], AttemptRow>(
          'SELECT * FROM attempts WHERE run_id = @runId AND (@step IS NULL OR step = @step) ORDER BY attempt_id',
        )
        .all({ runId, step }),
    );
  }

  /**
   * Those that have not settled, and those with a process on record. Call it inside a transaction, too. The plus keeps SQLite from
   * going through all attempts of the run instead. Source: SQLite's "Query Planner", disqualifying terms.
   */
  listOpen(runId: string): AttemptRecord[] {
    return this.#withParts(
      this.#db
        .prepare<[{ runId: string }], AttemptRow>(
          `SELECT * FROM attempts WHERE attempt_id IN (
             SELECT attempt_id FROM attempts WHERE run_id = @runId AND settled_seq IS NULL
             UNION SELECT attempt_id FROM attempt_children)
           AND +run_id = @runId ORDER BY attempt_id`,
        )
        .all({ runId }),
    );
  }

  #addLog(attemptId: number, position: number, log: AttemptLog): void {
    this.#db
      .prepare('INSERT INTO attempt_logs (attempt_id, position, file, sha256, size) VALUES (?, ?, ?, ?, ?)')
      .run(attemptId, position, log.file, log.sha256, log.size);
  }

  #require(attemptId: number, statuses: readonly AttemptStatus[], request: string): void {
    const found = this.#find(attemptId);
    if (found === null || !statuses.includes(found.status)) {
      throw new AttemptStateError(attemptId, found?.status ?? null, request);
    }
  }

  #find(attemptId: number): { readonly runId: string; readonly status: AttemptStatus } | null {
    const row = this.#db
      .prepare<[number], { runId: string; status: AttemptStatus }>(
        'SELECT run_id AS runId, status FROM attempts WHERE attempt_id = ?',
      )
      .get(attemptId);
    return row ?? null;
  }

  #withParts(rows: readonly AttemptRow[]): AttemptRecord[] {
    const logs = this.#db.prepare<[number], AttemptLog>(
      'SELECT file, sha256, size FROM attempt_logs WHERE attempt_id = ? ORDER BY position',
    );
    const children = this.#db.prepare<[number], AttemptChild>(
      'SELECT pid, start_time AS startTime, boot_id AS bootId FROM attempt_children WHERE attempt_id = ? ORDER BY rowid',
    );
    return rows.map((row) => toAttempt(row, logs.all(row.attempt_id), children.all(row.attempt_id)));
  }
}

interface AttemptRow {
  readonly attempt_id: number;
  readonly run_id: string;
  readonly step: string;
  readonly attempt: number;
  readonly src: string;
  readonly input: string;
  readonly status: AttemptStatus;
  readonly not_before: string | null;
  readonly spawned_seq: number;
  readonly settled_seq: number | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly log_file: string | null;
}

function toAttempt(row: AttemptRow, logs: readonly AttemptLog[], children: readonly AttemptChild[]): AttemptRecord {
  const where = `run ${row.run_id}: attempt ${row.attempt} of ${row.step} (id ${row.attempt_id})`;
  return {
    attemptId: row.attempt_id,
    runId: row.run_id,
    step: row.step,
    attempt: row.attempt,
    src: row.src,
    input: parseStored(row.input, where, 'input'),
    status: row.status,
    notBefore: row.not_before,
    spawnedSeq: row.spawned_seq,
    settledSeq: row.settled_seq,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    output: row.output === null ? null : parseStored(row.output, where, 'output'),
    error: row.error === null ? null : parseStored(row.error, where, 'error'),
    logFile: row.log_file,
    logs,
    children,
  };
}

function optionalJson(value: unknown): string | null {
  return value === undefined || value === null ? null : canonicalJson(value);
}
