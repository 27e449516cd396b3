import type { AttemptStatus, LeaseRecord, RunStatus } from './store.js';

/** Trouble that a caller of the store can act on; `code` is stable. */
export abstract class StoreError extends Error {
  abstract readonly code: string;
}

export class RunExistsError extends StoreError {
  readonly code = 'RUN_EXISTS';
  constructor(readonly runId: string) {
    super(`Run ${runId} exists already.`);
  }
}

export class RunNotFoundError extends StoreError {
  readonly code = 'RUN_NOT_FOUND';
  constructor(readonly runId: string) {
    super(`There is no run ${runId} in this database. See which there are with: cutover list`);
  }
}

/** An attempt is not in the state that the request needs: it has settled already, has not started, or is not of this run. */
export class AttemptStateError extends StoreError {
  readonly code = 'ATTEMPT_STATE';
  constructor(
    readonly attemptId: number,
    /** Null: no such attempt. */
    readonly status: AttemptStatus | null,
    request: string,
  ) {
    super(`Attempt ${attemptId} cannot be ${request}: ${status === null ? 'the run has no such attempt' : `it is ${status}`}.`);
  }
}

export class LeaseHeldError extends StoreError {
  readonly code = 'LEASE_HELD';
  constructor(readonly lease: LeaseRecord) {
    const { holder } = lease;
    super(
      `Run ${lease.runId} is driven by ${holder?.user ?? '?'} on ${holder?.host ?? '?'} (pid ${holder?.pid ?? '?'}, ` +
        `last heartbeat ${lease.heartbeatAt}). Watch it with: cutover watch ${lease.runId}`,
    );
  }
}

export class LeaseLostError extends StoreError {
  readonly code = 'LEASE_LOST';
  constructor(
    readonly runId: string,
    readonly fence: number,
  ) {
    super(`Another driver took over run ${runId} (our fencing token was ${fence}). Nothing more is written by this one.`);
  }
}

export class StaleSnapshotError extends StoreError {
  readonly code = 'STALE_SNAPSHOT';
  constructor(
    readonly runId: string,
    readonly expectedSeq: number,
    readonly headSeq: number,
  ) {
    super(`Run ${runId} has moved on: transition ${expectedSeq} was to be written, the head is at ${headSeq}.`);
  }
}

export class EnvironmentHeldError extends StoreError {
  readonly code = 'ENVIRONMENT_HELD';
  constructor(
    readonly environment: string,
    readonly holderRunId: string,
  ) {
    super(
      `Environment ${environment} is in use by run ${holderRunId}. ` +
        `Let it finish (cutover resume ${holderRunId}) or end it (cutover abandon ${holderRunId} --reason "...").`,
    );
  }
}

/** Another run of the same deployment cycle is open, or has been completed: the runbook is executed once per cycle. */
export class CycleTakenError extends StoreError {
  readonly code = 'CYCLE_TAKEN';
  readonly holderRunId: string;
  /** Of the other run. */
  readonly status: RunStatus;
  constructor(
    readonly environment: string,
    readonly gitHead: string,
    holder: { readonly runId: string; readonly status: RunStatus },
    /** The run that was in the cycle before, and would come back into it; null for one that is new there. */
    returning: string | null,
  ) {
    super(
      `Run ${holder.runId} is of the same deployment cycle (${environment}, commit ${gitHead.slice(0, 12)}) and is ${holder.status}; the runbook is executed once per cycle. ` +
        (returning === null ? adviceToNew(holder) : adviceToReturning(returning, holder)),
    );
    this.holderRunId = holder.runId;
    this.status = holder.status;
  }
}

function adviceToNew({ runId, status }: { readonly runId: string; readonly status: RunStatus }): string {
  if (status === 'completed') return 'If it is to be executed again, on the record: cutover start --again --reason "..."';
  return `Go on with that run (cutover status ${runId}) or end it (cutover abandon ${runId} --reason "..."); or a second one, on the record: cutover start --again --reason "..."`;
}

/** It has failed: what it may become beside the other one is evidence of that. */
function adviceToReturning(returning: string, { runId, status }: { readonly runId: string; readonly status: RunStatus }): string {
  const keep = `cutover seal ${returning} --verdict FAIL --reason "..."`;
  if (status === 'completed') return `Run ${returning} does not come back beside it. Keep it as evidence of its failure: ${keep}`;
  return `Run ${returning} does not come back beside it. End that run first (cutover abandon ${runId} --reason "..."), or keep this one as evidence of its failure: ${keep}`;
}

/** The database cannot be used: missing, unreadable, corrupt, or written by a newer version. */
export class StoreUnavailableError extends StoreError {
  readonly code = 'STORE_UNAVAILABLE';
  constructor(
    readonly file: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
