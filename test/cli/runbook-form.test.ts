import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { failing, PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const DIR = `dpp/evidence/phase6_4_cutover/${RUN}`;

describe('the runbook form', () => {
  let pilot: PilotWorkspace;
  beforeEach(() => void (pilot = new PilotWorkspace()));
  afterEach(() => pilot.dispose());

  const sealOnly = () => {
    pilot.env['EVIDENCE_DIR'] = DIR;
    return pilot.cutover('run', '--seal-only');
  };

  test('run 1 prints the lines of the runbook, the pause box, and ends with 2', async () => {
    const { code, stdout } = await pilot.cutover('run');
    expect(stdout).toBe(RUN_1);
    expect(code).toBe(2);
  });

  test('run 1 sends nobody to a run 2 that is refused: where the policy is not content with the form, it names the sign-off', async () => {
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), 'version: 1\n');
    const { stdout } = await pilot.cutover('run');
    expect(stdout).toContain('║  4. Sign it; then run 2 goes on (both below).                    ║\n');
    expect(stdout).toContain(`Then:\n  cutover sign-off ${RUN} --as NAME\n  EVIDENCE_DIR=${DIR} cutover run --seal-only\n`);
    expect(stdout.match(/^║.*║$/gm)?.filter((line) => line.length !== 68)).toHaveLength(1);
  });

  test('run 2 prints the lines of the runbook and the summary as it is on disk, and ends with 0', async () => {
    await pilot.cutover('run');
    pilot.completeForm();
    const { code, stdout } = await sealOnly();
    const [lines, summary] = stdout.split('\n\nPhase 6.4');
    expect(lines?.replace(/[0-9a-f]{64}/, '<sha256>').replace(/\(\d+K\)/, '(<size>)')).toBe(RUN_2);
    expect(`Phase 6.4${summary}`).toBe(readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8'));
    expect(stdout).toContain('VERDICT: PASS');
    expect(code).toBe(0);
  });

  test('run 2 after a sign-off of its own prints the same lines', async () => {
    await pilot.cutover('run');
    pilot.completeForm();
    expect((await pilot.cutover('sign-off', 'latest', '--as', 'verifier@example.com')).code).toBe(0);
    const { code, stdout } = await sealOnly();
    const [lines] = stdout.split('\n\nPhase 6.4');
    expect(lines?.replace(/[0-9a-f]{64}/, '<sha256>').replace(/\(\d+K\)/, '(<size>)')).toBe(RUN_2);
    expect(code).toBe(0);
  });

  test('run 2 on a form that nobody filled in ends with 2, names every finding by its line, and seals nothing', async () => {
    await pilot.cutover('run');
    const { code, stdout, stderr } = await sealOnly();
    expect(code).toBe(2);
    expect(stdout).toBe(`==> [seal-only] Resuming evidence dir: ${DIR}/\n`);
    expect(stderr).toMatch(/55_db_rollback_human_checkpoint\.txt:7\s+status/);
    expect(existsSync(pilot.evidence(RUN, EVIDENCE.archive))).toBe(false);
  });

  test('run 2 again after a failed upload seals it: fix, then --seal-only again', async () => {
    const { uploadToWorm } = pilot.actors;
    pilot.actors['uploadToWorm'] = failing('ACCESS_DENIED', 'PutObject was denied. Grant s3:PutObject.');
    await pilot.cutover('run');
    pilot.completeForm();
    const failed = await sealOnly();
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('✗ Step 5a: WORM upload FAILED — ACCESS_DENIED: PutObject was denied.');
    if (uploadToWorm !== undefined) pilot.actors['uploadToWorm'] = uploadToWorm;
    const again = await sealOnly();
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('[12:00:01Z] ✓ DB rollback checkpoint: COMPLETED\n');
    expect(again.stdout).toContain('VERDICT: PASS');
  });

  test('run 2 of a run that is sealed as failed says that, nothing of a completed checkpoint, and ends with the summary and 1', async () => {
    const { uploadToWorm } = pilot.actors;
    pilot.actors['uploadToWorm'] = failing('ACCESS_DENIED', 'PutObject was denied. Grant s3:PutObject.');
    await pilot.cutover('run');
    await pilot.cutover('sign-off', RUN, '--as', 'verifier', '--reject', '--reason', 'stopped at 80 %');
    expect((await pilot.cutover('seal', RUN, '--verdict', 'FAIL', '--reason', 'kept')).code).toBe(1);
    if (uploadToWorm !== undefined) pilot.actors['uploadToWorm'] = uploadToWorm;
    const { code, stdout } = await sealOnly();
    expect(code).toBe(1);
    expect(stdout).not.toContain('COMPLETED');
    expect(stdout).toContain(
      '[12:00:01Z] ✗ The run has ended without PASS: it is sealed with the verdict FAIL\n' +
        '[12:00:01Z] Steps 4-5: Sealing evidence and uploading to WORM...\n',
    );
    const summary = readFileSync(pilot.evidence(RUN, EVIDENCE.summary), 'utf8');
    expect(stdout.endsWith(`\n${summary}`)).toBe(true);
    expect(summary).toContain('VERDICT: FAIL\n');
    const again = await sealOnly();
    expect([again.code, again.stdout]).toEqual([1, `\n${summary}`]);
  });

  test('a failed gate ends run 1 with 1, says so on stdout and what each role can do on stderr', async () => {
    pilot.actors['runRcGates'] = failing('RC_GATES_FAILED', 'The RC runner exited with 3.');
    const { code, stdout, stderr } = await pilot.cutover('run');
    expect(code).toBe(1);
    expect(stdout).toContain('[12:00:01Z] ✗ Step 1: RC Gates FAILED — RC_GATES_FAILED: The RC runner exited with 3.');
    expect(stdout).not.toContain('Step 2');
    expect(stderr).toContain(`cutover override ${RUN} --reason "..."`);
  });

  test('EVIDENCE_DIR that is not set, or of no run, is a usage error that repeats it', async () => {
    expect(await pilot.cutover('run', '--seal-only')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('EVIDENCE_DIR is not set'),
    });
    await pilot.cutover('run');
    pilot.env['EVIDENCE_DIR'] = 'dpp/evidence/elsewhere';
    expect(await pilot.cutover('run', '--seal-only')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('"dpp/evidence/elsewhere"'),
    });
  });
});

