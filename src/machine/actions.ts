import { EVIDENCE } from '../evidence/layout.js';
import { named } from '../evidence/person.js';
import { attestedFacts } from './attested-facts.js';
import type { PilotContext, StepResult } from './context.js';
import { stagingIsDirty, worldOf } from './context.js';
import { withDriver } from './drivers.js';
import type { PilotEvent } from './events.js';
import { exceptionOf, type Exception } from './exceptions.js';
import { attemptError, failureAt } from './failure.js';
import { besideMayBeLocked } from './locked.js';
import { signerOf } from './permissions.js';
import { replayNeedsOverride } from './replay.js';
import { isBefore, PLACES, type Place, type StepName } from './steps.js';
import { summarize } from './summary.js';

interface Args {
  readonly context: PilotContext;
  readonly event: PilotEvent;
}
type Change = Partial<PilotContext>;

/** What a step has proven. */
export function recordResult({ context, event }: Args, { step }: { step: StepName }): Change {
  const failures = Object.fromEntries(Object.entries(context.failures).filter(([place]) => place !== step));
  return { results: { ...context.results, [step]: resultOf(event) }, failures, attemptsInARow: 1 };
}

export function recordFailure({ context, event }: Args, { place }: { place: Place }): Change {
  const failure = failureAt(place, event);
  return { failure, failures: { ...context.failures, [place]: failure }, attemptsInARow: 1 };
}

/** Staging is restored, but what the drill was for was not seen. */
export function recordUnprovenDrill({ context, event }: Args): Change {
  const failure = context.failures.drillingAppRollback ?? {
    step: 'drillingAppRollback' as const,
    code: 'DRILL_NOT_PROVEN',
    message: 'Staging is restored, but the rollback itself was not proven. Replay drillingAppRollback, or start a new run.',
    details: null,
    at: event.at,
    seq: event.seq,
    attempt: null,
    by: event.who,
  };
  return { failure, failures: { ...context.failures, drillingAppRollback: failure } };
}

/** Only where the published verdict is not the one that was sealed, which no path leads to. */
export function recordWrongVerdict({ context, event }: Args): Change {
  const message = `The summary's verdict differs from the sealed one (${context.seal?.verdict ?? 'none'}). This is a defect: keep the run and report it.`;
  return {
    failure: {
      step: 'summarizing',
      code: 'VERDICT_MISMATCH',
      message,
      details: null,
      at: event.at,
      seq: event.seq,
      attempt: null,
      by: event.who,
    },
  };
}

export function noteDriver({ context, event }: Args): Change {
  return { drivers: withDriver(context.drivers, event.who) };
}

/** The preflight asked AWS under the name of whoever drove it. */
export function noteDriverAtAws({ context, event }: Args): Change {
  return { drivers: withDriver(context.drivers, { ...event.who, level: 'asserted', awsArn: worldOf(context).awsArn }) };
}

export function countAttempt({ context }: Args): Change {
  return { attemptsInARow: context.attemptsInARow + 1 };
}

export function recordDrillPlan({ event }: Args): Change {
  return event.type === 'DRILL_PLANNED' ? { drill: { plan: event.plan, restored: false, leftBehind: false } } : {};
}

export function recordRestored({ context }: Args): Change {
  return { drill: { ...context.drill, restored: true } };
}

/** Who goes back into the drill has to restore staging after it, whatever was restored before. */
export function restoreAgain({ context }: Args): Change {
  return { drill: { ...context.drill, restored: false } };
}

export function recordSignOff({ event }: Args): Change {
  if (event.type !== 'SIGNED_OFF') return {};
  const { signOff, who } = event;
  return {
    signOff,
    countersignatures: [],
    signers: [signerOf(signOff, who)],
    signOffWithdrawn: null,
  };
}

export function noteClaim({ event }: Args): Change {
  return { claim: { by: event.who.user, at: event.at, seq: event.seq } };
}

export function endClaim(): Change {
  return { claim: null };
}

