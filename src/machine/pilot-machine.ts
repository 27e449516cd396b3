import { assign, setup } from 'xstate';
import * as actions from './actions.js';
import { initialContext, type PilotContext, type PilotInput } from './context.js';
import { effects } from './effects.js';
import type { PilotEvent } from './events.js';
import { guards } from './guards.js';
import { enterPause } from './pause.js';
import { scanInput, stepInputs } from './step-inputs.js';
import { isBefore, PLACES, STEP_NAMES, STEPS, type Place, type StepName } from './steps.js';

/** What a state means to whoever lists runs; a state without one is active. */
export type StateTag = 'waiting' | 'failed' | 'completed' | 'abandoned' | 'superseded' | 'holdsEnvironment';

const pilot = setup({
  types: {} as { context: PilotContext; events: PilotEvent; input: PilotInput; tags: StateTag },
  actors: effects,
  guards,
  actions: {
    recordResult: assign(actions.recordResult),
    recordFailure: assign(actions.recordFailure),
    recordUnprovenDrill: assign(actions.recordUnprovenDrill),
    recordWrongVerdict: assign(actions.recordWrongVerdict),
    noteDriver: assign(actions.noteDriver),
    noteDriverAtAws: assign(actions.noteDriverAtAws),
    countAttempt: assign(actions.countAttempt),
    recordDrillPlan: assign(actions.recordDrillPlan),
    recordRestored: assign(actions.recordRestored),
    restoreAgain: assign(actions.restoreAgain),
    enterPause: assign(enterPause),
    leavePause: assign({ pause: null }),
    recordSignOff: assign(actions.recordSignOff),
    recordCountersignature: assign(actions.recordCountersignature),
    dropSignatures: assign(actions.dropSignatures),
    withdrawSignOff: assign(actions.withdrawSignOff),
    noteClaim: assign(actions.noteClaim),
    endClaim: assign(actions.endClaim),
    freezeSeal: assign(actions.freezeSeal),
    recordPutBegan: assign(actions.recordPutBegan),
    recordUpload: assign(actions.recordUpload),
    freezeSummary: assign(actions.freezeSummary),
    forgetFailure: assign(actions.forgetFailure),
    forgetFrom: assign(actions.forgetFrom),
    noteReplay: assign(actions.noteReplay),
    noteDrift: assign(actions.noteDrift),
    noteFinding: assign(actions.noteFinding),
    noteBrokenLease: assign(actions.noteBrokenLease),
    noteSealing: assign(actions.noteSealing),
    noteAbandoning: assign(actions.noteAbandoning),
    /** Read by the engine: what is spawned now is not to be started before `delayMs` (milliseconds) have passed. */
    scheduleRetry: (_, _params: { delayMs: number }) => {},
  },
});

/** Events that every state takes that is not final. */
const always = {
  ABANDONED: [
    { guard: 'mustRestoreFirst', target: '#restoringStaging', reenter: true, actions: ['noteAbandoning', 'noteDriver'] },
    { guard: 'mayAbandon', target: '#abandoned', actions: 'noteAbandoning' },
  ],
  DRIFT_ACCEPTED: { guard: 'mayAcceptDrift', actions: 'noteDrift' },
  LEASE_BROKEN: { guard: 'isPermitted', actions: 'noteBrokenLease' },
  FINDING_ACCEPTED: { guard: 'isPermitted', actions: 'noteFinding' },
} as const;

/** A run that ended without PASS can be sealed as evidence of that. */
const sealable = {
  SEAL_REQUESTED: { guard: 'maySealAsFailed', target: '#sealing', actions: ['noteSealing', 'noteDriver', 'freezeSeal'] },
} as const;

/** One transition for each place; which are open is said in replay.ts. */
const replayable = {
  REPLAY_REQUESTED: PLACES.map((place) => ({
    guard: { type: 'mayReplayFrom', params: { place } } as const,
    target: targetOf(place),
    reenter: true,
    actions: [
      'noteReplay' as const,
      'noteDriver' as const,
      { type: 'forgetFrom', params: { place } } as const,
      ...(isBefore('awaitingDbVerification', place) ? [] : (['withdrawSignOff'] as const)),
      ...(place === 'sealing.scanning' ? (['freezeSeal'] as const) : []),
    ],
  })),
};

/**
 * A state with an effect. One attempt at a time: it is done, or it fails; a transient failure is tried again within the limits of
 * the step's row in steps.ts; an attempt that never reported (RESUMED) is made again, with the facts as they are then.
 */
