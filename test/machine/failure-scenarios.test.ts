import { describe, expect, test } from '@jest/globals';
import { EventRefusedError } from '../../src/engine/errors.js';
import { stagingIsDirty } from '../../src/machine/context.js';
import { isBefore, PLACES, type StepName } from '../../src/machine/steps.js';
import { attemptFailure, facts, plan, RUN, signOff } from './pilot-facts.js';
import { PilotRun } from './pilot-run.js';
import type { SummaryInput, UploadInput } from '../../src/config/step-contracts.js';

const start = PilotRun.start();
const failedAt = (step: StepName, code = 'STEP_FAILED') => start.to(step).reported().fail(code);
const DRILL_DONE = start.to('restoringStaging');

describe('before anything is touched', () => {
  test('a failed preflight ends the run, and only the preflight can be made again', () => {
    const failed = start.fail('PREFLIGHT_FAILED');
    expect(failed.state).toBe('failed');
    expect(failed.context.failure).toMatchObject({ step: 'preflight', code: 'PREFLIGHT_FAILED', attempt: 1 });
    expect(failed.replay('preflight').state).toBe('preflight');
    expect(() => failed.sealAsFailed()).toThrow(EventRefusedError);
    expect(() => failed.retry()).toThrow(EventRefusedError);
  });

  test('what the operator vouched for is on record from the start', () => {
    const run = PilotRun.start({ commitsOk: 'squashed before the pilot', contextOk: 'minikube' });
    expect(run.context.exceptions).toMatchObject([
      { by: 'operator (asserted)', what: expect.stringContaining('--commits-ok'), reason: 'squashed before the pilot' },
      { by: 'operator (asserted)', what: expect.stringContaining('--context-ok minikube') },
    ]);
  });
});

describe.each<[string, StepName]>([
  ['Step 1 fails (RC Gates)', 'runningRcGates'],
  ['Step 2 fails (Staging)', 'runningStagingDryRun'],
])('%s', (_, gate) => {
  const failed = failedAt(gate, 'GATE_FAILED');

  test('fails the run, and names the step', () => {
    expect(failed.state).toBe('failed');
    expect(failed.context.failure).toMatchObject({ step: gate, code: 'GATE_FAILED' });
    expect(failed.tags()).toEqual(['failed']);
  });

  test('the same run is not gone on with: no retry, no replay without an override', () => {
    expect(() => failed.retry()).toThrow(EventRefusedError);
    for (const from of PLACES) expect(() => failed.replay(from)).toThrow(EventRefusedError);
  });

  test('an override judges it again, and stays on record to the end', () => {
    const replayed = failed.replay(gate, { override: true, reason: 'the runner lost its network' });
    expect(replayed.state).toBe(gate);
    expect(replayed.to('completed').context.exceptions).toMatchObject([
      {
        by: 'supervisor (asserted)',
        what: `replayed from ${gate} (override of a failed gate)`,
        reason: 'the runner lost its network',
      },
    ]);
  });

  test('a new run supersedes it', () => {
    expect(failed.supersede().state).toBe('superseded');
    expect(failed.supersede().tags()).toEqual(['superseded']);
  });

  test('it can be sealed as evidence of the failure, without a sign-off', () => {
    const sealed = failed.sealAsFailed('kept for the review').to('sealedAsFailed');
    expect(sealed.visited).not.toContain('awaitingDbVerification');
    expect(sealed.context).toMatchObject({
      seal: { verdict: 'FAIL' },
      signOff: null,
      results: { summarizing: { facts: { verdict: 'FAIL' } } },
    });
    expect(sealed.tags()).toEqual(['failed']);
  });

  test('sealing it does not open a way past it, also when the sealing fails', () => {
    const sealing = failed.sealAsFailed().fail('SECRET_FOUND');
    expect(sealing.state).toBe('failed');
    for (const from of PLACES.slice(0, PLACES.indexOf('sealing.scanning'))) {
      expect(() => sealing.replay(from, { override: true })).toThrow(EventRefusedError);
    }
    expect(sealing.retry().to('sealedAsFailed').context.seal?.verdict).toBe('FAIL');
    expect(sealing.replay('sealing.scanning').to('sealedAsFailed').context.seal?.verdict).toBe('FAIL');
  });
});