export function recordCountersignature({ context, event }: Args): Change {
  if (event.type !== 'COUNTERSIGNED') return {};
  const { countersignature, who } = event;
  return {
    // Whoever claimed the verification has made it now; a lead does not take it from anybody.
    claim: countersignature.role === 'db-restore-verifier' ? null : context.claim,
    countersignatures: [...context.countersignatures, countersignature],
    signers: [...context.signers, signerOf(countersignature, who)],
  };
}

/** A rejected restore, or a gate that expired before all had signed: what was signed until then is of no account. */
export function dropSignatures({ context, event }: Args): Change {
  if (context.signOff === null) return {};
  if (event.type === 'EXPIRED') return { ...NO_SIGNATURES, signOffWithdrawn: `the human gate expired at ${event.expiresAt}` };
  if (event.type !== 'VERIFICATION_REJECTED') return {};
  return { ...NO_SIGNATURES, signOffWithdrawn: `rejected by ${event.by}: ${event.reason}` };
}

const NO_SIGNATURES = { signOff: null, countersignatures: [], signers: [] };

/** A run that has ended is still sealed as failed: it does not wait for another signature. */
export function withdrawSignOff({ context, event }: Args): Change {
  return {
    ...NO_SIGNATURES,
    seal: context.seal?.verdict === 'FAIL' ? context.seal : null,
    results: resultsBefore(context, 'sealing.scanning'),
    signOffWithdrawn: withdrawnBecause({ context, event }),
    attemptsInARow: 1,
  };
}

/**
 * A replay withdraws what was given, and the form that is there, be it signed or not: it may be an old one. From before the pause, the
 * form is made anew: then there is nothing to withdraw where nobody has signed.
 */
function withdrawnBecause({ context, event }: Args): string | null {
  if (event.type !== 'REPLAY_REQUESTED') return attemptError(event).message;
  if (context.signOff === null && event.from !== 'awaitingDbVerification') return context.signOffWithdrawn;
  return `replayed from ${event.from}: ${event.reason}`;
}

/** Fixes what the archive will hold: the history up to this very transition. */
export function freezeSeal({ context, event }: Args): Change {
  const verdict = event.type === 'SEAL_REQUESTED' ? 'FAIL' : (context.seal?.verdict ?? 'PASS');
  return {
    seal: { verdict, upToSeq: event.seq, putBegan: false },
    results: resultsBefore(context, 'sealing.scanning'),
    failure: null,
    attemptsInARow: 1,
  };
}

export function recordPutBegan({ context }: Args): Change {
  return { seal: context.seal && { ...context.seal, putBegan: true } };
}

/** From now on this upload can become the version at the key: whoever comes next goes on with it. */
export function recordUpload({ context, event }: Args): Change {
  if (event.type !== 'UPLOAD_BEGUN' || context.seal === null) return {};
  return { seal: { ...context.seal, putBegan: true, uploads: { ...context.seal.uploads, [event.key]: event.uploadId } } };
}

/**
 * Frozen when it is due, and anew when it is due again and something was decided meanwhile: as long as nothing beside the archive may
 * be locked. What is decided later is in the history, not in the summary. Nor is it frozen anew after a finding was accepted in what is
 * written of it: that holds for the file as it was.
 */
export function freezeSummary({ context, event }: Args): Change {
  const since = context.exceptions.slice(context.summary?.document.exceptions.length ?? 0);
  const stays = since.length === 0 || besideMayBeLocked(context) || since.some(({ finding }) => isWrittenOfIt(finding?.file));
  if (context.summary !== null && stays) return {};
  const at = `${event.at.slice(0, 19)}Z`;
  return { summary: { document: summarize(context, at), attested: attestedFacts(context, at), upToSeq: event.seq } };
}

/** History after the seal, attestation and summary, the one that is not shown yet, too. */
function isWrittenOfIt(file = ''): boolean {
  return [EVIDENCE.historyTail, EVIDENCE.attestation, EVIDENCE.summary].some((name) => file.startsWith(name));
}