const RUN_1 = `==> Evidence dir: ${DIR}/
[12:00:01Z] Step 0: Capturing scope...
[12:00:01Z] ✓ Scope written
[12:00:01Z] Step 1: Running RC Gates...
[12:00:01Z] ✓ Step 1: RC Gates PASS
[12:00:01Z] Step 2: Staging dry-run + P4.3 data isolation...
[12:00:01Z] ✓ Step 2: Staging dry-run PASS
[12:00:01Z] Step 3: App rollback drill...
[12:00:01Z] ✓ Step 3: App rollback drill PASS
[12:00:01Z] Writing DB rollback checkpoint template...

╔══════════════════════════════════════════════════════════════════╗
║  [PAUSE — HUMAN STEP REQUIRED]                                   ║
║  DB Rollback Verification is PENDING (exit code 2).             ║
║                                                                  ║
║  Follow: dpp/ops/runbooks/db_rollback_verification_human.md      ║
║                                                                  ║
║  1. Edit the checkpoint file (its path is below).                ║
║  2. Change Status: PENDING → Status: COMPLETED                   ║
║  3. Check all boxes [ ] → [x], fill in every blank, save the     ║
║     screenshots in 56_db_restore_screenshots/                    ║
║  4. Go on with run 2 (--seal-only, below).                       ║
╚══════════════════════════════════════════════════════════════════╝

Checkpoint file:
  ${DIR}/55_db_rollback_human_checkpoint.txt
Then:
  EVIDENCE_DIR=${DIR} cutover run --seal-only
or, if the restore failed:
  cutover sign-off ${RUN} --reject --reason "..."
`;

const RUN_2 = `==> [seal-only] Resuming evidence dir: ${DIR}/
[12:00:01Z] ✓ DB rollback checkpoint: COMPLETED
[12:00:01Z] Steps 4-5: Sealing evidence and uploading to WORM...
[seal 12:00:01Z] Step 4a: Creating tarball...
[seal 12:00:01Z]   Tarball: ${DIR}/evidence.tar.gz (<size>)
[seal 12:00:01Z] Step 4b: Computing SHA-256...
[seal 12:00:01Z]   SHA-256: <sha256>
[seal 12:00:01Z] Step 4c: Computing retain-until (365 days from now)...
[seal 12:00:01Z] Step 5a: Uploading to S3 WORM bucket...
[seal 12:00:01Z]   Upload complete — VersionId=version-1  ETag=etag-1
[seal 12:00:01Z] Step 5b: Verifying via head-object...
[seal 12:00:01Z]   Verified — VersionId=version-1  LockMode=GOVERNANCE
[seal 12:00:01Z] Sealing COMPLETE.`;
