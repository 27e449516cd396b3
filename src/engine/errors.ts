/** The machine does not take this event in this state; `accepted` names those it does. */
export class EventRefusedError extends Error {
  readonly code = 'EVENT_REFUSED';
  constructor(
    readonly runId: string,
    readonly eventType: string,
    readonly state: string,
    readonly accepted: readonly string[],
  ) {
    super(
      `Run ${runId} is in ${state}, where ${eventType} is not possible. Possible here: ${accepted.join(', ') || 'nothing more'}.`,
    );
  }
}

/** The stored snapshot does not fit this version's machine. */
export class SnapshotIncompatibleError extends Error {
  readonly code = 'SNAPSHOT_INCOMPATIBLE';
  constructor(
    readonly runId: string,
    readonly found: string,
    readonly expected: string,
    why: string,
  ) {
    super(
      `Run ${runId} was written by machine version ${found}, this is version ${expected}: ${why}. ` +
        'Nothing was changed. Go on with the version that began the run; reading commands work with this one.',
    );
  }
}

export class RunNotFoundError extends Error {
  readonly code = 'RUN_NOT_FOUND';
  constructor(readonly runId: string) {
    super(`There is no run ${runId} in this store. See the runs with: cutover list`);
  }
}

/** The driver was asked to stop: an interruption, not a failure. */
export class InterruptedError extends Error {
  readonly code = 'INTERRUPTED';
  constructor(readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`Stopped by ${signal}. The run keeps its place.`);
  }
}

/** An attempt took longer than its step may. */
export class StepTimedOutError extends Error {
  readonly code = 'STEP_TIMED_OUT';
  constructor(
    readonly step: string,
    readonly timeoutMs: number,
  ) {
    super(`${step} did not finish within ${Math.round(timeoutMs / 1000)} s and was ended.`);
  }
}
