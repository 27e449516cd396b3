import type { RunView } from '../engine/engine.js';
import { claimOfAnother } from '../machine/human-gate.js';
import { ClaimedError, RunStateError } from './errors.js';
import { contextOf } from './run-facts.js';

/** Throws `RunStateError` unless the run is at the human pause. */
export function requireWaiting({ run }: RunView): void {
  if (run.status === 'waiting') return;
  throw new RunStateError(
    'NOT_WAITING',
    `Run ${run.runId} is in ${run.state}: only a run that waits for the DB restore verification can be signed off or rejected.`,
    run.runId,
  );
}

/** Throws `ClaimedError`, also for whoever holds the claim: it is his already. */
export function requireUnclaimed(view: RunView): void {
  const { claim } = contextOf(view);
  if (claim !== null) throw new ClaimedError(view.run.runId, claim);
}

/** Throws `ClaimedError` when somebody other than these people has claimed the gate. */
export function refuseClaimOfAnother(view: RunView, people: readonly (string | undefined)[]): void {
  const claim = claimOfAnother(contextOf(view), people);
  if (claim !== null) throw new ClaimedError(view.run.runId, claim);
}
