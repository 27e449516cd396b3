import type { RunEvent } from '../../src/engine/definition.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { PLACES, STEP_NAMES } from '../../src/machine/steps.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { attemptFailure, countersignature, driftedWorld, facts, plan, RUN, signOff } from './pilot-facts.js';

const DONE = 'xstate.done.actor.';
const ERROR = 'xstate.error.actor.';

/**
 * Everything that can happen to a run, as a finite list: each event type that the machine itself names, in every variant that a
 * guard tells apart. Throws for a type that has no variant here: an event added to the machine can't be forgotten.
 */
export function alphabet(): RunEvent[] {
  return [...new Set<string>(pilotMachine.events)].flatMap(variants);
}

function variants(type: string): RunEvent[] {
  if (type.startsWith(DONE))
    return doneVariants(type.slice(DONE.length)).map((output) => ({ type, output, attempt: 1, logs: [] }));
  if (type.startsWith(ERROR)) {
    const failures = [attemptFailure('STEP_FAILED'), attemptFailure('UNAVAILABLE', true), attemptFailure('SIGN_OFF_INVALIDATED')];
    // In what is sealed, it is a failure like any other.
    if (!/sealing|summarizing/.test(type))
      failures.push({ ...attemptFailure('SECRET_FOUND'), details: { held: { output: {}, files: {} } } });
    return failures.map((error) => ({ type, error, attempt: 1, logs: [] }));
  }
  const human = DECISIONS[type];
  if (human === undefined) throw new Error(`the machine takes ${type}, which has no variant in the alphabet`);
  return human.map((event) => ({ type, ...event }));
}

function doneVariants(step: string): unknown[] {
  const name = STEP_NAMES.find((one) => one === step);
  if (name === undefined) throw new Error(`the machine has an effect in ${step}, which is no step`);
  return name === 'summarizing' ? (['PASS', 'FAIL'] as const).map((verdict) => ({ verdict, objects: [] })) : [facts[name]];
}

const reason = 'because';
const DECISIONS: Readonly<Record<string, readonly Omit<RunEvent, 'type'>[]>> = {
  RESUMED: [{ interrupted: [] }],
  DRILL_PLANNED: [{ plan }],
  UPLOAD_BEGUN: [EVIDENCE.archive, EVIDENCE.summary].map((name) => ({
    key: `evidence/cutover/phase6_4_cutover/${RUN}/${name}`,
    uploadId: 'upload-1',
  })),
  SIGNED_OFF: [{ signOff }, { signOff: { ...signOff, runId: `${RUN.slice(0, -1)}1Z` } }],
  EXPIRED: [{ expiresAt: '2026-02-23T12:00:00.000Z' }],
  CLAIMED: [{}],
  RELEASED: [{ reason: null }, { reason }],
  COUNTERSIGNED: [
    { countersignature },
    { countersignature: { ...countersignature, files: { ...signOff.files, [EVIDENCE.scope]: 'f'.repeat(64) } } },
    { countersignature: { ...countersignature, role: 'engineering-lead' } },
  ],
  DRIVER_JOINED: [{}],
  VERIFICATION_REJECTED: [{ reason, by: signOff.signer }],
  RETRY_REQUESTED: [{ reason: null }],
  REPLAY_REQUESTED: PLACES.flatMap((from) => [false, true].map((override) => ({ from, reason, override }))),
  SEAL_REQUESTED: [{ reason }],
  ABANDONED: [false, true].map((acknowledgeLeftBehind) => ({ reason, acknowledgeLeftBehind })),
  SUPERSEDED: [{ byRun: '20260221T130000Z' }],
  FINDING_ACCEPTED: [{ reason, file: '30_rc_gates.txt', line: 2, kind: 'jwt', sha256: 'ab'.repeat(32) }],
  LEASE_BROKEN: [{ reason, holder: 'operator on host (pid 17)', lastHeartbeat: '2026-03-01T08:00:00.000Z' }],
  DRIFT_ACCEPTED: [{ reason, facts: ['kubeServer'], world: driftedWorld }],
};