describe('Step 3 fails (drill)', () => {
  test('before it has a plan: the run fails at once, there is nothing to restore', () => {
    const failed = start.to('drillingAppRollback').fail('DRILL_NOT_POSSIBLE');
    expect(failed.state).toBe('failed');
    expect(stagingIsDirty(failed.context)).toBe(false);
    expect(failed.replay('drillingAppRollback').input).toMatchObject({ plan: null });
  });

  test('after an undo was planned: staging is restored first, then the run fails with what the drill failed of', () => {
    const restoring = failedAt('drillingAppRollback', 'DRILL_NOT_AVAILABLE');
    expect(restoring.state).toBe('restoringStaging');
    const failed = restoring.done();
    expect(failed.state).toBe('failed');
    expect(failed.context.failure).toMatchObject({ step: 'drillingAppRollback', code: 'DRILL_NOT_AVAILABLE' });
    expect(stagingIsDirty(failed.context)).toBe(false);
  });

  test('a drill that was restored is made anew, with a plan of its own', () => {
    const again = failedAt('drillingAppRollback').done().replay('drillingAppRollback');
    expect(again.input).toMatchObject({ plan: null });
    expect(again.to('completed').context.failures).toEqual({});
  });

  test('an interrupted drill goes on with the plan that is on record', () => {
    const planned = start.to('drillingAppRollback').reported();
    expect(planned.resumed().input).toMatchObject({ plan });
    expect(() => planned.send({ type: 'DRILL_PLANNED', plan: { deployments: [] } })).toThrow(EventRefusedError);
  });
});

describe('restoring staging fails', () => {
  const dirty = DRILL_DONE.fail('RESTORE_NOT_OBSERVED');

  test('the run fails, and knows that staging is not as it was', () => {
    expect(dirty.state).toBe('failed');
    expect(dirty.context.failure?.step).toBe('restoringStaging');
    expect(stagingIsDirty(dirty.context)).toBe(true);
  });

  test('a new run does not supersede it: it alone knows what ran before', () => {
    expect(() => dirty.supersede()).toThrow('SUPERSEDED');
  });

  test('nothing but the drill and the restore can be made again, and nothing can be sealed', () => {
    const open = PLACES.filter((from) => dirty.accepts({ type: 'REPLAY_REQUESTED', from, reason: 'again', override: true }));
    expect(open).toEqual(['drillingAppRollback', 'restoringStaging']);
    expect(() => dirty.sealAsFailed()).toThrow(EventRefusedError);
  });

  test('a restore that is made again lets the run go on where the drill was proven', () => {
    expect(dirty.replay('restoringStaging').done().state).toBe('preparingCheckpoint');
  });

  test('a drill that is made again goes on from where staging stands', () => {
    const again = dirty.replay('drillingAppRollback');
    expect(again.input).toMatchObject({ plan });
    expect(again.fail('DRILL_THIRD_PARTY').state).toBe('restoringStaging');
  });

  test('after a failed drill the run still fails of the drill once staging is restored', () => {
    const twice = failedAt('drillingAppRollback', 'DRILL_NOT_AVAILABLE').fail('RESTORE_NOT_OBSERVED');
    expect(twice.context.failure).toMatchObject({ step: 'restoringStaging', code: 'RESTORE_NOT_OBSERVED' });
    const restored = twice.replay('restoringStaging').done();
    expect(restored.context.failure).toMatchObject({ step: 'drillingAppRollback', code: 'DRILL_NOT_AVAILABLE' });
  });
});

