import { resolve } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import type { HistoryRecord } from '../../evidence/history-record.js';
import type { DeadlineRecord } from '../deadline.js';
import { StoreUnavailableError } from '../errors.js';
import type { Delivery, MessageClaim, MessageFilter, MessageRecord, NewMessage } from '../outbox.js';
import type {
  AttemptChild,
  AttemptRecord,
  HistoryFilter,
  LeaseHolder,
  LeaseRecord,
  NewRun,
  RunFilter,
  RunRecord,
  Store,
  TransitionCommit,
} from '../store.js';
import { backupDatabase } from './backup.js';
import { type CheckResult, checkDatabase } from './check.js';
import { commitTransition, createRun, fireDeadlines, type Tables, tablesOf } from './commit.js';
import { openDatabase, type OpenMode } from './database.js';
import type { Database } from './driver.js';
import { asStoreError } from './sqlite-error.js';
import { UnreadableValueError } from './stored-json.js';

/**
 * Opens the store in a SQLite file. `create` makes the file if it is missing; `write` and `read` never do.
 * Throws `StoreUnavailableError`, as does every method when the file cannot be used any more.
 */
export async function openSqliteStore(file: string, options: { readonly mode: OpenMode }): Promise<Store> {
  const path = resolve(file);
  return new SqliteStore(path, await openDatabase(path, options.mode));
}

/** Transitions read at once: history is read in constant memory, and no statement stays open between two pages. */
const HISTORY_PAGE = 500;

/**
 * The calls into SQLite are synchronous, each one transaction: what a method wrote is on disk when its promise resolves.
 * A method that waits for another process's lock blocks the process for up to the busy time-out.
 */
class SqliteStore implements Store {
  readonly #file: string;
  readonly #db: Database;
  /** One transaction around what it is given. */
  readonly #within: BetterSqlite3.Transaction<(work: (tables: Tables) => unknown) => unknown>;

  constructor(file: string, db: Database) {
    this.#file = file;
    this.#db = db;
    const tables = tablesOf(db);
    this.#within = db.transaction((work) => work(tables));
  }

  async createRun(
    run: NewRun,
    holder: LeaseHolder,
    first: Omit<TransitionCommit, 'fence' | 'runId' | 'seq'>,
  ): Promise<LeaseRecord> {
    return this.#write((tables) => createRun(tables, run, holder, first));
  }

  async commit(transition: TransitionCommit): Promise<HistoryRecord> {
    return this.#write((tables) => commitTransition(tables, transition));
  }

