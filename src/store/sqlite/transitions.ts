import { canonicalJson } from '../../evidence/canonical-json.js';
import { recordHash } from '../../evidence/hash-chain.js';
import type { HistoryRecord } from '../../evidence/history-record.js';
import type { TransitionCommit } from '../store.js';
import type { Database } from './driver.js';
import type { ChainHead } from './runs.js';
import { parseStored } from './stored-json.js';

/** The transitions of all runs: each run's are a hash chain, appended to and read, never changed. */
export class TransitionTable {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Appends a transition after `head`. The record is made from the text that is stored, so that it hashes to the same again. */
  append(head: ChainHead, transition: TransitionCommit): HistoryRecord {
    const content = {
      run_id: transition.runId,
      seq: head.seq + 1,
      at: transition.at,
      event: canonicalJson(transition.event),
      from_state: transition.from,
      to_state: transition.to,
      who: canonicalJson(transition.who),
      machine_version: transition.machineVersion,
      snapshot: canonicalJson(transition.snapshot),
      prev_hash: head.hash,
    };
    const unsealed = toRecord({ ...content, hash: '' });
    const hash = recordHash(unsealed);
    this.#db
      .prepare(
        `INSERT INTO transitions (run_id, seq, at, event, from_state, to_state, who, machine_version, snapshot, prev_hash, hash)
         VALUES (@run_id, @seq, @at, @event, @from_state, @to_state, @who, @machine_version, @snapshot, @prev_hash, @hash)`,
      )
      .run({ ...content, hash });
    return { ...unsealed, hash };
  }

  /** At most `limit` transitions with seq in (`after`, `upTo`], in order. Throws `UnreadableValueError`, as `parse` does. */
  page(runId: string, after: number, upTo: number, limit: number, parse = parseStored): HistoryRecord[] {
    const rows = this.#db
      .prepare<[string, number, number, number], TransitionRow>(
        'SELECT * FROM transitions WHERE run_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
      )
      .all(runId, after, upTo, limit);
    return rows.map((row) => toRecord(row, parse));
  }

  /** The run's last transition, or null. Throws `UnreadableValueError`. */
  last(runId: string): HistoryRecord | null {
    const row = this.#db
      .prepare<[string], TransitionRow>('SELECT * FROM transitions WHERE run_id = ? ORDER BY seq DESC LIMIT 1')
      .get(runId);
    return row === undefined ? null : toRecord(row);
  }
}

interface TransitionRow {
  readonly run_id: string;
  readonly seq: number;
  readonly at: string;
  readonly event: string;
  readonly from_state: string | null;
  readonly to_state: string;
  readonly who: string;
  readonly machine_version: string;
  readonly snapshot: string;
  readonly prev_hash: string;
  readonly hash: string;
}

function toRecord(row: TransitionRow, parse = parseStored): HistoryRecord {
  const where = `run ${row.run_id}: transition ${row.seq}`;
  return {
    run_id: row.run_id,
    seq: row.seq,
    at: row.at,
    event: parse(row.event, where, 'event') as HistoryRecord['event'],
    from: row.from_state,
    to: row.to_state,
    who: parse(row.who, where, 'who') as HistoryRecord['who'],
    machine_version: row.machine_version,
    snapshot: parse(row.snapshot, where, 'snapshot'),
    prev_hash: row.prev_hash,
    hash: row.hash,
  };
}
