import type { RunEvent } from '../../src/engine/definition.js';
import type { PilotContext } from '../../src/machine/context.js';
import { isBefore, isStep, STEP_NAMES, type Place, type StepName } from '../../src/machine/steps.js';

/**
 * What an observer beside the machine knows from the events alone: it does not trust the machine's context. The invariants are
 * judged by this.
 */
export interface Witness {
  /** Steps seen to be done since they were last thrown back. */
  readonly proven: readonly StepName[];
  /** An undo may have been made, and no restore was seen to end well since. */
  readonly undone: boolean;
  /** A person has said that deployments stay rolled back. */
  readonly acknowledged: boolean;
  /** A restore was tried since the undo. */
  readonly restoreTried: boolean;
  readonly signed: boolean;
  /** A lead has signed, too. */
  readonly countersigned: boolean;
  readonly putBegan: boolean;
  readonly published: boolean;
}

export const NOTHING_SEEN: Witness = {
  proven: [],
  undone: false,
  acknowledged: false,
  restoreTried: false,
  signed: false,
  countersigned: false,
  putBegan: false,
  published: false,
};

/** What is known after an event that the run took in the state `from`, which led to `to`. */
export function witnessed(before: Witness, from: string, event: RunEvent, to: string, after: PilotContext): Witness {
  const seen = { ...before };
  switch (event.type) {
    case 'DRILL_PLANNED':
      Object.assign(seen, { undone: true, restoreTried: false, acknowledged: false });
      break;
    case 'UPLOAD_BEGUN':
      seen.putBegan = true;
      break;
    case 'SIGNED_OFF':
      seen.signed = true;
      break;
    case 'COUNTERSIGNED':
      seen.countersigned = true;
      break;
    case 'VERIFICATION_REJECTED':
    case 'EXPIRED':
      Object.assign(seen, UNSIGNED);
      break;
    case 'ABANDONED':
      if (event['acknowledgeLeftBehind'] === true) seen.acknowledged = true;
      break;
    case 'REPLAY_REQUESTED':
      throwBack(seen, event['from'] as Place);
      break;
  }
  if (event.type === `xstate.done.actor.${from}`) {
    if (isStep(from) && (from !== 'summarizing' || to !== 'failed'))
      seen.proven = [...seen.proven, from].filter(once).sort(inOrder);
    if (from === 'restoringStaging') seen.undone = false;
    if (from === 'sealing.uploading') seen.putBegan = true;
    if (from === 'sealing.verifying') seen.published = true;
  }
  // Sealing from its beginning makes everything of it anew; so does going back to the pause.
  if (to === 'sealing.scanning' && !isNoted(event)) throwBack(seen, 'sealing.scanning');
  if (to === 'awaitingDbVerification' && !isNoted(event)) throwBack(seen, 'awaitingDbVerification');
  if (
    event.type === 'xstate.error.actor.sealing.archiving' &&
    (event['error'] as { code: string }).code === 'SIGN_OFF_INVALIDATED'
  ) {
    Object.assign(seen, UNSIGNED);
  }
  if (to === 'drillingAppRollback' && after.drill.plan !== null) seen.undone = true;
  if (to === 'restoringStaging') seen.restoreTried = true;
  return seen;
}

const UNSIGNED = { signed: false, countersigned: false };

/** What is said of a run while it stays where it is. */
function isNoted({ type }: RunEvent): boolean {
  const said = ['DRIFT_ACCEPTED', 'FINDING_ACCEPTED', 'LEASE_BROKEN', 'DRIVER_JOINED', 'RESUMED'];
  const atThePause = ['CLAIMED', 'RELEASED', 'SIGNED_OFF', 'COUNTERSIGNED'];
  return [...said, ...atThePause].includes(type);
}

function throwBack(seen: { -readonly [K in keyof Witness]: Witness[K] }, place: Place): void {
  seen.proven = seen.proven.filter((step) => isBefore(step, place));
  if (!isBefore('awaitingDbVerification', place)) Object.assign(seen, UNSIGNED);
}

function once<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}

function inOrder(a: StepName, b: StepName): number {
  return STEP_NAMES.indexOf(a) - STEP_NAMES.indexOf(b);
}
