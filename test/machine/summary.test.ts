import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Criterion, SummaryInput } from '../../src/config/step-contracts.js';
import { EventRefusedError } from '../../src/engine/errors.js';
import { CRITERIA, resultSummary, SIGN_OFF_ROLES } from '../../src/evidence/result-summary.js';
import type { PilotContext } from '../../src/machine/context.js';
import { decidedTooLate } from '../../src/machine/locked.js';
import { STEP_NAMES, type StepName } from '../../src/machine/steps.js';
import { summarize } from '../../src/machine/summary.js';
import { facts, RUN, signOff, world } from './pilot-facts.js';
import { PilotRun } from './pilot-run.js';

const AT = '2026-02-21T12:05:06Z';
const start = PilotRun.start();
const passed = start.to('summarizing');

function line(context: PilotContext, name: string): Criterion | undefined {
  return summarize(context, AT).criteria.find((criterion) => criterion.name === name);
}

describe('each criterion', () => {
  const proofs: readonly [name: string, steps: readonly StepName[], fact: string][] = [
    [CRITERIA.rcGates, ['runningRcGates'], '30_rc_gates.txt (exit code 0)'],
    [CRITERIA.stagingDryRun, ['runningStagingDryRun'], '40_staging_dry_run.txt (4 ConfigMaps, 2 SecretProviderClasses)'],
    [
      CRITERIA.rollbackDrill,
      ['drillingAppRollback', 'restoringStaging'],
      '50_rollback_drill.txt (dpp-api, dpp-worker, dpp-reaper: undone and restored)',
    ],
    [CRITERIA.archive, ['sealing.archiving', 'sealing.hashing'], `sha256 ${'b'.repeat(64)}`],
    [
      CRITERIA.wormUpload,
      ['sealing.uploading', 'sealing.verifying'],
      `version ${facts['sealing.uploading'].versionId}, GOVERNANCE until 2027-02-21T12:05:02Z`,
    ],
    [CRITERIA.noSecrets, ['sealing.scanning'], '57_secret_scan.json (12 files, no finding)'],
  ];

  test.each(proofs)(
    '%s is NOT RUN until all of its steps are done, FAIL when one fails, and PASS on what they found',
    (name, steps, fact) => {
      expect(line(start.context, name)).toEqual({ name, result: 'NOT RUN', fact: 'not proven' });
      for (const step of steps) {
        const at = start.to(step).reported();
        expect(line(at.context, name)?.result).toBe('NOT RUN');
        expect(line(at.fail('STEP_FAILED').context, name)).toEqual({ name, result: 'FAIL', fact: `${step}: STEP_FAILED` });
      }
      expect(line(passed.context, name)).toEqual({ name, result: 'PASS', fact });
    },
  );

  test.each(proofs)('%s is not PASS without any single one of its steps', (name, steps) => {
    for (const step of steps) {
      const results = Object.fromEntries(Object.entries(passed.context.results).filter(([one]) => one !== step));
      expect(line({ ...passed.context, results }, name)?.result).toBe('NOT RUN');
    }
  });

  test('of the human step is NOT RUN without a sign-off, FAIL when rejected, and PASS on a signature', () => {
    const pause = start.to('awaitingDbVerification');
    const name = CRITERIA.dbRollback;
    expect(line(pause.context, name)?.result).toBe('NOT RUN');
    expect(line(pause.reject().context, name)).toEqual({
      name,
      result: 'FAIL',
      fact: 'awaitingDbVerification: VERIFICATION_REJECTED',
    });
    expect(line(pause.signOff().context, name)).toEqual({
      name,
      result: 'PASS',
      fact: '55_db_rollback_human_checkpoint.txt (signed by verifier@example.com, 2026-02-21, asserted)',
    });
  });

  test('that failed is FAIL no longer once it is thrown back, and PASS once it is proven', () => {
    const replayed = start.to('runningRcGates').fail().replay('runningRcGates', { override: true });
    expect(line(replayed.context, CRITERIA.rcGates)?.result).toBe('NOT RUN');
    expect(line(replayed.done().context, CRITERIA.rcGates)?.result).toBe('PASS');
  });

  test('of a drill stays FAIL when staging was restored after it', () => {
    const failed = start.to('drillingAppRollback').reported().fail('DRILL_NOT_AVAILABLE').done();
    expect(line(failed.context, CRITERIA.rollbackDrill)?.fact).toBe('drillingAppRollback: DRILL_NOT_AVAILABLE');
  });
});

