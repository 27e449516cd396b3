import type { HistoryRecord, Identity } from '../evidence/history-record.js';
import type { Deadline, DeadlineRecord } from './deadline.js';
import type { Delivery, MessageClaim, MessageFilter, MessageRecord, NewMessage } from './outbox.js';

/** Whether a run can go on: `active` (a step is due), `waiting` (for a person), `failed`, or ended for good. */
export type RunStatus = 'active' | 'waiting' | 'failed' | 'completed' | 'abandoned' | 'superseded';

export interface RunRecord {
  readonly runId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly status: RunStatus;
  /** The machine's state, e.g. `runningRcGates`, `sealing.uploading`. */
  readonly state: string;
  /** When it came to where it waits; null while it does not wait. */
  readonly waitingSince: string | null;
  readonly machineVersion: string;
  readonly operator: Identity;
  readonly evidenceDir: string;
  readonly directory: string;
  /** Known once the preflight has passed. */
  readonly environment: string | null;
  readonly gitHead: string | null;
  readonly headSeq: number;
  readonly headHash: string;
}

/** The run before another one, and the head of its chain when that was created. */
export interface PreviousRun {
  readonly run: string;
  readonly seq: number;
  readonly hash: string;
}

export type AttemptStatus = 'pending' | 'running' | 'succeeded' | 'failed' | 'interrupted' | 'cancelled';

/** The digest of a log as the attempt left it. */
export interface AttemptLog {
  readonly file: string;
  readonly sha256: string;
  readonly size: number;
}

/** A process of an attempt, as recorded before it did anything. Times: clock ticks since boot `bootId`. */
export interface AttemptChild {
  readonly pid: number;
  readonly startTime: string | null;
  readonly bootId: string | null;
}

export interface AttemptRecord {
  readonly attemptId: number;
  readonly runId: string;
  readonly step: string;
  /** 1, 2, 3... for this step in this run. */
  readonly attempt: number;
  readonly src: string;
  readonly input: unknown;
  readonly status: AttemptStatus;
  /** Not to be started before this instant (back-off), or null. */
  readonly notBefore: string | null;
  readonly spawnedSeq: number;
  readonly settledSeq: number | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly output: unknown;
  readonly error: unknown;
  /** The name of the log file that this attempt opened, known from before it was created. */
  readonly logFile: string | null;
  readonly logs: readonly AttemptLog[];
  /** Children still recorded as running. */
  readonly children: readonly AttemptChild[];
}

/** Who drives a run: enough to find the process again, and to know whether it is the same one. */
export interface LeaseHolder {
  readonly user: string;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string | null;
  readonly pid: number;
  readonly startTime: string | null;
}

/** `counter` grows with each heartbeat; a contender watches it on its own clock. */
export interface LeaseRecord {
  readonly runId: string;
  /** The fencing token: grows with each acquisition, never reused. */
  readonly fence: number;
  readonly counter: number;
  readonly holder: LeaseHolder | null;
  /** Wall clock of the last heartbeat, for people only. */
  readonly heartbeatAt: string;
}

export interface Settlement {
  readonly attemptId: number;
  readonly status: 'succeeded' | 'failed' | 'interrupted' | 'cancelled';
  readonly output?: unknown;
  readonly error?: unknown;
  readonly logs?: readonly AttemptLog[];
}

export interface Spawn {
  readonly step: string;
  readonly src: string;
  readonly input: unknown;
  readonly notBefore: string | null;
}

/** One transition: all of it is committed in one transaction, or none. */
export interface TransitionCommit {
  readonly runId: string;
  /** The lease under which it is made; another driver's newer fence makes the commit fail with `LeaseLostError`. */
  readonly fence: number;
  /** The seq that this transition gets; `StaleSnapshotError` if the head has moved on. */
  readonly seq: number;
  readonly at: string;
  readonly event: { readonly type: string; readonly [fact: string]: unknown };
  readonly from: string | null;
  readonly to: string;
  readonly who: Identity;
  readonly machineVersion: string;
  readonly snapshot: unknown;
  readonly status: RunStatus;
  readonly settles: readonly Settlement[];
  readonly spawns: readonly Spawn[];
  /** The environment lock: its name when the new state holds it (claimed, or kept), null when it does not (released). */
  readonly environmentLock: string | null;
  /** What is due while the new state lasts: those of this transition are armed, those that were armed before and are not here end. */
  readonly deadlines: readonly Deadline[];
  /** What is to be told of it, to whom. */
  readonly messages: readonly NewMessage[];
  /** Facts shown in lists, set once known. */
  readonly environment?: string | null;
  readonly gitHead?: string | null;
  /** While the run is open or completed, no other one of the same environment and commit may be: the store sees to it. */
  readonly isAloneInCycle: boolean;
}

export interface NewRun {
  readonly runId: string;
  readonly operator: Identity;
  readonly evidenceDir: string;
  readonly directory: string;
}

export interface RunFilter {
  readonly status?: readonly RunStatus[];
  /** Runs older than this id only: the paging key, newest first. */
  readonly before?: string;
  readonly limit?: number;
}

