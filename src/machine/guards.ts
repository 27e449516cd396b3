import type { PublishedFacts, Verdict } from '../config/step-contracts.js';
import { stagingIsDirty, type PilotContext } from './context.js';
import type { PilotEvent } from './events.js';
import { attemptError, heldOutcome } from './failure.js';
import { claimOfAnother } from './human-gate.js';
import { summaryMayBeLocked } from './locked.js';
import { hasExpired } from './pause.js';
import { permissionRefusal } from './permissions.js';
import { replayRefusal } from './replay.js';
import { isOfTheSignOff, isSignedAsItSays, missingSignatures, type Countersignature } from './signatures.js';
import { isBefore, STEPS, type Place, type StepName } from './steps.js';

interface Args {
  readonly context: PilotContext;
  readonly event: PilotEvent;
}

/** Whoever calls: the frozen policy lets this person ask for this. */
function isPermitted({ context, event }: Args): boolean {
  return permissionRefusal(context, event) === null;
}

/** The machine's conditions, by name. Pure. */
export const guards = {
  isPermitted,
  mayTryAgain: ({ context, event }: Args, { step }: { step: StepName }) =>
    attemptError(event).transient && context.attemptsInARow < STEPS[step].maxAttempts,
  stagingIsDirty: ({ context }: Args) => stagingIsDirty(context),
  /** Not while it alone knows what staging ran before, nor when its archive may be locked already and lacks a manifest. */
  mayBeSuperseded: ({ context }: Args) => !stagingIsDirty(context) && context.seal?.putBegan !== true,
  mustRestoreFirst: ({ context, event }: Args) =>
    isPermitted({ context, event }) && stagingIsDirty(context) && !(event.type === 'ABANDONED' && event.acknowledgeLeftBehind),
  /** Not once its verdict may be locked: the bucket alone would say something else than the run. */
  mayAbandon: ({ context, event }: Args) => isPermitted({ context, event }) && !summaryMayBeLocked(context),
  isAbandoning: ({ context }: Args) => context.abandoning,
  /** Its code says that all deployments were restored, and proven to be, after the repository's own script. */
  onlyTheDrillScriptFailed: ({ event }: Args) => attemptError(event).code === 'DRILL_SCRIPT_FAILED',
  drillIsUnplanned: ({ context }: Args) => context.drill.plan === null,
  drillIsProven: ({ context }: Args) => context.results.drillingAppRollback !== undefined,
  mayAcceptDrift: ({ context, event }: Args) => isPermitted({ context, event }) && context.results.preflight !== undefined,
  signOffIsOfThisRun,
  /** Nobody else has to sign. */
  signOffIsEnough: ({ context, event }: Args) =>
    signOffIsOfThisRun({ context, event }) && missingSignatures(context, 'db-restore-verifier').length === 0,
  mayCountersign,
  countersignatureIsTheLast: ({ context, event }: Args) =>
    mayCountersign({ context, event }) &&
    event.type === 'COUNTERSIGNED' &&
    missingSignatures(context, event.countersignature.role).length === 0,
  mayReject: ({ context, event }: Args) =>
    event.type === 'VERIFICATION_REJECTED' &&
    claimOfAnother(context, [event.who.user, event.by]) === null &&
    isPermitted({ context, event }),
  mayClaim: ({ context, event }: Args) =>
    context.claim === null && !hasExpired(context, event.at) && isPermitted({ context, event }),
  /** By its holder, or by anyone else who says why. */
  mayRelease: ({ context, event }: Args) =>
    event.type === 'RELEASED' &&
    context.claim !== null &&
    (event.reason !== null || claimOfAnother(context, [event.who.user]) === null) &&
    isPermitted({ context, event }),
  gateHasExpired: ({ context, event }: Args) => hasExpired(context, event.at),
  signOffIsInvalidated: ({ context, event }: Args, { verdict }: { verdict: Verdict }) =>
    attemptError(event).code === 'SIGN_OFF_INVALIDATED' && context.seal?.verdict === verdict,
  verdictIs: ({ context, event }: Args, { verdict }: { verdict: Verdict }) =>
    context.seal?.verdict === verdict && (event as { output?: PublishedFacts }).output?.verdict === verdict,
  mayRetryAt: ({ context, event }: Args, { place }: { place: Place }) =>
    isPermitted({ context, event }) && context.failure?.step === place,
  /** The step itself was done, and what it came to is kept: its scan alone is made again. */
  mayScanAgainAt: ({ context, event }: Args, { step }: { step: StepName }) =>
    isPermitted({ context, event }) && context.failure?.step === step && heldOutcome(context.failure) !== null,
  sealMayStartOver: ({ context, event }: Args) =>
    isPermitted({ context, event }) &&
    context.failure !== null &&
    !isBefore(context.failure.step, 'sealing.scanning') &&
    context.seal?.putBegan === false,
  mayReplayFrom: ({ context, event }: Args, { place }: { place: Place }) =>
    event.type === 'REPLAY_REQUESTED' &&
    event.from === place &&
    replayRefusal(context, place, event.override) === null &&
    isPermitted({ context, event }),
  maySealAsFailed: ({ context, event }: Args) =>
    isPermitted({ context, event }) &&
    context.results.preflight !== undefined &&
    context.seal?.putBegan !== true &&
    !stagingIsDirty(context),
};

/** The first signature; those of others follow it. */
function signOffIsOfThisRun({ context, event }: Args): boolean {
  return (
    event.type === 'SIGNED_OFF' &&
    event.signOff.runId === context.runId &&
    context.signOff === null &&
    mayBeGiven({ context, event }, event.signOff)
  );
}

/** One that is still missing, of another person, on the very files of the sign-off. */
function mayCountersign({ context, event }: Args): boolean {
  if (event.type !== 'COUNTERSIGNED') return false;
  const { countersignature } = event;
  return (
    isOfTheSignOff(context, countersignature) &&
    missingSignatures(context).some(({ role }) => role === countersignature.role) &&
    mayBeGiven({ context, event }, countersignature)
  );
}

/** While the gate is open, by whom the policy lets, at the level that it says, and of no verification that another has claimed. */
function mayBeGiven({ context, event }: Args, signed: Countersignature): boolean {
  const isFree = signed.role !== 'db-restore-verifier' || claimOfAnother(context, signersOf(event.who, signed)) === null;
  return isFree && isSignedAsItSays(signed) && !hasExpired(context, event.at) && isPermitted({ context, event });
}

function signersOf(who: PilotEvent['who'], { signer, signature }: Countersignature): readonly (string | undefined)[] {
  return [who.user, signer, signature?.principal];
}