function effectOf<const Done, const Failed extends readonly unknown[] = []>(step: StepName, done: Done, failed?: Failed) {
  const { actor, backoffMs } = STEPS[step];
  return {
    id: step,
    src: actor as string,
    input: ({ context }: { context: PilotContext }): unknown => ({ ...stepInputs[step](context), ...scanInput(context, step) }),
    onDone: done,
    onError: [
      {
        guard: { type: 'mayTryAgain', params: { step } } as const,
        target: targetOf(step),
        reenter: true,
        actions: [
          {
            type: 'scheduleRetry',
            params: ({ context }: { context: PilotContext }) => ({ delayMs: backoffMs * 2 ** (context.attemptsInARow - 1) }),
          } as const,
          'countAttempt' as const,
        ],
      },
      ...((failed ?? []) as Failed),
      failure(step),
    ] as const,
  };
}

/** The last branch of every failure. */
function failure(step: StepName) {
  return { target: '#failed', actions: { type: 'recordFailure', params: { place: step } } } as const;
}

function result(step: StepName) {
  return { type: 'recordResult', params: { step } } as const;
}

function on(step: StepName) {
  return {
    RESUMED: { target: targetOf(step), reenter: true },
    DRIVER_JOINED: { guard: 'isPermitted', actions: 'noteDriver' },
    ...always,
  } as const;
}

function targetOf(place: Place): `#${string}` {
  return `#${place}`;
}