describe('the verdict', () => {
  test('is PASS for a run that went well, and the summary says what it rests on', () => {
    const text = resultSummary(passed.context.summary?.document as never);
    expect(text).toContain('VERDICT: PASS\n');
    expect(text).not.toContain('Overrides and exceptions');
    expect(passed.context.summary?.document).toMatchObject({
      gitHead: world.gitHead,
      lockMode: 'GOVERNANCE',
      evidenceDir: passed.context.evidenceDir,
    });
  });

  const needed = STEP_NAMES.filter(
    (step) => !['preflight', 'capturingScope', 'preparingCheckpoint', 'sealing.retention', 'summarizing'].includes(step),
  );

  test('is FAIL without any one, or several, of the proofs', () => {
    fc.assert(
      fc.property(fc.subarray([...needed, 'signature'], { minLength: 1 }), (missing) => {
        const results = Object.fromEntries(Object.entries(passed.context.results).filter(([step]) => !missing.includes(step)));
        const context = { ...passed.context, results, signOff: missing.includes('signature') ? null : signOff };
        expect(summarize(context, AT).verdict).toBe('FAIL');
      }),
    );
  });

  test('is FAIL for a run that is sealed as failed, even if everything is proven, and the summary says why', () => {
    const sealed = start.to('sealing.uploading').fail('CREDENTIALS_EXPIRED').sealAsFailed('release\nwithdrawn').to('summarizing');
    const document = sealed.context.summary?.document;
    expect(document?.criteria.every(({ result }) => result === 'PASS')).toBe(true);
    expect(document?.exceptions).toEqual([
      expect.stringMatching(
        /^2026-02-21T12:0.* supervisor \(asserted\): sealed as failed: release withdrawn \(review by 2026-02-28\)$/,
      ),
    ]);
    expect(resultSummary(document as never)).toContain('VERDICT: FAIL\n');
  });
});

describe('the people in it', () => {
  test('are the operator and who signed; nobody is named who did not sign', () => {
    expect(summarize(passed.context, AT).signatures).toEqual([
      { role: SIGN_OFF_ROLES.operator, name: 'operator', date: '2026-02-21', signature: 'automated' },
      {
        role: SIGN_OFF_ROLES.dbRestoreVerifier,
        name: 'verifier@example.com',
        date: '2026-02-21',
        signature: 'asserted, given by operator',
      },
      { role: SIGN_OFF_ROLES.sreLead, name: '', date: '', signature: '' },
      { role: SIGN_OFF_ROLES.engineeringLead, name: '', date: '', signature: '' },
    ]);
    expect(summarize(start.context, AT).signatures[1]).toMatchObject({ name: '', date: '', signature: '' });
  });

  test('may write what they like as a reason: it takes one line, and the summary can be written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (reason) => {
        const run = start
          .to('runningRcGates')
          .fail()
          .replay('runningRcGates', { override: true, reason: `${reason}\u0085VERDICT: PASS\n` });
        expect(resultSummary(summarize(run.context, AT)).match(/^VERDICT: .*$/gm)).toEqual(['VERDICT: FAIL']);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a summary that is frozen', () => {
  const of = (name: string) => ({
    type: 'UPLOAD_BEGUN',
    key: `evidence/cutover/phase6_4_cutover/${RUN}/${name}`,
    uploadId: 'upload-2',
  });
  const decisions: readonly (readonly [string, (publishing: PilotRun) => PilotRun])[] = [
    [
      'a replay of the summary',
      (run) => run.fail('S3_ACCESS_DENIED').replay('summarizing', { reason: 'with other credentials' }),
    ],
    ['an accepted drift, and a retry', (run) => run.fail('S3_ACCESS_DENIED').acceptDrift().retry()],
    ['an accepted drift while it is published, and a resume', (run) => run.acceptDrift().resumed()],
  ];

  test.each(decisions)('says what was decided since by %s: nothing beside the archive can be locked yet', (_, decide) => {
    const again = decide(passed);
    expect(again.state).toBe('summarizing');
    const { summary, tail } = again.input as SummaryInput;
    expect([summary.exceptions.length, again.context.exceptions.length]).toEqual([1, 1]);
    expect(tail.upTo).toBe(again.seq);
    expect(decidedTooLate(again.context)).toBe(0);
  });

  test.each(decisions)('is published with the same words after %s, once a part beside the archive may be locked', (_, decide) => {
    const begun = passed.send(of('60_evidence_seal_manifest.json'));
    const again = decide(begun);
    expect(again.state).toBe('summarizing');
    expect({ ...(again.input as SummaryInput), uploads: null }).toEqual({ ...(passed.input as SummaryInput), uploads: null });
    expect(again.context.exceptions).toHaveLength(1);
    expect(decidedTooLate(again.context)).toBe(1);
  });

  test('is the same where nothing was decided since', () => {
    expect(passed.fail('S3_ACCESS_DENIED').retry().input).toEqual(passed.input);
    expect(passed.resumed().input).toEqual(passed.input);
  });

  test.each(['65_attestation.dsse.json', '80_history_after_seal.ndjson', '90_result_summary.txt.partial'])(
    'stays as it is once a finding in %s was accepted: it holds for the file as it was',
    (file) => {
      const finding = { file, line: 2, kind: 'jwt', sha256: 'd'.repeat(64) };
      const accepted = passed.fail('SECRET_FOUND').decide({ type: 'FINDING_ACCEPTED', reason: 'an example', ...finding });
      expect((accepted.retry().input as SummaryInput).tail).toEqual((passed.input as SummaryInput).tail);
    },
  );

  test('keeps the run from being abandoned once it may be locked itself, and not before', () => {
    const begun = passed.send(of('60_evidence_seal_manifest.json'));
    expect(begun.abandon().state).toBe('abandoned');
    for (const run of [begun.send(of('90_result_summary.txt')), begun.send(of('90_result_summary.txt')).fail('S3_CONFLICT')]) {
      expect(() => run.abandon()).toThrow(EventRefusedError);
    }
  });
});
