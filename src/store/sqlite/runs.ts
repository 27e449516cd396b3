import type { HistoryRecord, Identity } from '../../evidence/history-record.js';
import { genesisHash } from '../../evidence/hash-chain.js';
import { canonicalJson } from '../../evidence/canonical-json.js';
import { CycleTakenError, RunExistsError, RunNotFoundError } from '../errors.js';
import type { NewRun, PreviousRun, RunFilter, RunRecord, RunStatus, TransitionCommit } from '../store.js';
import type { Database } from './driver.js';
import { parseStored } from './stored-json.js';

/** Where a run's chain ends: seq 0 and the genesis hash before the first transition. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** Where a run stands before a transition. */
export interface RunHead extends ChainHead {
  readonly status: RunStatus;
  readonly environment: string | null;
  readonly gitHead: string | null;
}

/** The runs: what lists show of each, and the head of its chain. Ids sort by age, as the runbook's timestamps do. */
export class RunTable {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Adds a run that has no transition yet. Throws `RunExistsError`. */
  insert(run: NewRun, first: Pick<TransitionCommit, 'at' | 'status' | 'to' | 'machineVersion'>): void {
    if (this.get(run.runId) !== null) throw new RunExistsError(run.runId);
    this.#db
      .prepare(
        `INSERT INTO runs (run_id, created_at, updated_at, status, state, machine_version, operator, evidence_dir, directory,
           head_seq, head_hash)
         VALUES (@runId, @at, @at, @status, @state, @machineVersion, @operator, @evidenceDir, @directory, 0, @genesis)`,
      )
      .run({
        runId: run.runId,
        at: first.at,
        status: first.status,
        state: first.to,
        machineVersion: first.machineVersion,
        operator: canonicalJson(run.operator),
        evidenceDir: run.evidenceDir,
        directory: run.directory,
        genesis: genesisHash(run.runId),
      });
  }

  /** Throws `RunNotFoundError`. */
  head(runId: string): RunHead {
    const head = this.#db
      .prepare<[string], RunHead>(
        'SELECT head_seq AS seq, head_hash AS hash, status, environment, git_head AS gitHead FROM runs WHERE run_id = ?',
      )
      .get(runId);
    if (head === undefined) throw new RunNotFoundError(runId);
    return head;
  }

  /** The newest run and the head of its chain; null when there is none. */
  newest(): PreviousRun | null {
    const sql = 'SELECT run_id AS run, head_seq AS seq, head_hash AS hash FROM runs ORDER BY run_id DESC LIMIT 1';
    return this.#db.prepare<[], PreviousRun>(sql).get() ?? null;
  }

  /** Moves the run to where a transition led. Facts once known (environment, commit) are not forgotten again. */
  advance(record: HistoryRecord, transition: Pick<TransitionCommit, 'status' | 'environment' | 'gitHead'>): void {
    this.#db
      .prepare(
        `UPDATE runs SET updated_at = @at, state = @state, machine_version = @machineVersion,
           environment = coalesce(@environment, environment), git_head = coalesce(@gitHead, git_head),
           head_seq = @seq, head_hash = @hash
         WHERE run_id = @runId`,
      )
      .run({
        runId: record.run_id,
        at: record.at,
        state: record.to,
        machineVersion: record.machine_version,
        environment: transition.environment ?? null,
        gitHead: transition.gitHead ?? null,
        seq: record.seq,
        hash: record.hash,
      });
    // Apart: naming the column in an UPDATE writes the page of its index, even when nothing changes.
    this.#db
      .prepare('UPDATE runs SET status = @status WHERE run_id = @runId AND status <> @status')
      .run({ runId: record.run_id, status: transition.status });
  }