  async startAttempt(attemptId: number, fence: number, at: string): Promise<void> {
    this.#write(({ attempts, leases }) => {
      leases.requireHeld(attempts.runOf(attemptId, 'started'), fence);
      attempts.start(attemptId, at);
    });
  }

  async recordAttemptLog(attemptId: number, fence: number, file: string): Promise<void> {
    this.#write(({ attempts, leases }) => {
      leases.requireHeld(attempts.runOf(attemptId, 'given a log'), fence);
      attempts.setLogFile(attemptId, file);
    });
  }

  async recordChild(attemptId: number, fence: number, child: AttemptChild): Promise<void> {
    this.#write(({ attempts, leases }) => {
      leases.requireHeld(attempts.runOf(attemptId, 'given a child process'), fence);
      attempts.addChild(attemptId, child);
    });
  }

  async forgetChild(attemptId: number, child: AttemptChild): Promise<void> {
    this.#write(({ attempts }) => attempts.removeChild(attemptId, child));
  }

  async getRun(runId: string): Promise<RunRecord | null> {
    return this.#read(({ runs }) => runs.get(runId));
  }

  async findRunIds(prefix: string, limit: number): Promise<string[]> {
    return this.#read(({ runs }) => runs.findIds(prefix, limit));
  }

  async listRuns(filter: RunFilter = {}): Promise<RunRecord[]> {
    return this.#read(({ runs }) => runs.list(filter));
  }

  async latestRunId(): Promise<string | null> {
    return this.#read(({ runs }) => runs.findIds('', 1)[0] ?? null);
  }

  async getSnapshot(runId: string): Promise<{ snapshot: unknown; seq: number; machineVersion: string } | null> {
    const last = this.#read(({ transitions }) => transitions.last(runId));
    return last === null ? null : { snapshot: last.snapshot, seq: last.seq, machineVersion: last.machine_version };
  }

  async *history(runId: string, filter: HistoryFilter = {}): AsyncIterable<HistoryRecord> {
    const upTo = filter.upTo ?? Number.MAX_SAFE_INTEGER;
    let after = filter.after ?? 0;
    let left = filter.limit ?? Infinity;
    while (left > 0) {
      const size = Math.min(HISTORY_PAGE, left);
      const page = this.#read(({ transitions }) => transitions.page(runId, after, upTo, size));
      yield* page;
      if (page.length < size) return;
      after = page.at(-1)?.seq ?? after;
      left -= page.length;
    }
  }

  async attempts(runId: string, step?: string): Promise<AttemptRecord[]> {
    return this.#read(({ attempts }) => attempts.list(runId, step ?? null));
  }

  async openAttempts(runId: string): Promise<AttemptRecord[]> {
    return this.#read(({ attempts }) => attempts.listOpen(runId));
  }

  async environmentHolder(environment: string): Promise<string | null> {
    return this.#read(({ environmentLocks }) => environmentLocks.holder(environment));
  }

  async deadlines(runId: string): Promise<DeadlineRecord[]> {
    return this.#read(({ deadlines }) => deadlines.list(runId));
  }

  async dueDeadlines(at: string): Promise<DeadlineRecord[]> {
    return this.#read(({ deadlines }) => deadlines.listDue(at));
  }

  async fireDeadlines(due: readonly DeadlineRecord[], at: string, messages: readonly NewMessage[]): Promise<boolean> {
    return this.#write((tables) => fireDeadlines(tables, due, at, messages));
  }

  async messages(filter: MessageFilter = {}): Promise<MessageRecord[]> {
    return this.#read(({ outbox }) => outbox.list(filter));
  }

  async claimMessage(claim: MessageClaim): Promise<MessageRecord | null> {
    return this.#write(({ outbox }) => outbox.claim(claim));
  }

  async settleMessage(messageId: number, claimer: string, delivery: Delivery, at: string): Promise<void> {
    this.#write(({ outbox }) => outbox.settle(messageId, claimer, delivery, at));
  }

  async reopenMessages(channels: readonly string[], at: string): Promise<number> {
    return this.#write(({ outbox }) => outbox.reopen(channels, at));
  }

  async getLease(runId: string): Promise<LeaseRecord | null> {
    return this.#read(({ leases }) => leases.get(runId));
  }

  async acquireLease(runId: string, holder: LeaseHolder, seen: LeaseRecord | null, at: string): Promise<LeaseRecord> {
    return this.#write(({ leases }) => leases.acquire(runId, holder, seen, at));
  }

  async seizeLease(runId: string, holder: LeaseHolder, at: string): Promise<LeaseRecord> {
    return this.#write(({ leases }) => leases.seize(runId, holder, at));
  }

  async heartbeat(runId: string, fence: number, at: string): Promise<void> {
    this.#write(({ leases }) => leases.heartbeat(runId, fence, at));
  }

  async releaseLease(runId: string, fence: number): Promise<void> {
    this.#write(({ leases }) => leases.release(runId, fence));
  }

  async check(): Promise<CheckResult> {
    try {
      return await checkDatabase(this.#db, this.#file);
    } catch (error) {
      throw asStoreError(this.#file, error);
    }
  }

  async backup(file: string): Promise<void> {
    await backupDatabase(this.#db, resolve(file));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  /** All or nothing. The lock is taken at once, so that what was read is still so when it is written. */
  #write<Result>(change: (tables: Tables) => Result): Result {
    return this.#translate(() => this.#within.immediate(change) as Result);
  }

  #read<Result>(ask: (tables: Tables) => Result): Result {
    return this.#translate(() => this.#within.deferred(ask) as Result);
  }

  #translate<Result>(call: () => Result): Result {
    try {
      return call();
    } catch (error) {
      if (error instanceof UnreadableValueError) {
        throw new StoreUnavailableError(
          this.#file,
          `The database ${this.#file} was changed outside of cutover (${error.message}). Look at it with: cutover doctor`,
          { cause: error },
        );
      }
      throw asStoreError(this.#file, error);
    }
  }
}
