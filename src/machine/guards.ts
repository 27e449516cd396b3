import type { PublishedFacts, Verdict } from '../config/step-contracts.js';
import { claimOfAnother, signOffLevelFault } from './human-gate.js';
import { stagingIsDirty, type PilotContext } from './context.js';
import type { PilotEvent } from './events.js';
import { attemptError, heldOutcome } from './failure.js';
import { hasExpired } from './pause.js';
import { replayRefusal } from './replay.js';
import { isBefore, STEPS, type Place, type StepName } from './steps.js';

interface Args {
  readonly context: PilotContext;
  readonly event: PilotEvent;
}

/** The machine's conditions, by name. Pure. */
export const guards = {
  mayTryAgain: ({ context, event }: Args, { step }: { step: StepName }) =>
    attemptError(event).transient && context.attemptsInARow < STEPS[step].maxAttempts,
  stagingIsDirty: ({ context }: Args) => stagingIsDirty(context),
  /** Not while it alone knows what staging ran before, nor when its archive may be locked already and lacks a manifest. */
  mayBeSuperseded: ({ context }: Args) => !stagingIsDirty(context) && context.seal?.putBegan !== true,
  mustRestoreFirst: ({ context, event }: Args) =>
    stagingIsDirty(context) && !(event.type === 'ABANDONED' && event.acknowledgeLeftBehind),
  isAbandoning: ({ context }: Args) => context.abandoning,
  /** Its code says that all deployments were restored, and proven to be, after the repository's own script. */
  onlyTheDrillScriptFailed: ({ event }: Args) => attemptError(event).code === 'DRILL_SCRIPT_FAILED',
  drillIsUnplanned: ({ context }: Args) => context.drill.plan === null,
  drillIsProven: ({ context }: Args) => context.results.drillingAppRollback !== undefined,
  preflightHasPassed: ({ context }: Args) => context.results.preflight !== undefined,
  signOffIsOfThisRun: ({ context, event }: Args) =>
    event.type === 'SIGNED_OFF' &&
    event.signOff.runId === context.runId &&
    signOffLevelFault(context, event.signOff) === null &&
    claimOfAnother(context, [event.who.user, event.signOff.signer, event.signOff.signature?.principal]) === null,
  mayReject: ({ context, event }: Args) =>
    event.type === 'VERIFICATION_REJECTED' && claimOfAnother(context, [event.who.user, event.by]) === null,
  isUnclaimed: ({ context }: Args) => context.claim === null,
  /** By its holder, or by anyone else who says why. */
  mayRelease: ({ context, event }: Args) =>
    event.type === 'RELEASED' &&
    context.claim !== null &&
    (event.reason !== null || claimOfAnother(context, [event.who.user]) === null),
  gateIsOpen: ({ context, event }: Args) => !hasExpired(context, event.at),
  gateHasExpired: ({ context, event }: Args) => hasExpired(context, event.at),
  signOffIsInvalidated: ({ context, event }: Args, { verdict }: { verdict: Verdict }) =>
    attemptError(event).code === 'SIGN_OFF_INVALIDATED' && context.seal?.verdict === verdict,
  verdictIs: ({ context, event }: Args, { verdict }: { verdict: Verdict }) =>
    context.seal?.verdict === verdict && (event as { output?: PublishedFacts }).output?.verdict === verdict,
  failedAt: ({ context }: Args, { place }: { place: Place }) => context.failure?.step === place,
  /** The step itself was done, and what it came to is kept: its scan alone is made again. */
  scanFailedAt: ({ context }: Args, { step }: { step: StepName }) =>
    context.failure?.step === step && heldOutcome(context.failure) !== null,
  sealMayStartOver: ({ context }: Args) =>
    context.failure !== null && !isBefore(context.failure.step, 'sealing.scanning') && context.seal?.putBegan === false,
  mayReplayFrom: ({ context, event }: Args, { place }: { place: Place }) =>
    event.type === 'REPLAY_REQUESTED' && event.from === place && replayRefusal(context, place, event.override) === null,
  maySealAsFailed: ({ context }: Args) =>
    context.results.preflight !== undefined && context.seal?.putBegan !== true && !stagingIsDirty(context),
};
