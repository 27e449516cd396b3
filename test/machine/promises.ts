import type { RunEvent } from '../../src/engine/definition.js';
import { stagingIsDirty } from '../../src/machine/context.js';
import { besideMayBeLocked, summaryMayBeLocked } from '../../src/machine/locked.js';
import { missingSignatures, signaturesOf } from '../../src/machine/signatures.js';
import { isBefore, isStep, PLACES, STEP_NAMES, type Place } from '../../src/machine/steps.js';
import { RUN } from './pilot-facts.js';
import type { ReachableRun } from './reachable-runs.js';

export const PAUSE = 'awaitingDbVerification';

/** A run as it is after a transition, with what an observer has seen of it. */
export type JudgedRun = Pick<ReachableRun, 'state' | 'context' | 'witness'>;

/** A transition of a judged run. */
export interface JudgedStep {
  readonly from: JudgedRun;
  readonly event: RunEvent;
  readonly to: JudgedRun;
}

/** What every run keeps, whoever drives it: each promise, and how one that breaks it is told. */
export const BROKEN_BY_RUN: Readonly<Record<string, (run: JudgedRun) => boolean>> = {
  'an undo on staging is never left behind unless staging was restored, or a person has put it on record': (run) =>
    ['completed', 'sealedAsFailed', 'abandoned'].includes(run.state) && isUndone(run),
  'an undo on staging is never left behind by a superseded run without a restore that was tried': (run) =>
    run.state === 'superseded' && isUndone(run) && !run.witness.restoreTried,
  'an undo on staging counts as one that must be restored from the moment it is planned': (run) =>
    isUndone(run) && !stagingIsDirty(run.context),
  'an undo on staging is never sealed over': (run) => run.state.startsWith('sealing.') && isUndone(run),
  'a completed run has every step seen to be done since it was last thrown back': ({ state, witness }) =>
    state === 'completed' && !STEP_NAMES.every((step) => witness.proven.includes(step)),
  'a completed run has a sign-off that was seen to be given': ({ state, context, witness }) =>
    state === 'completed' && (!witness.signed || context.signOff === null),
  'a completed run has all criteria and the seal at PASS': ({ state, context: { summary, seal } }) =>
    state === 'completed' &&
    (seal?.verdict !== 'PASS' ||
      summary?.document.verdict !== 'PASS' ||
      !summary.document.criteria.every(({ result }) => result === 'PASS')),
  'a run sealed as failed has the seal at FAIL': ({ state, context }) =>
    state === 'sealedAsFailed' && context.seal?.verdict !== 'FAIL',
  'what counts as proven is what was seen to be done since the last throw-back': ({ context, witness }) =>
    Object.keys(context.results).sort().join() !== [...witness.proven].sort().join(),
  'a step runs only with all before it proven, or in a run that is sealed as failed': ({ state, context }) =>
    isStep(state) &&
    context.seal?.verdict !== 'FAIL' &&
    state !== 'restoringStaging' &&
    STEP_NAMES.some((step) => isBefore(step, state) && context.results[step] === undefined),
  'a sign-off is on record only after the pause, or in it while another signature is missing': ({ state, context }) =>
    isPlace(state) &&
    !isBefore(PAUSE, state) &&
    context.signOff !== null &&
    (state !== PAUSE || missingSignatures(context).length === 0),
  'a sign-off is held by every run that seals a PASS': ({ context }) =>
    context.seal?.verdict === 'PASS' && context.signOff === null,
  'a PASS is sealed only with every signature that the policy wants': ({ context, witness }) =>
    context.seal?.verdict === 'PASS' && context.request.policy.roles['sre-lead'].quorum > 0 && !witness.countersigned,
  'a sign-off is held only if it was given and not withdrawn': ({ context, witness }) =>
    context.signOff !== null && !witness.signed,
  'a signature after the sign-off is held only with it, if it was given and not withdrawn': ({ context, witness }) =>
    context.countersignatures.length > 0 && (context.signOff === null || !witness.countersigned),
  'who gave a signature is on record for each that counts': ({ context }) =>
    context.signers.map(({ role }) => role).join() !==
    signaturesOf(context)
      .map(({ role }) => role)
      .join(),
  'a result summary has the verdict of the seal': ({ context: { summary, seal } }) =>
    summary !== null && summary.document.verdict !== seal?.verdict,
};