describe("the repository's own drill script fails, and all deployments are restored", () => {
  const restored = DRILL_DONE.fail('DRILL_SCRIPT_FAILED');

  test('the run fails, and staging is as it was', () => {
    expect(restored.state).toBe('failed');
    expect(restored.context.failure).toMatchObject({ step: 'restoringStaging', code: 'DRILL_SCRIPT_FAILED' });
    expect(stagingIsDirty(restored.context)).toBe(false);
    expect(restored.tags()).toEqual(['failed']);
  });

  test('a new run supersedes it, it can be sealed as failed, and it does not go on without a restore that succeeds', () => {
    expect(restored.supersede().state).toBe('superseded');
    expect(restored.sealAsFailed().state).toBe('sealing.scanning');
    expect(() => restored.replay('preparingCheckpoint')).toThrow(EventRefusedError);
    expect(restored.replay('restoringStaging').done().state).toBe('preparingCheckpoint');
  });

  test('while the restore is made again, staging counts as changed', () => {
    expect(stagingIsDirty(restored.replay('restoringStaging').context)).toBe(true);
  });
});

describe('Step 3b: exit 2 (normal, human gate)', () => {
  const pause = start.to('awaitingDbVerification');

  test('is no failure: the run waits, and goes on with a sign-off', () => {
    expect(pause.context.failure).toBeNull();
    expect(pause.signOff().state).toBe('sealing.scanning');
    expect(pause.signOff().context.signOff).toEqual(signOff);
  });

  test('a sign-off of another run is refused', () => {
    expect(() => pause.signOff({ runId: `${RUN}9` })).toThrow(EventRefusedError);
  });

  test('a rejected restore fails the run, with who said so and why', () => {
    const rejected = pause.reject();
    expect(rejected.state).toBe('failed');
    expect(rejected.context.failure).toMatchObject({
      step: 'awaitingDbVerification',
      code: 'VERIFICATION_REJECTED',
      message: 'verifier@example.com (asserted) rejected the restore: tenant count differs',
    });
    expect(() => rejected.retry()).toThrow(EventRefusedError);
  });

  test('a rejected restore can be verified again after a replay, and is evidence when sealed', () => {
    expect(pause.reject().replay('awaitingDbVerification').signOff().to('completed').state).toBe('completed');
    const summary = pause.reject().sealAsFailed().to('sealedAsFailed').context.summary?.document;
    expect(summary?.criteria[3]).toMatchObject({ result: 'FAIL', fact: 'awaitingDbVerification: VERIFICATION_REJECTED' });
  });

  test('evidence that changed after the sign-off leads back to the pause, for another signature given on purpose', () => {
    const back = start.to('sealing.archiving').fail('SIGN_OFF_INVALIDATED');
    expect(back.state).toBe('awaitingDbVerification');
    expect(back.context).toMatchObject({
      signOff: null,
      seal: null,
      failure: null,
      signOffWithdrawn: expect.stringMatching(/INVALIDATED/),
    });
    expect(back.context.results).not.toHaveProperty(['sealing.scanning']);
    const signed = back.signOff();
    expect(signed.context).toMatchObject({ signOffWithdrawn: null, seal: { upToSeq: signed.seq } });
    expect(signed.to('completed').state).toBe('completed');
  });

  test('a replay from the pause or earlier withdraws the sign-off, a later one does not', () => {
    const failed = failedAt('sealing.retention');
    for (const from of PLACES.slice(0, PLACES.indexOf('sealing.uploading'))) {
      expect(failed.replay(from).context.signOff).toEqual(isBefore('awaitingDbVerification', from) ? signOff : null);
    }
  });
});

describe('a replay where nobody has signed', () => {
  test('withdraws nothing when the form is made anew, and keeps what was withdrawn before', () => {
    const drilled = start.to('drillingAppRollback').fail('NO_REVISION');
    expect(drilled.replay('drillingAppRollback').to('awaitingDbVerification').context.signOffWithdrawn).toBeNull();
    const pause = start.to('awaitingDbVerification');
    expect(pause.replay('preparingCheckpoint').context.signOffWithdrawn).toBeNull();
    const invalidated = start.to('sealing.archiving').fail('SIGN_OFF_INVALIDATED');
    expect(invalidated.replay('preparingCheckpoint').context.signOffWithdrawn).toMatch(/INVALIDATED/);
  });

  test('from the pause itself withdraws: the form that is there may be an old one', () => {
    const pause = start.to('awaitingDbVerification');
    expect(pause.replay('awaitingDbVerification').context.signOffWithdrawn).toMatch(/^replayed from awaitingDbVerification: /);
  });
});

