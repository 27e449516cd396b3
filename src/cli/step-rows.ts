import type { RunView } from '../engine/engine.js';
import type { AttemptFailure } from '../config/step-contracts.js';
import { PLACES, STEPS, type Place } from '../machine/steps.js';
import type { AttemptRecord } from '../store/store.js';
import { EVIDENCE } from '../evidence/layout.js';
import { contextOf, waitingOn } from './run-facts.js';

/** One row of `status`: a place of the runbook and how it went. */
export interface StepRow {
  readonly step: Place;
  readonly result: 'PASS' | 'FAIL' | 'RUNNING' | 'DUE' | 'WAITING' | 'INTERRUPTED' | 'NOT RUN';
  readonly attempts: number;
  readonly startedAt: string | null;
  /** Milliseconds; null while it is not known. */
  readonly durationMs: number | null;
  readonly evidence: string | null;
  readonly message: string;
}

/** Every place in the runbook's order, from the recorded attempts and results. */
export function stepRows(view: RunView, now: Date): StepRow[] {
  return PLACES.map((place) => (place === 'awaitingDbVerification' ? pauseRow(view) : stepRow(view, place, now)));
}

function stepRow(view: RunView, step: Exclude<Place, 'awaitingDbVerification'>, now: Date): StepRow {
  const { results, failures } = contextOf(view);
  const attempts = view.attempts.filter((attempt) => attempt.step === step);
  const last = attempts.at(-1);
  const ended = last?.endedAt ?? (last?.status === 'running' ? now.toISOString() : null);
  return {
    step,
    result: resultOf(view, last, results[step] !== undefined, failures[step] !== undefined),
    attempts: attempts.length,
    startedAt: last?.startedAt ?? null,
    durationMs: last?.startedAt && ended ? Date.parse(ended) - Date.parse(last.startedAt) : null,
    evidence: last === undefined ? null : STEPS[step].evidence,
    message: failures[step] === undefined ? messageOf(last) : `${failures[step].code}: ${failures[step].message}`,
  };
}

function resultOf({ look }: RunView, last: AttemptRecord | undefined, proven: boolean, failed: boolean): StepRow['result'] {
  if (last?.status === 'running') return ['interrupted', 'stalled'].includes(look.kind) ? 'INTERRUPTED' : 'RUNNING';
  if (last?.status === 'pending') return 'DUE';
  if (proven) return 'PASS';
  return failed ? 'FAIL' : last?.status === 'interrupted' ? 'INTERRUPTED' : 'NOT RUN';
}

function messageOf(last: AttemptRecord | undefined): string {
  if (last?.status !== 'failed') return '';
  const { code, message } = last.error as AttemptFailure;
  return `${code}: ${message}`;
}

function pauseRow(view: RunView): StepRow {
  const { signOff, failures, signOffWithdrawn } = contextOf(view);
  const failure = failures.awaitingDbVerification;
  const missing = waitingOn(view);
  const result =
    signOff !== null && missing === null
      ? 'PASS'
      : failure !== undefined
        ? 'FAIL'
        : view.run.status === 'waiting'
          ? 'WAITING'
          : 'NOT RUN';
  const words = {
    PASS: `signed by ${signOff?.signer} (${signOff?.level})`,
    FAIL: failure?.message ?? '',
    WAITING:
      signOff === null ? 'for the DB restore verifier' : `signed by ${signOff.signer} (${signOff.level}); waits for ${missing}`,
    'NOT RUN': '',
  };
  const message = signOffWithdrawn !== null && signOff === null ? `sign-off withdrawn: ${signOffWithdrawn}` : words[result];
  return {
    step: 'awaitingDbVerification',
    result,
    attempts: 0,
    startedAt: null,
    durationMs: null,
    evidence: result === 'NOT RUN' ? null : EVIDENCE.checkpoint,
    message,
  };
}
