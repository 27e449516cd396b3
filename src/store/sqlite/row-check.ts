import type { Database } from './driver.js';

/** The run's row and its last transition were written together, and must agree. */
export function headFaults(db: Database): string[] {
  const rows = db
    .prepare<[], { runId: string; headSeq: number; lastSeq: number | null; state: string; to: string | null }>(
      `SELECT runs.run_id AS runId, head_seq AS headSeq, last.seq AS lastSeq, state, to_state AS "to"
       FROM runs LEFT JOIN transitions AS last
         ON last.run_id = runs.run_id AND last.seq = (SELECT max(seq) FROM transitions WHERE run_id = runs.run_id)
       WHERE last.seq IS NOT head_seq OR to_state IS NOT state ORDER BY runs.run_id`,
    )
    .all();
  return rows.map(({ runId, headSeq, lastSeq, state, to }) => {
    if (lastSeq === null)
      return `run ${runId}: it has no transition and no snapshot, its row names transition ${headSeq} as the last`;
    if (lastSeq !== headSeq) return `run ${runId}: its last transition is ${lastSeq}, its row names ${headSeq}`;
    return `run ${runId}: transition ${headSeq} led to ${to}, its row says ${state}`;
  });
}

/** Each attempt was spawned, and settled if it is, by a transition of its run; what it holds can be read. */
export function attemptFaults(db: Database): string[] {
  const missing = db
    .prepare<[], AttemptName & { seq: number; what: string }>(
      `SELECT attempt_id AS id, run_id AS runId, step, attempt, seq, what FROM (
         SELECT *, spawned_seq AS seq, 'spawned' AS what FROM attempts
         UNION ALL SELECT *, settled_seq, 'settled' FROM attempts WHERE settled_seq IS NOT NULL
       ) AS named
       WHERE NOT EXISTS (SELECT 1 FROM transitions WHERE transitions.run_id = named.run_id AND transitions.seq = named.seq)
       ORDER BY id`,
    )
    .all();
  const unreadable = db
    .prepare<[], AttemptName>(
      `SELECT attempt_id AS id, run_id AS runId, step, attempt FROM attempts
       WHERE NOT json_valid(input) OR NOT json_valid(ifnull(output, 'null')) OR NOT json_valid(ifnull(error, 'null')) ORDER BY id`,
    )
    .all();
  return [
    ...missing.map((row) => `${nameOf(row)} was ${row.what} by transition ${row.seq}, which does not exist`),
    ...unreadable.map((row) => `${nameOf(row)}: its input, output or error is no JSON`),
  ];
}

/** What a message says can be read. */
export function messageFaults(db: Database): string[] {
  return db
    .prepare<[], { id: number; runId: string }>(
      'SELECT message_id AS id, run_id AS runId FROM outbox WHERE NOT json_valid(payload) ORDER BY id',
    )
    .all()
    .map(({ id, runId }) => `run ${runId}: message ${id}: its payload is no JSON`);
}

/** All references but those from attempts to transitions, which `attemptFaults` tells with names. */
export function foreignKeyFaults(db: Database): string[] {
  const rows = db.pragma('foreign_key_check') as { table: string; rowid: number | null; parent: string }[];
  return rows
    .filter(({ table, parent }) => !(table === 'attempts' && parent === 'transitions'))
    .map(
      ({ table, rowid, parent }) =>
        `table ${table}${rowid === null ? '' : `, row ${rowid}`}: refers to a missing row of ${parent}`,
    );
}

interface AttemptName {
  readonly id: number;
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
}

function nameOf({ id, runId, step, attempt }: AttemptName): string {
  return `run ${runId}: attempt ${attempt} of ${step} (id ${id})`;
}
