import { expect, test } from '@jest/globals';
import { attemptLogName, EVIDENCE, isArchived, keptLogName } from '../../src/evidence/layout.js';

test('the files of a run are those of the runbook, and those of ours', () => {
  expect(EVIDENCE).toEqual({
    scope: '00_scope.txt',
    preflight: '10_preflight.json',
    rcGates: '30_rc_gates.txt',
    stagingDryRun: '40_staging_dry_run.txt',
    rollbackDrill: '50_rollback_drill.txt',
    checkpoint: '55_db_rollback_human_checkpoint.txt',
    screenshots: '56_db_restore_screenshots',
    secretScan: '57_secret_scan.json',
    history: '58_history.ndjson',
    index: '59_index.sha256',
    manifest: '60_evidence_seal_manifest.json',
    attestation: '65_attestation.dsse.json',
    timestamp: '65_attestation.tsr',
    uploadLog: '70_worm_upload_stdout.txt',
    historyTail: '80_history_after_seal.ndjson',
    summary: '90_result_summary.txt',
    archive: 'evidence.tar.gz',
    archiveDigest: 'evidence.tar.gz.sha256',
  });
});

test.each([
  ['30_rc_gates.txt', 1, '30_rc_gates.attempt-1.txt'],
  ['a.b.txt', 12, 'a.b.attempt-12.txt'],
  ['.log', 2, '.attempt-2.log'],
  ['log', 2, 'log.attempt-2'],
])('the log %s of attempt %i is kept as %s', (name, attempt, kept) => expect(attemptLogName(name, attempt)).toBe(kept));

test.each([
  ['nobody is known to have written', [], '50.attempt-0.txt'],
  [
    'one step wrote alone',
    [
      ['drill', 1],
      ['drill', 2],
    ],
    '50.attempt-2.txt',
  ],
  ['another step wrote alone', [['restore', 3]], '50.attempt-3.txt'],
  [
    'several steps wrote',
    [
      ['drill', 1],
      ['restore', 4],
      ['drill', 2],
    ],
    '50.attempt-2.txt',
  ],
] as const)('a log in which %s is kept under the attempt that began it', (_what, writers, kept) => {
  expect(
    keptLogName(
      '50.txt',
      writers.map(([step, attempt]) => ({ step, attempt })),
      'drill',
    ),
  ).toBe(kept);
});

test.each([
  ...[EVIDENCE.scope, EVIDENCE.secretScan, EVIDENCE.history, EVIDENCE.index, '30_rc_gates.attempt-1.txt'],
  ...['56_db_restore_screenshots/60_a.png', 'my-evidence.tar.gz', 'a.partial.txt', '600_x'],
])('%s belongs to the archive', (name) => expect(isArchived(name)).toBe(true));

test.each([
  ...[EVIDENCE.manifest, EVIDENCE.uploadLog, EVIDENCE.historyTail, EVIDENCE.summary, EVIDENCE.archive, EVIDENCE.archiveDigest],
  ...['65_x.txt', '70_worm_upload_stdout.attempt-1.txt', '00_scope.txt.partial', 'evidence.tar.gz.changed-0123456789ab'],
])('%s does not belong to the archive', (name) => expect(isArchived(name)).toBe(false));
