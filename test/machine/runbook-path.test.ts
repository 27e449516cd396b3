import { describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { PLACES, STEPS, type Place } from '../../src/machine/steps.js';
import { facts, plan, RUN, settings, signOff, world } from './pilot-facts.js';
import { PilotRun } from './pilot-run.js';

/** The runbook's "Execution Order", step by step. */
const RUNBOOK: readonly [step: string, places: readonly Place[]][] = [
  ['pre-conditions', ['preflight']],
  ['0', ['capturingScope']],
  ['1', ['runningRcGates']],
  ['2', ['runningStagingDryRun']],
  ['3', ['drillingAppRollback', 'restoringStaging']],
  ['3b', ['preparingCheckpoint', 'awaitingDbVerification']],
  ['4a', ['sealing.scanning', 'sealing.archiving']],
  ['4b', ['sealing.hashing']],
  ['4c', ['sealing.retention']],
  ['5a', ['sealing.uploading']],
  ['5b', ['sealing.verifying']],
  ['summary', ['summarizing']],
];
const IN_ORDER = RUNBOOK.flatMap(([, places]) => places);

describe('the runbook, when all goes well', () => {
  const completed = PilotRun.start().to('completed');

  test('is visited step by step, in its order, and nothing else is', () => {
    expect(completed.visited).toEqual([...IN_ORDER, 'completed']);
    expect(PLACES).toEqual(IN_ORDER);
  });

  test.each(RUNBOOK)('step %s asks for its effects, one at a time', (_, places) => {
    for (const place of places) {
      const run = PilotRun.start().to(place);
      const wanted = place === 'awaitingDbVerification' ? [] : [{ step: place, src: STEPS[place].actor }];
      expect(run.last.spawns.map(({ step, src }) => ({ step, src }))).toEqual(wanted);
    }
  });

  test('ends completed, with every step proven, a sign-off, and PASS', () => {
    expect(completed.tags()).toEqual(['completed']);
    expect(Object.keys(completed.context.results)).toEqual(IN_ORDER.filter((place) => place !== 'awaitingDbVerification'));
    expect(completed.context).toMatchObject({ signOff, seal: { verdict: 'PASS', putBegan: true }, failure: null, failures: {} });
  });

  test('waits at step 3b for a person, and lets the environment go', () => {
    const pause = PilotRun.start().to('awaitingDbVerification');
    expect(pause.tags()).toEqual(['waiting']);
    expect(pause.last.spawns).toEqual([]);
  });

  test('holds the environment from the scope to the checkpoint, and only there', () => {
    const holding = IN_ORDER.filter((place) => PilotRun.start().to(place).tags().includes('holdsEnvironment'));
    expect(holding).toEqual(IN_ORDER.slice(1, IN_ORDER.indexOf('awaitingDbVerification')));
  });
});

describe('each step is given recorded facts', () => {
  const input = (place: Place) => PilotRun.start().to(place).input;
  const archive = facts['sealing.archiving'];
  const { retainUntil, generatedAt } = facts['sealing.retention'];
  const key = `evidence/cutover/phase6_4_cutover/${RUN}/evidence.tar.gz`;

  test('the scope names the operator and the history it belongs to', () => {
    expect(input('capturingScope')).toEqual({
      settings,
      world,
      site: PILOT_SITE,
      operator: 'operator@ops.example.com <operator@example.com> (asserted)',
      chainId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('the drill begins without a plan, and staging is restored by the plan that was recorded', () => {
    expect(input('drillingAppRollback')).toEqual({ settings, world, plan: null });
    expect(input('restoringStaging')).toEqual({ settings, world, plan });
  });

  test('the archive holds the history up to the sign-off, and what was signed', () => {
    const scanning = PilotRun.start().to('sealing.scanning');
    expect(scanning.to('sealing.archiving').input).toEqual({ upToSeq: scanning.seq, signedFiles: signOff.files });
  });

  test('the upload is the archive that was made, under the retention that was recorded', () => {
    expect(input('sealing.uploading')).toEqual({
      settings,
      bucketOwner: '123456789012',
      key,
      archive,
      retainUntil,
      uploads: {},
    });
    expect(input('sealing.verifying')).toMatchObject({
      key,
      archive,
      retainUntil,
      generatedAt,
      upload: facts['sealing.uploading'],
      verdict: 'PASS',
    });
  });

  test('the bucket must be of the account that the caller is of, or of the one that is set', () => {
    const preflight = { ...facts.preflight, settings: { ...facts.preflight.settings, bucketOwner: '210987654321' } };
    const run = PilotRun.start().done(preflight).to('sealing.uploading');
    expect(run.input).toMatchObject({ bucketOwner: '210987654321' });
  });

  test('the summary is published beside the archive, with the history since the seal', () => {
    const summarizing = PilotRun.start().to('summarizing');
    expect(summarizing.input).toMatchObject({
      bucketOwner: '123456789012',
      uploads: { [key]: 'upload-1' },
      key,
      uploadLogSha256: null,
      retainUntil,
      summary: { verdict: 'PASS', timestamp: '2026-02-21T12:00:16Z' },
      tail: { after: summarizing.context.seal?.upToSeq, upTo: summarizing.seq },
    });
  });

  test('the checkpoint is dated by the start of the run, in whole seconds', () => {
    expect(input('preparingCheckpoint')).toEqual({
      createdAt: '2026-02-21T12:00:00Z',
      runDirectory: PilotRun.start().context.evidenceDir,
      site: PILOT_SITE,
    });
    expect(STEPS.preparingCheckpoint.evidence).toBe(EVIDENCE.checkpoint);
  });
});