/** The pilot cutover, step by step as the runbook has it. Pure: no I/O, no clock, no randomness. */
export const pilotMachine = pilot.createMachine({
  id: 'cutover',
  context: initialContext,
  initial: 'preflight',
  states: {
    preflight: {
      id: 'preflight',
      invoke: effectOf('preflight', { target: '#capturingScope', actions: [result('preflight'), 'noteDriverAtAws'] }),
      on: on('preflight'),
    },
    capturingScope: {
      id: 'capturingScope',
      tags: 'holdsEnvironment',
      invoke: effectOf('capturingScope', { target: '#runningRcGates', actions: result('capturingScope') }),
      on: on('capturingScope'),
    },
    runningRcGates: {
      id: 'runningRcGates',
      tags: 'holdsEnvironment',
      invoke: effectOf('runningRcGates', { target: '#runningStagingDryRun', actions: result('runningRcGates') }),
      on: on('runningRcGates'),
    },
    runningStagingDryRun: {
      id: 'runningStagingDryRun',
      tags: 'holdsEnvironment',
      invoke: effectOf('runningStagingDryRun', { target: '#drillingAppRollback', actions: result('runningStagingDryRun') }),
      on: on('runningStagingDryRun'),
    },
    drillingAppRollback: {
      id: 'drillingAppRollback',
      tags: 'holdsEnvironment',
      invoke: effectOf('drillingAppRollback', { target: '#restoringStaging', actions: result('drillingAppRollback') }, [
        {
          guard: 'stagingIsDirty',
          target: '#restoringStaging',
          actions: { type: 'recordFailure', params: { place: 'drillingAppRollback' } },
        },
      ]),
      on: { ...on('drillingAppRollback'), DRILL_PLANNED: { guard: 'drillIsUnplanned', actions: 'recordDrillPlan' } },
    },
    restoringStaging: {
      id: 'restoringStaging',
      tags: 'holdsEnvironment',
      invoke: effectOf(
        'restoringStaging',
        [
          { guard: 'isAbandoning', target: '#abandoned', actions: [result('restoringStaging'), 'recordRestored'] },
          { guard: 'drillIsProven', target: '#preparingCheckpoint', actions: [result('restoringStaging'), 'recordRestored'] },
          { target: '#failed', actions: [result('restoringStaging'), 'recordRestored', 'recordUnprovenDrill'] },
        ],
        [
          {
            guard: 'onlyTheDrillScriptFailed',
            target: '#failed',
            actions: [{ type: 'recordFailure', params: { place: 'restoringStaging' } }, 'recordRestored'],
          },
        ],
      ),
      on: on('restoringStaging'),
    },
    preparingCheckpoint: {
      id: 'preparingCheckpoint',
      tags: 'holdsEnvironment',
      invoke: effectOf('preparingCheckpoint', { target: '#awaitingDbVerification', actions: result('preparingCheckpoint') }),
      on: on('preparingCheckpoint'),
    },
    awaitingDbVerification: {
      id: 'awaitingDbVerification',
      tags: 'waiting',
      entry: 'enterPause',
      exit: ['leavePause', 'endClaim'],
      on: {
        SIGNED_OFF: [
          { guard: 'signOffIsEnough', target: '#sealing', actions: ['recordSignOff', 'freezeSeal'] },
          { guard: 'signOffIsOfThisRun', actions: ['recordSignOff', 'endClaim'] },
        ],
        COUNTERSIGNED: [
          { guard: 'countersignatureIsTheLast', target: '#sealing', actions: ['recordCountersignature', 'freezeSeal'] },
          { guard: 'mayCountersign', actions: 'recordCountersignature' },
        ],
        EXPIRED: {
          guard: 'gateHasExpired',
          target: '#failed',
          actions: [{ type: 'recordFailure', params: { place: 'awaitingDbVerification' } }, 'dropSignatures'],
        },
        CLAIMED: { guard: 'mayClaim', actions: 'noteClaim' },
        RELEASED: { guard: 'mayRelease', actions: 'endClaim' },
        VERIFICATION_REJECTED: {
          guard: 'mayReject',
          target: '#failed',
          actions: [{ type: 'recordFailure', params: { place: 'awaitingDbVerification' } }, 'dropSignatures'],
        },
        ...replayable,
        ...always,
      },
    },
    sealing: {
      id: 'sealing',
      initial: 'scanning',
      states: {
        scanning: {
          id: 'sealing.scanning',
          invoke: effectOf('sealing.scanning', { target: '#sealing.archiving', actions: result('sealing.scanning') }),
          on: on('sealing.scanning'),
        },
        archiving: {
          id: 'sealing.archiving',
          invoke: effectOf('sealing.archiving', { target: '#sealing.hashing', actions: result('sealing.archiving') }, [
            {
              guard: { type: 'signOffIsInvalidated', params: { verdict: 'PASS' } },
              target: '#awaitingDbVerification',
              actions: 'withdrawSignOff',
            },
            {
              guard: { type: 'signOffIsInvalidated', params: { verdict: 'FAIL' } },
              target: '#sealing',
              actions: ['withdrawSignOff', 'freezeSeal'],
            },
          ]),
          on: on('sealing.archiving'),
        },
        hashing: {
          id: 'sealing.hashing',
          invoke: effectOf('sealing.hashing', { target: '#sealing.retention', actions: result('sealing.hashing') }),
          on: on('sealing.hashing'),
        },
        retention: {
          id: 'sealing.retention',
          invoke: effectOf('sealing.retention', { target: '#sealing.uploading', actions: result('sealing.retention') }),
          on: on('sealing.retention'),
        },
        uploading: {
          id: 'sealing.uploading',
          invoke: effectOf('sealing.uploading', {
            target: '#sealing.verifying',
            // An adopted upload was not begun by this attempt.
            actions: [result('sealing.uploading'), 'recordPutBegan'],
          }),
          on: { ...on('sealing.uploading'), UPLOAD_BEGUN: { actions: 'recordUpload' } },
        },
        verifying: {
          id: 'sealing.verifying',
          invoke: effectOf('sealing.verifying', {
            target: '#summarizing',
            actions: result('sealing.verifying'),
          }),
          on: on('sealing.verifying'),
        },
      },
    },
    summarizing: {
      id: 'summarizing',
      // Before the input of its effect is made.
      entry: 'freezeSummary',
      invoke: effectOf('summarizing', [
        { guard: { type: 'verdictIs', params: { verdict: 'PASS' } }, target: '#completed', actions: result('summarizing') },
        { guard: { type: 'verdictIs', params: { verdict: 'FAIL' } }, target: '#sealedAsFailed', actions: result('summarizing') },
        { target: '#failed', actions: 'recordWrongVerdict' },
      ]),
      on: { ...on('summarizing'), UPLOAD_BEGUN: { actions: 'recordUpload' } },
    },
    failed: {
      id: 'failed',
      tags: 'failed',
      on: {
        RETRY_REQUESTED: [
          { guard: 'sealMayStartOver', target: '#sealing', actions: ['noteDriver', 'freezeSeal'] },
          ...(['sealing.uploading', 'sealing.verifying', 'summarizing'] as const).map((place) => ({
            guard: { type: 'mayRetryAt', params: { place } } as const,
            target: targetOf(place),
            actions: ['noteDriver' as const, 'forgetFailure' as const],
          })),
          ...STEP_NAMES.filter((step) => isBefore(step, 'sealing.scanning')).map((step) => ({
            guard: { type: 'mayScanAgainAt', params: { step } } as const,
            target: targetOf(step),
            actions: [
              'noteDriver' as const,
              'forgetFailure' as const,
              ...(step === 'drillingAppRollback' ? (['restoreAgain'] as const) : []),
            ],
          })),
        ],
        SUPERSEDED: { guard: 'mayBeSuperseded', target: '#superseded' },
        ...replayable,
        ...sealable,
        ...always,
      },
    },
    completed: { id: 'completed', type: 'final', tags: 'completed' },
    abandoned: { id: 'abandoned', tags: 'abandoned', on: { ...sealable } },
    superseded: { id: 'superseded', tags: 'superseded', on: { ...sealable } },
    sealedAsFailed: { id: 'sealedAsFailed', type: 'final', tags: 'failed' },
  },
});
