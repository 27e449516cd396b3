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

/** The outcome of an attempt was taken and changed nothing: a defect of the machine, never to be passed over in silence. */
export class SettlementIgnoredError extends Error {
  readonly code = 'SETTLEMENT_IGNORED';
  constructor(
    readonly runId: string,
    readonly eventType: string,
    readonly state: string,
  ) {
    super(`Run ${runId} in ${state} took ${eventType}, and nothing changed. This is a defect: keep the run and report it.`);
  }
}