/** What every transition keeps. */
export const BROKEN_BY_STEP: Readonly<Record<string, (step: JudgedStep) => boolean>> = {
  'an undo on staging is not planned a second time over the first': ({ from, event }) =>
    event.type === 'DRILL_PLANNED' && from.context.drill.plan !== null,
  'a sign-off falls with a replay from the pause or earlier': ({ event, to }) =>
    event.type === 'REPLAY_REQUESTED' && !isBefore(PAUSE, event['from'] as Place) && to.context.signOff !== null,
  'a sign-off that falls with a replay counts as withdrawn, and so does a form that may be an old one': ({ from, event, to }) =>
    event.type === 'REPLAY_REQUESTED' &&
    !isBefore(PAUSE, event['from'] as Place) &&
    (from.witness.signed || event['from'] === PAUSE) &&
    to.context.signOffWithdrawn === null,
  'no sign-off counts as withdrawn by a replay that has the form made anew, where nobody has signed': ({ from, event, to }) =>
    event.type === 'REPLAY_REQUESTED' &&
    isBefore(event['from'] as Place, PAUSE) &&
    !from.witness.signed &&
    to.context.signOffWithdrawn !== from.context.signOffWithdrawn,
  'a sign-off of another run is not taken': ({ event }) =>
    event.type === 'SIGNED_OFF' && (event['signOff'] as { runId: string }).runId !== RUN,
  'a signature after the sign-off binds the very files of it': ({ to: { context } }) =>
    context.countersignatures.some(({ files }) => JSON.stringify(files) !== JSON.stringify(context.signOff?.files)),
  'once a PUT was begun, nothing before the upload is entered again': ({ from, to }) =>
    from.witness.putBegan && isPlace(to.state) && isBefore(to.state, 'sealing.uploading'),
  'once a PUT was begun, neither the archive nor what is frozen with it changes': ({ from, to }) =>
    from.witness.putBegan && frozen(from) !== frozen(to),
  'an upload that was begun stays on record': ({ from, to }) =>
    Object.keys(from.context.seal?.uploads ?? {}).some((key) => to.context.seal?.uploads?.[key] === undefined),
  'once the summary is frozen, only the summary is made again': ({ from, to }) =>
    from.context.summary !== null && isPlace(to.state) && to.state !== 'summarizing',
  'once the summary is frozen and anything beside the archive may be locked, its words stay the same': ({ from, to }) =>
    from.context.summary !== null &&
    besideMayBeLocked(from.context) &&
    JSON.stringify(from.context.summary) !== JSON.stringify(to.context.summary),
  'a run whose summary may be locked is not abandoned': ({ from, event }) =>
    event.type === 'ABANDONED' && summaryMayBeLocked(from.context),
  'an attempt to publish says all that was decided, unless anything beside the archive may be locked': ({ from, event, to }) =>
    to.state === 'summarizing' &&
    !WHILE_IT_IS_PUBLISHED.includes(event.type) &&
    !besideMayBeLocked(from.context) &&
    to.context.summary?.document.exceptions.length !== to.context.exceptions.length,
  'a run that was abandoned or superseded goes on only to be sealed as failed': ({ from, to }) =>
    ['abandoned', 'superseded'].includes(from.state) && to.context.seal?.verdict !== 'FAIL',
  'a run that is sealed as failed stays one': ({ from, to }) =>
    from.context.seal?.verdict === 'FAIL' && to.context.seal?.verdict !== 'FAIL',
  'a run that is sealed as failed enters nothing before the sealing': ({ from, to }) =>
    from.context.seal?.verdict === 'FAIL' && isPlace(to.state) && !isBefore(PAUSE, to.state),
};

/** These begin no attempt. */
const WHILE_IT_IS_PUBLISHED = ['DRIFT_ACCEPTED', 'FINDING_ACCEPTED', 'LEASE_BROKEN', 'DRIVER_JOINED', 'UPLOAD_BEGUN'];

export function isPlace(state: string): state is Place {
  return (PLACES as readonly string[]).includes(state);
}

/** Deployments may be rolled back, and nobody has said that they stay so. */
export function isUndone({ witness }: JudgedRun): boolean {
  return witness.undone && !witness.acknowledged;
}

function frozen({ context: { seal, results } }: JudgedRun): string {
  const steps = ['sealing.archiving', 'sealing.hashing', 'sealing.retention'] as const;
  return JSON.stringify([seal?.verdict, seal?.upToSeq, ...steps.map((step) => results[step])]);
}
