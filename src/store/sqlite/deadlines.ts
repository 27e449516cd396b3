import type { Deadline, DeadlineRecord } from '../deadline.js';
import type { Database } from './driver.js';

/** What is due while runs rest: armed by the transition that enters a state, fired at most once, ended by the one that leaves it. */
export class DeadlineTable {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** After transition `seq`: arms what it armed, and ends what was armed before and does not last. */
  settle(runId: string, seq: number, lasting: readonly Deadline[]): void {
    for (const { armedSeq } of this.#armed(runId)) {
      if (lasting.some((deadline) => deadline.armedSeq === armedSeq)) continue;
      this.#db
        .prepare('UPDATE deadlines SET ended_seq = ? WHERE run_id = ? AND armed_seq = ? AND ended_seq IS NULL')
        .run(seq, runId, armedSeq);
    }
    for (const { kind, dueAt } of lasting.filter(({ armedSeq }) => armedSeq === seq)) {
      this.#db
        .prepare('INSERT INTO deadlines (run_id, armed_seq, kind, due_at) VALUES (?, ?, ?, ?)')
        .run(runId, seq, kind, dueAt);
    }
  }

  list(runId: string): DeadlineRecord[] {
    return this.#db.prepare<[string], DeadlineRecord>(`${SELECT} WHERE run_id = ? ORDER BY armed_seq, due_at, kind`).all(runId);
  }

  listDue(at: string): DeadlineRecord[] {
    return this.#db
      .prepare<[string], DeadlineRecord>(
        `${SELECT} WHERE ended_seq IS NULL AND fired_at IS NULL AND due_at <= ? ORDER BY due_at, run_id, kind`,
      )
      .all(at);
  }

  isOpen({ runId, armedSeq, kind }: DeadlineRecord): boolean {
    const row = this.#db
      .prepare<[string, number, string], DeadlineRecord>(`${SELECT} WHERE run_id = ? AND armed_seq = ? AND kind = ?`)
      .get(runId, armedSeq, kind);
    return row !== undefined && row.endedSeq === null && row.firedAt === null;
  }

  fire({ runId, armedSeq, kind }: DeadlineRecord, at: string): void {
    this.#db
      .prepare('UPDATE deadlines SET fired_at = ? WHERE run_id = ? AND armed_seq = ? AND kind = ?')
      .run(at, runId, armedSeq, kind);
  }

  #armed(runId: string): { readonly armedSeq: number }[] {
    return this.#db
      .prepare<[string], { armedSeq: number }>(
        'SELECT DISTINCT armed_seq AS armedSeq FROM deadlines WHERE run_id = ? AND ended_seq IS NULL',
      )
      .all(runId);
  }
}

const SELECT = `SELECT run_id AS runId, armed_seq AS armedSeq, kind, due_at AS dueAt, fired_at AS firedAt, ended_seq AS endedSeq
  FROM deadlines`;