  /**
   * Throws `CycleTakenError` when a transition makes the run open or completed in a cycle in which it was not `before`, and another one
   * of its environment and commit is open or completed, too. Environment and commit are not known before the preflight has passed: then
   * there is nothing to compare.
   */
  requireAloneInCycle(runId: string, before: RunHead, to: Pick<TransitionCommit, 'status' | 'environment' | 'gitHead'>): void {
    const { status } = to;
    const environment = to.environment ?? before.environment;
    const gitHead = to.gitHead ?? before.gitHead;
    const isSameCycle = environment === before.environment && gitHead === before.gitHead;
    if (!isInCycle(status) || (isSameCycle && isInCycle(before.status))) return;
    const other = this.#db
      .prepare<[string | null, string | null, string], CycleRow>(
        `SELECT run_id, status, environment, git_head FROM runs
         WHERE environment = ? AND git_head = ? AND run_id <> ? AND status IN ('${IN_CYCLE.join("', '")}')
         ORDER BY run_id DESC LIMIT 1`,
      )
      .get(environment, gitHead, runId);
    if (other === undefined) return;
    const holder = { runId: other.run_id, status: other.status };
    throw new CycleTakenError(other.environment, other.git_head, holder, isSameCycle ? runId : null);
  }

  get(runId: string): RunRecord | null {
    const row = this.#db.prepare<[string], RunRow>(`${SELECT_RUN} WHERE run_id = ?`).get(runId);
    return row === undefined ? null : toRun(row);
  }

  /** Newest first. A prefix is compared character by character: `%` and `*` mean themselves. */
  findIds(prefix: string, limit: number): string[] {
    return this.#db
      .prepare<[string, string, number], string>(
        'SELECT run_id FROM runs WHERE run_id >= ? AND run_id < ? ORDER BY run_id DESC LIMIT ?',
      )
      .pluck()
      .all(prefix, prefix + AFTER_ALL, limit);
  }

  /** Newest first. */
  list({ status: statuses, before = AFTER_ALL, limit = NO_LIMIT }: RunFilter): RunRecord[] {
    if (statuses === undefined) {
      const page = this.#db.prepare<[string, number], RunRow>(`${SELECT_RUN} WHERE run_id < ? ORDER BY run_id DESC LIMIT ?`);
      return page.all(before, limit).map(toRun);
    }
    // A page of each status, which the index gives in order: one question for several would sort all that match.
    const page = this.#db.prepare<[string, string, number], RunRow>(
      `${SELECT_RUN} WHERE status = ? AND run_id < ? ORDER BY run_id DESC LIMIT ?`,
    );
    return statuses
      .flatMap((status) => page.all(status, before, limit))
      .sort((a, b) => (a.run_id < b.run_id ? 1 : -1))
      .slice(0, limit === NO_LIMIT ? undefined : limit)
      .map(toRun);
  }
}

/** What leaves a run waiting where it waited (a claim, a countersignature) does not make it wait anew. */
const SELECT_RUN = `SELECT runs.*, CASE status WHEN 'waiting' THEN (SELECT at FROM transitions
    WHERE transitions.run_id = runs.run_id AND from_state IS NOT to_state ORDER BY seq DESC LIMIT 1) END AS waiting_since
  FROM runs`;

/** SQLite reads a negative LIMIT as none. */
const NO_LIMIT = -1;
/** Sorts after every id, and after every continuation of a prefix. */
const AFTER_ALL = '\u{10FFFF}';

/** A run that failed, was abandoned or superseded leaves the cycle to another one. */
const IN_CYCLE: readonly RunStatus[] = ['active', 'waiting', 'completed'];

function isInCycle(status: RunStatus): boolean {
  return IN_CYCLE.includes(status);
}

interface CycleRow {
  readonly run_id: string;
  readonly status: RunStatus;
  readonly environment: string;
  readonly git_head: string;
}

interface RunRow {
  readonly run_id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly status: RunStatus;
  readonly state: string;
  readonly waiting_since: string | null;
  readonly machine_version: string;
  readonly operator: string;
  readonly evidence_dir: string;
  readonly directory: string;
  readonly environment: string | null;
  readonly git_head: string | null;
  readonly head_seq: number;
  readonly head_hash: string;
}

function toRun(row: RunRow): RunRecord {
  return {
    runId: row.run_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    status: row.status,
    state: row.state,
    waitingSince: row.waiting_since,
    machineVersion: row.machine_version,
    operator: parseStored(row.operator, `run ${row.run_id}`, 'operator') as Identity,
    evidenceDir: row.evidence_dir,
    directory: row.directory,
    environment: row.environment,
    gitHead: row.git_head,
    headSeq: row.head_seq,
    headHash: row.head_hash,
  };
}
