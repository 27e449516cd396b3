import type { EvidenceDir } from '../evidence/evidence-dir.js';
import type { HistoryRecord, Identity } from '../evidence/history-record.js';
import type { AttemptRecord, LeaseHolder, LeaseRecord, RunFilter, RunRecord, Store } from '../store/store.js';
import type { Definition, RunEvent, StoredSnapshot } from './definition.js';

/** A run as it is now. */
export interface RunView {
  readonly run: RunRecord;
  readonly snapshot: StoredSnapshot;
  readonly attempts: readonly AttemptRecord[];
  readonly lease: LeaseRecord | null;
  readonly look: RunLook;
  /** When it was looked at: ISO 8601, UTC. */
  readonly seenAt: string;
}

/** What a run looks like: derived from the run, its lease and its attempts, never stored. */
export interface RunLook {
  readonly kind:
    'running' | 'retrying' | 'waiting' | 'stalled' | 'interrupted' | 'failed' | 'completed' | 'abandoned' | 'superseded';
  /** e.g. `running (attempt 2)`, `stalled (heartbeat 4m ago)`. */
  readonly text: string;
}

/** For whoever watches a driver live. Nothing of it is the record: that is in the store already when it is told. */
export type EngineNotice =
  | { readonly type: 'transition'; readonly record: HistoryRecord }
  | {
      readonly type: 'attempt-started';
      readonly runId: string;
      readonly step: string;
      readonly attempt: number;
      readonly at: Date;
    }
  | {
      readonly type: 'backing-off';
      readonly runId: string;
      readonly step: string;
      readonly attempt: number;
      readonly until: Date;
    }
  | { readonly type: 'output'; readonly runId: string; readonly step: string; readonly line: string }
  | { readonly type: 'watching-lease'; readonly lease: LeaseRecord; readonly forMs: number };

export interface EngineOptions {
  readonly definition: Definition;
  readonly store: Store;
  openEvidence(run: { readonly runId: string; readonly evidenceDir: string }): EvidenceDir;
  /** The environment of children and SDKs. */
  readonly env: NodeJS.ProcessEnv;
  now(): Date;
  /** Applied to every event before it is recorded: history and snapshots hold no secrets. */
  redact(event: RunEvent): RunEvent;
  /** This process, as the holder of leases. */
  readonly holder: LeaseHolder;
  notify(notice: EngineNotice): void;
  /** Aborted (reason: `InterruptedError`) to stop driving; what runs is then interrupted, not failed. */
  readonly signal: AbortSignal;
  /** Milliseconds between heartbeats (default 2,000), and without one until a lease counts as dead (default 30,000). */
  readonly heartbeatMs?: number;
  readonly leaseStaleMs?: number;
  /** Milliseconds that an actor has to end after it was told to, before we go on without it (default 30,000). */
  readonly actorEndMs?: number;
}

export interface NewRunRequest {
  readonly runId: string;
  readonly evidenceDir: string;
  readonly directory: string;
  readonly who: Identity;
  /** The run's first event: what it was asked to do. */
  readonly event: RunEvent;
}

export interface Prepared {
  readonly events: readonly RunEvent[];
  /** Whoever asks, where looking has told more of them than was known. */
  readonly who?: Identity;
}

/** Looks at a run under its lease and gives what to commit before it is driven on; throws to leave it as it is. */
export type Prepare = (view: RunView, evidence: EvidenceDir) => Promise<readonly RunEvent[] | Prepared>;

/**
 * The face of the engine. Every method that changes something does so under the run's lease, and commits before it acts.
 * Errors: those of the store, `EventRefusedError`, `SnapshotIncompatibleError`, `RunNotFoundError`, `InterruptedError`.
 */
export interface Engine {
  /** Creates the run and drives it until it rests: waiting, failed or ended. */
  start(request: NewRunRequest): Promise<RunView>;
  /** Commits what `prepare` gives, then drives until the run rests. Attempts that never reported are recorded as interrupted and made again. */
  resume(runId: string, who: Identity, prepare?: Prepare): Promise<RunView>;
  /**
   * Commits what `prepare` gives, and does not drive. With `seize` the lease is taken from a living driver too: from whoever it is,
   * or only from the one that held it when it was seen (`LeaseHeldError` names another one that came since).
   */
  send(runId: string, who: Identity, prepare: Prepare, options?: { readonly seize?: 'whoever' | LeaseRecord }): Promise<RunView>;
  inspect(runId: string): Promise<RunView>;
  list(filter?: RunFilter): Promise<RunView[]>;
}