export interface HistoryFilter {
  readonly after?: number;
  readonly upTo?: number;
  readonly limit?: number;
}

/**
 * Where runs live. Speaks the domain, not SQL; asynchronous, so that a store elsewhere fits behind it.
 * A method resolves only when what it wrote is durable.
 */
export interface Store {
  /**
   * Creates the run, its lease (held by `holder`, fence 1) and its first transition (seq 1) in one transaction. The event of the
   * transition gets `previous`, the `PreviousRun` or null. Throws `RunExistsError`.
   */
  createRun(run: NewRun, holder: LeaseHolder, first: Omit<TransitionCommit, 'fence' | 'runId' | 'seq'>): Promise<LeaseRecord>;
  /**
   * Throws `LeaseLostError` (also when the lease was released), `StaleSnapshotError`, `EnvironmentHeldError`, `CycleTakenError`,
   * `RunNotFoundError`, and `AttemptStateError` for a settlement of an attempt that has settled; nothing is written then.
   */
  commit(transition: TransitionCommit): Promise<HistoryRecord>;

  /** pending -> running, durable before the effect starts. Throws `LeaseLostError`, `AttemptStateError`. */
  startAttempt(attemptId: number, fence: number, at: string): Promise<void>;
  /** Records the log's name before the file is created; the last one given stays. The attempt must be running: else `AttemptStateError`. */
  recordAttemptLog(attemptId: number, fence: number, file: string): Promise<void>;
  /** The attempt must be running: else `AttemptStateError`. */
  recordChild(attemptId: number, fence: number, child: AttemptChild): Promise<void>;
  /** Also for a finished attempt, and without a lease: forgetting what is not on record changes nothing. */
  forgetChild(attemptId: number, child: AttemptChild): Promise<void>;

  getRun(runId: string): Promise<RunRecord | null>;
  /** Ids that start with the prefix, newest first, at most `limit`. */
  findRunIds(prefix: string, limit: number): Promise<string[]>;
  listRuns(filter?: RunFilter): Promise<RunRecord[]>;
  /** The newest run, or null. */
  latestRunId(): Promise<string | null>;
  getSnapshot(runId: string): Promise<{ snapshot: unknown; seq: number; machineVersion: string } | null>;
  history(runId: string, filter?: HistoryFilter): AsyncIterable<HistoryRecord>;
  /** All attempts of a run in the order they were spawned; of one step only if given. */
  attempts(runId: string, step?: string): Promise<AttemptRecord[]>;
  /** Of these, the ones that have not settled, or left a process on record; however long the history is, they are few. */
  openAttempts(runId: string): Promise<AttemptRecord[]>;
  /** Who holds the lock on an environment, or null. */
  environmentHolder(environment: string): Promise<string | null>;

  /** All deadlines of a run, in the order in which they were armed and are due. */
  deadlines(runId: string): Promise<DeadlineRecord[]>;
  /** Those of all runs that have neither ended nor fired and are due by `at`, the longest due first. */
  dueDeadlines(at: string): Promise<DeadlineRecord[]>;
  /**
   * Marks deadlines of one run as fired and adds the messages that tell of it, in one transaction. False, and nothing is written,
   * when one of them has ended or fired meanwhile.
   */
  fireDeadlines(due: readonly DeadlineRecord[], at: string, messages: readonly NewMessage[]): Promise<boolean>;

  /** In the order in which they were written. */
  messages(filter?: MessageFilter): Promise<MessageRecord[]>;
  /** Counts an attempt at the message that is due longest, and lends it to the claimer; null when none is due. */
  claimMessage(claim: MessageClaim): Promise<MessageRecord | null>;
  /**
   * Records what came of an attempt. That it was delivered counts whoever says so; all else only from the one that it is lent to.
   * Does nothing for a message that is settled.
   */
  settleMessage(messageId: number, claimer: string, delivery: Delivery, at: string): Promise<void>;
  /** Messages of these channels that were given up are due again, with all their attempts before them; gives how many. */
  reopenMessages(channels: readonly string[], at: string): Promise<number>;

  getLease(runId: string): Promise<LeaseRecord | null>;
  /**
   * Takes the lease if it is free (no holder), or if it still is exactly `seen` (fence and counter), whose holder the caller
   * knows to be gone. The new fence is larger than every one before. Throws `LeaseHeldError` with the present holder.
   */
  acquireLease(runId: string, holder: LeaseHolder, seen: LeaseRecord | null, at: string): Promise<LeaseRecord>;
  /** Takes the lease whoever holds it: for a person's decision to end a run under a live driver. */
  seizeLease(runId: string, holder: LeaseHolder, at: string): Promise<LeaseRecord>;
  /** Throws `LeaseLostError` when another one holds it. */
  heartbeat(runId: string, fence: number, at: string): Promise<void>;
  /** Frees the lease if it is still ours; otherwise does nothing. */
  releaseLease(runId: string, fence: number): Promise<void>;

  /** Integrity of the file and of every chain; faults name run and seq. */
  check(): Promise<{ readonly runs: number; readonly transitions: number; readonly faults: readonly string[] }>;
  /** A live, consistent copy. Throws when the file exists. */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}