export function forgetFailure(): Change {
  return { failure: null, attemptsInARow: 1 };
}

/** A replay: what was proven from there on is not proven any more. */
export function forgetFrom({ context }: Args, { place }: { place: Place }): Change {
  const failures = Object.fromEntries(Object.entries(context.failures).filter(([at]) => isBefore(at as Place, place)));
  return {
    results: resultsBefore(context, place),
    failures,
    failure: null,
    attemptsInARow: 1,
    // A restored drill is made anew with a plan of its own; one that was not restored goes on from where staging stands.
    drill:
      isBefore('drillingAppRollback', place) || stagingIsDirty(context)
        ? { ...context.drill, restored: context.drill.restored && place !== 'restoringStaging' }
        : { plan: null, restored: false, leftBehind: false },
  };
}

export function noteReplay({ context, event }: Args): Change {
  if (event.type !== 'REPLAY_REQUESTED') return {};
  const overridden = event.override && replayNeedsOverride(context, event.from);
  const what = `replayed from ${event.from}${overridden ? ' (override of a failed gate)' : ''}`;
  return { exceptions: [...context.exceptions, exception(context, event, what, event.reason)] };
}

export function noteDrift({ context, event }: Args): Change {
  if (event.type !== 'DRIFT_ACCEPTED') return {};
  return {
    exceptions: [...context.exceptions, exception(context, event, `drift accepted (${event.facts.join('; ')})`, event.reason)],
    acceptedWorlds: [...context.acceptedWorlds, { seq: event.seq, world: event.world }],
    acceptedDrift: [...new Set([...context.acceptedDrift, ...event.facts])],
    acceptors: [...context.acceptors, event.who],
  };
}

export function noteFinding({ context, event }: Args): Change {
  if (event.type !== 'FINDING_ACCEPTED') return {};
  const { file, line, kind, sha256, reason } = event;
  const what = `finding of the secret scan accepted (${file}:${line} ${kind}, in the file with SHA-256 ${sha256})`;
  return {
    exceptions: [...context.exceptions, { ...exception(context, event, what, reason), finding: { file, line, kind, sha256 } }],
    acceptors: [...context.acceptors, event.who],
  };
}

export function noteBrokenLease({ context, event }: Args): Change {
  if (event.type !== 'LEASE_BROKEN') return {};
  const what = `lease broken (held by ${event.holder}, last heartbeat ${event.lastHeartbeat})`;
  return { exceptions: [...context.exceptions, exception(context, event, what, event.reason)] };
}

export function noteSealing({ context, event }: Args): Change {
  if (event.type !== 'SEAL_REQUESTED') return {};
  return { exceptions: [...context.exceptions, exception(context, event, 'sealed as failed', event.reason)] };
}

export function noteAbandoning({ context, event }: Args): Change {
  if (event.type !== 'ABANDONED') return {};
  const leftBehind = event.acknowledgeLeftBehind && stagingIsDirty(context);
  const what = leftBehind ? 'abandoned, deployments left rolled back' : 'abandoned';
  return {
    abandoning: true,
    attemptsInARow: 1,
    drill: { ...context.drill, leftBehind: context.drill.leftBehind || leftBehind },
    exceptions: [...context.exceptions, exception(context, event, what, event.reason)],
  };
}

function resultsBefore({ results }: PilotContext, place: Place): PilotContext['results'] {
  return Object.fromEntries(
    PLACES.filter((at) => isBefore(at, place) && at in results).map((at) => [at, results[at as StepName]]),
  );
}

function resultOf(event: PilotEvent): StepResult {
  if (!('output' in event)) throw new Error(`${event.type} carries no output`);
  return { at: event.at, seq: event.seq, attempt: event.attempt, facts: event.output, logs: event.logs };
}

function exception({ request }: PilotContext, event: PilotEvent, what: string, reason: string): Exception {
  return exceptionOf(request, { at: event.at, by: named(event.who), what, reason });
}
