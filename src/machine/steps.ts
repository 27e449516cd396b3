import type { ActorName } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';

/** A step is a state that has an effect; its name is the state's path. In the runbook's execution order. */
export const STEP_NAMES = [
  'preflight',
  'capturingScope',
  'runningRcGates',
  'runningStagingDryRun',
  'drillingAppRollback',
  'restoringStaging',
  'preparingCheckpoint',
  'sealing.scanning',
  'sealing.archiving',
  'sealing.hashing',
  'sealing.retention',
  'sealing.uploading',
  'sealing.verifying',
  'summarizing',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

export interface StepPolicy {
  readonly actor: ActorName;
  /** What the runbook calls it. */
  readonly label: string;
  /** The section of the runbook, for people who look it up. */
  readonly runbook: string;
  /** What it leaves behind. */
  readonly evidence: string | null;
  /** Milliseconds that one attempt may take. */
  readonly timeoutMs: number;
  /** Attempts until a transient failure counts as a failure; 1 = never tried again by itself. */
  readonly maxAttempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly backoffMs: number;
}

const seconds = 1000;
const minutes = 60 * seconds;
const once = { maxAttempts: 1, backoffMs: 0 };
const withBackoff = { maxAttempts: 5, backoffMs: 1 * seconds };

/** Attempt limits, time-outs and back-off: gates are never tried again by themselves, S3 and STS calls are. */
export const STEPS = {
  preflight: {
    actor: 'checkPreconditions',
    label: 'Preflight',
    runbook: 'Pre-conditions 1-8, Required ENV',
    evidence: EVIDENCE.preflight,
    timeoutMs: 3 * minutes,
    ...once,
  },
  capturingScope: {
    actor: 'captureScope',
    label: 'Step 0: Scope',
    runbook: 'Execution order, step 0',
    evidence: EVIDENCE.scope,
    timeoutMs: 1 * minutes,
    ...once,
  },
  runningRcGates: {
    actor: 'runRcGates',
    label: 'Step 1: RC Gates',
    runbook: 'Execution order, step 1',
    evidence: EVIDENCE.rcGates,
    timeoutMs: 120 * minutes,
    ...once,
  },
  runningStagingDryRun: {
    actor: 'runStagingDryRun',
    label: 'Step 2: Staging dry-run',
    runbook: 'Execution order, step 2',
    evidence: EVIDENCE.stagingDryRun,
    timeoutMs: 30 * minutes,
    ...once,
  },
  drillingAppRollback: {
    actor: 'drillAppRollback',
    label: 'Step 3: App rollback drill',
    runbook: 'Execution order, step 3',
    evidence: EVIDENCE.rollbackDrill,
    timeoutMs: 30 * minutes,
    ...once,
  },
  restoringStaging: {
    actor: 'restoreStaging',
    label: 'Step 3: Staging restored',
    runbook: 'Execution order, step 3',
    evidence: EVIDENCE.rollbackDrill,
    timeoutMs: 30 * minutes,
    ...once,
  },
  preparingCheckpoint: {
    actor: 'prepareCheckpoint',
    label: 'Step 3b: Checkpoint',
    runbook: 'Human Step: DB Rollback Verification',
    evidence: EVIDENCE.checkpoint,
    timeoutMs: 1 * minutes,
    ...once,
  },
  'sealing.scanning': {
    actor: 'scanEvidence',
    label: 'Step 4a: Secret scan',
    runbook: 'Acceptance criterion AC5',
    evidence: EVIDENCE.secretScan,
    timeoutMs: 60 * minutes,
    ...once,
  },
  'sealing.archiving': {
    actor: 'createArchive',
    label: 'Step 4a: Tarball',
    runbook: 'Execution order, step 4a',
    evidence: EVIDENCE.archive,
    timeoutMs: 120 * minutes,
    ...once,
  },
  'sealing.hashing': {
    actor: 'hashArchive',
    label: 'Step 4b: SHA-256',
    runbook: 'Execution order, step 4b',
    evidence: EVIDENCE.archiveDigest,
    timeoutMs: 60 * minutes,
    ...once,
  },
  'sealing.retention': {
    actor: 'computeRetention',
    label: 'Step 4c: Retain-until',
    runbook: 'Execution order, step 4c',
    evidence: null,
    timeoutMs: 1 * minutes,
    ...once,
  },
  'sealing.uploading': {
    actor: 'uploadToWorm',
    label: 'Step 5a: WORM upload',
    runbook: 'Execution order, step 5a',
    evidence: EVIDENCE.uploadLog,
    timeoutMs: 120 * minutes,
    ...withBackoff,
  },
  'sealing.verifying': {
    actor: 'verifyUpload',
    label: 'Step 5b: WORM verification',
    runbook: 'Execution order, step 5b',
    evidence: EVIDENCE.manifest,
    timeoutMs: 120 * minutes,
    ...withBackoff,
  },
  summarizing: {
    actor: 'publishSummary',
    label: 'Result summary',
    runbook: 'Execution order, result summary',
    evidence: EVIDENCE.summary,
    timeoutMs: 30 * minutes,
    ...withBackoff,
  },
} as const satisfies Readonly<Record<StepName, StepPolicy>>;

/** The states that are no step but that a run can be found, or fail, in. */
export type Place = StepName | 'awaitingDbVerification';

/** Places in execution order, the human pause among them. */
export const PLACES: readonly Place[] = [...STEP_NAMES.slice(0, 7), 'awaitingDbVerification', ...STEP_NAMES.slice(7)];

export function isStep(name: string): name is StepName {
  return (STEP_NAMES as readonly string[]).includes(name);
}

export function isBefore(a: Place, b: Place): boolean {
  return PLACES.indexOf(a) < PLACES.indexOf(b);
}
