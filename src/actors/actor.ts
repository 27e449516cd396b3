import type { EvidenceDir, EvidenceLog } from '../evidence/evidence-dir.js';
import type { HistoryRecord } from '../evidence/history-record.js';

/** A process that an attempt started: enough to find it again, and to know that it is the same one. */
export interface ChildProcess {
  /** Process id, and id of its process group. */
  readonly pid: number;
  /** Start time in clock ticks since boot (field 22 of /proc/PID/stat), or null where it is unknown. */
  readonly startTime: string | null;
}

/** What the engine gives to an attempt. An actor knows nothing of snapshots or SQL. */
export interface ActorContext {
  readonly runId: string;
  readonly step: string;
  /** 1 for the first attempt of this step in this run, 2 for the next... */
  readonly attempt: number;
  /** Aborted on time-out, a lost lease or a request to stop; its `reason` is an Error that says which. */
  readonly signal: AbortSignal;
  readonly evidence: EvidenceDir;
  /** The process environment for children and SDKs: the only place where credentials come from. */
  readonly env: NodeJS.ProcessEnv;
  now(): Date;
  /**
   * Opens this attempt's log; the log of an earlier attempt is first kept as `<name>.attempt-N.txt`. Closed by the engine if the actor did not.
   * With `append`, goes on at the end of a log that another step began (the drill and the restoring share one file).
   */
  openLog(name: string, options?: { readonly append?: boolean }): Promise<EvidenceLog>;
  /** Commits an event of the machine before it resolves: for what must be on record before the next effect. */
  report(event: { readonly type: string; readonly [fact: string]: unknown }): Promise<void>;
  /** Records a child before it does anything; forgotten again with `childEnded`. */
  childStarted(child: ChildProcess): Promise<void>;
  childEnded(child: ChildProcess): Promise<void>;
  /** One line for whoever watches; never recorded. */
  progress(line: string): void;
  /** The run's transitions with seq in (`after`, `upTo`], in order. */
  history(range: { readonly after: number; readonly upTo: number }): AsyncIterable<HistoryRecord>;
}

/** A step's effect on the outside world: a plain async function. Throws `ActorError` for every failure it foresees. */
export type Actor<Input, Output> = (input: Input, context: ActorContext) => Promise<Output>;

/** An expected failure. `message` has three parts: what happened, where, what to do. `details` is plain JSON without secrets. */
export class ActorError extends Error {
  override readonly name = 'ActorError';
  constructor(
    readonly code: string,
    message: string,
    readonly options: {
      readonly details?: Readonly<Record<string, unknown>>;
      /** True where the same call may succeed a moment later (time-out of a service, slow-down); never for a gate. */
      readonly transient?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }
}