describe('Step 5 fails (S3 upload)', () => {
  test('after the PUT was begun: a retry goes on with the same archive, retention and history', () => {
    const failed = failedAt('sealing.uploading', 'S3_ACCESS_DENIED');
    expect(failed.state).toBe('failed');
    const again = failed.retry();
    expect(again.state).toBe('sealing.uploading');
    const { uploads, ...given } = again.input as UploadInput;
    expect({ ...given, uploads: {} }).toEqual(start.to('sealing.uploading').input);
    expect(uploads).toEqual({ [given.key]: 'upload-1' });
    expect(again.context.seal).toEqual(failed.context.seal);
    expect(again.to('completed').state).toBe('completed');
  });

  test('before any PUT: a retry seals from its beginning, with the history up to then', () => {
    const failed = start.to('sealing.uploading').fail('CREDENTIALS_EXPIRED');
    const again = failed.retry();
    expect(again.state).toBe('sealing.scanning');
    expect(again.context.seal).toEqual({ verdict: 'PASS', upToSeq: again.seq, putBegan: false });
    expect(again.context.signOff).toEqual(signOff);
  });

  test('an upload that was adopted counts as begun, even if no attempt has reported it', () => {
    const failed = start
      .to('sealing.uploading')
      .done({ ...facts['sealing.uploading'], adopted: true })
      .fail('WORM_VERIFY_FAILED');
    expect(failed.context.seal?.putBegan).toBe(true);
    expect(failed.retry().state).toBe('sealing.verifying');
  });

  test('a failed verification is made again without another upload', () => {
    expect(failedAt('sealing.verifying').retry().visited.slice(-2)).toEqual(['failed', 'sealing.verifying']);
  });

  test('a failed publication is made again with the same summary', () => {
    const failed = failedAt('summarizing', 'S3_ACCESS_DENIED');
    expect(failed.retry().input).toEqual(start.to('summarizing').input);
  });

  test('an upload of the summary that was begun is given to the next attempt, beside that of the archive', () => {
    const begun = start.to('summarizing').send({ type: 'UPLOAD_BEGUN', key: 'summary', uploadId: 'upload-2' });
    expect(begun.state).toBe('summarizing');
    const { uploads, key } = begun.resumed().input as SummaryInput;
    expect(uploads).toEqual({ [key]: 'upload-1', summary: 'upload-2' });
    expect(begun.fail('S3_CONFLICT').retry().input).toMatchObject({ uploads });
  });

  test('an upload that was begun anew takes the place of the one that was given up', () => {
    const uploading = start.to('sealing.uploading');
    const { key } = uploading.input as UploadInput;
    const anew = uploading.reported().send({ type: 'UPLOAD_BEGUN', key, uploadId: 'upload-2' });
    expect(anew.resumed().input).toMatchObject({ uploads: { [key]: 'upload-2' } });
  });

  test('a secret in the evidence is sealed by nobody: the scan fails, and a retry scans again', () => {
    const failed = failedAt('sealing.scanning', 'SECRET_FOUND');
    expect(failed.retry().state).toBe('sealing.scanning');
    expect(failed.sealAsFailed().state).toBe('sealing.scanning');
  });
});

test('a published verdict that is not the sealed one is a failure, never a PASS', () => {
  const wrong = start.to('summarizing').done({ verdict: 'FAIL', objects: [] });
  expect(wrong.state).toBe('failed');
  expect(wrong.context.failure?.code).toBe('VERDICT_MISMATCH');
});

test('an interrupted attempt is made again with the same input, in every step', () => {
  for (const place of PLACES.filter((one) => one !== 'awaitingDbVerification')) {
    const run = start.to(place);
    expect(run.resumed().input).toEqual(run.input);
    expect(run.resumed().last.spawns[0]?.delayMs).toBe(0);
  }
});

test('an error that is not transient is never tried again, whatever its step', () => {
  for (const place of PLACES.filter((one) => one !== 'awaitingDbVerification')) {
    const after = start.to(place).fail(attemptFailure('BROKEN'));
    expect(after.last.spawns).toEqual([]);
  }
});
