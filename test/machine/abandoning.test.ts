import { describe, expect, test } from '@jest/globals';
import { EventRefusedError } from '../../src/engine/errors.js';
import { PLACES, type StepName } from '../../src/machine/steps.js';
import { plan, signOff } from './pilot-facts.js';
import { PilotRun } from './pilot-run.js';

const start = PilotRun.start();
const failedAt = (step: StepName) => start.to(step).reported().fail();

describe('abandoning', () => {
  test.each(PLACES)('is possible in %s', (place) => {
    const run = start.to(place);
    const abandoned = run.abandon();
    expect(abandoned.state).toBe(place === 'restoringStaging' ? 'restoringStaging' : 'abandoned');
    expect(abandoned.context.exceptions).toMatchObject([
      { what: 'abandoned', reason: 'the release was postponed', by: 'operator (asserted)' },
    ]);
    expect(abandoned.last.stops).toEqual(run.last.spawns.map(({ step }) => step));
  });

  test('restores staging first where an undo was planned, and ends when that is done', () => {
    const restoring = start.to('drillingAppRollback').reported().abandon();
    expect(restoring.state).toBe('restoringStaging');
    expect(restoring.input).toMatchObject({ plan });
    expect(restoring.done().state).toBe('abandoned');
  });

  test('ends at once where a person puts on record that the deployments stay rolled back', () => {
    const left = start.to('drillingAppRollback').reported().abandon({ acknowledgeLeftBehind: true });
    expect(left.state).toBe('abandoned');
    expect(left.context.drill.leftBehind).toBe(true);
    expect(left.context.exceptions.at(-1)?.what).toBe('abandoned, deployments left rolled back');
  });

  test('says nothing of deployments left behind where there are none', () => {
    const abandoned = start.to('runningRcGates').abandon({ acknowledgeLeftBehind: true });
    expect(abandoned.context.exceptions.at(-1)?.what).toBe('abandoned');
  });

  test('stays a wish when the restore fails: the restore is made again, and then the run ends', () => {
    const failed = start.to('drillingAppRollback').reported().abandon().fail('RESTORE_NOT_OBSERVED');
    expect(failed.state).toBe('failed');
    expect(failed.replay('restoringStaging').done().state).toBe('abandoned');
    expect(failed.abandon().done().state).toBe('abandoned');
    expect(failed.abandon({ acknowledgeLeftBehind: true }).state).toBe('abandoned');
  });
});

describe('a run that has ended', () => {
  const abandonedSigned = start.to('sealing.archiving').abandon();

  test.each([
    ['abandoned', start.to('awaitingDbVerification').abandon()],
    ['abandoned after the sign-off', abandonedSigned],
    ['superseded', failedAt('runningRcGates').supersede()],
  ])('%s: takes nothing but being sealed as failed', (_, ended) => {
    expect(ended.events()).toEqual(['SEAL_REQUESTED']);
    expect(ended.sealAsFailed().to('sealedAsFailed').state).toBe('sealedAsFailed');
  });

  test('is not brought back to life by evidence that changed since the sign-off', () => {
    const sealing = abandonedSigned.sealAsFailed().to('sealing.archiving');
    expect(sealing.input).toMatchObject({ signedFiles: signOff.files });
    const again = sealing.fail('SIGN_OFF_INVALIDATED');
    expect(again.state).toBe('sealing.scanning');
    expect(again.context).toMatchObject({ seal: { verdict: 'FAIL', upToSeq: again.seq }, signOff: null });
    expect(again.to('sealing.archiving').input).toEqual({ upToSeq: again.seq, signedFiles: null });
    expect(again.to('sealedAsFailed').context.summary?.document.criteria[3]?.result).toBe('NOT RUN');
  });

  test('is not brought back to life by a sealing that failed', () => {
    const failed = abandonedSigned.sealAsFailed().fail();
    expect(PLACES.filter((from) => failed.accepts({ type: 'REPLAY_REQUESTED', from, reason: 'again', override: true }))).toEqual([
      'sealing.scanning',
    ]);
  });

  test('takes nothing any more once it is completed, or sealed as failed', () => {
    expect(start.to('completed').events()).toEqual([]);
    expect(failedAt('runningRcGates').sealAsFailed().to('sealedAsFailed').events()).toEqual([]);
  });

  test('cannot be sealed as failed once the upload of a PASS was begun', () => {
    expect(() => failedAt('sealing.uploading').sealAsFailed()).toThrow(EventRefusedError);
    expect(() => failedAt('sealing.uploading').abandon().sealAsFailed()).toThrow(EventRefusedError);
  });
});
