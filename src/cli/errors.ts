import type { RunExplanation } from './run-explanation.js';

/** The command line cannot be understood as it was given: exit 64. */
export class UsageError extends Error {
  readonly code: string = 'USAGE';
}

/** A finding of the human gate: where and what. `line` is null where a whole file is meant. */
export interface GateFinding {
  readonly file: string;
  readonly line: number | null;
  /** The item of the checkpoint, or what kind of check it was. */
  readonly item: string;
  readonly message: string;
}

/** The human gate is closed: what was found says why. Exit 2, as at the pause: the run still waits. */
export class CheckpointIncompleteError extends Error {
  readonly code = 'CHECKPOINT_INCOMPLETE';
  constructor(
    readonly runId: string,
    /** The checkpoint, absolute. */
    readonly file: string,
    readonly findings: readonly GateFinding[],
  ) {
    super(
      `The DB restore verification of run ${runId} is not complete: ${findings.length} finding(s). ` +
        `Complete ${file}, then: cutover resume ${runId}`,
    );
  }
}

/** An edited checkpoint alone does not bring a withdrawn sign-off back: a person must give it on purpose. Exit 2. */
export class SignOffWithdrawnError extends Error {
  readonly code = 'SIGN_OFF_WITHDRAWN';
  constructor(
    readonly runId: string,
    readonly why: string,
  ) {
    super(
      `The sign-off of run ${runId} was withdrawn (${why}). The edited checkpoint does not count by itself any more. ` +
        `The verifier looks at the evidence again and gives it on purpose: cutover sign-off ${runId}`,
    );
  }
}

/** A value that was frozen at start and is another one now. */
export interface Difference {
  readonly what: string;
  readonly frozen: string;
  readonly now: string;
}

/** The world is not the one in which the run was begun. */
export class DriftError extends Error {
  readonly code = 'DRIFT';
  constructor(
    readonly runId: string,
    readonly differences: readonly Difference[],
  ) {
    super(
      `The world has changed since run ${runId} was started: ${differences.map(({ what }) => what).join(', ')}. ` +
        'Nothing was done. Put it back as it was, or go on with it on the record: --accept-drift "<reason>"',
    );
  }
}

/** The run is not in a state in which the command does anything; the message says why and who may do what. */
export class RunStateError extends Error {
  constructor(
    readonly code:
      | 'RUN_FAILED'
      | 'RUN_ENDED'
      | 'REPLAY_REFUSED'
      | 'STAGING_DIRTY'
      | 'NOT_WAITING'
      | 'NOT_FAILED'
      | 'NOT_SEALABLE'
      | 'NOT_SEALED'
      | 'NOT_VERIFIED'
      | 'LEASE_FREE'
      | 'FINDING_REFUSED'
      | 'GATE_EXPIRED',
    message: string,
    readonly runId: string,
  ) {
    super(message);
  }
}

/** An error of a command on a run, with why that stands where it does, and what each role can do next. The cause is the error itself. */
export class CommandError extends Error {
  constructor(
    override readonly cause: unknown,
    readonly runId: string,
    /** Null where there is nothing to say, or the run could not be looked at. */
    readonly explanation: RunExplanation | null,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
