import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Pilot, type CliResult } from './pilot.js';
import { compareWithRunbook, golden } from './runbook-transcript.js';
import { shape } from './shape.js';

const run = promisify(execFile);

describe('the whole pilot cutover, in the form of the runbook', () => {
  let pilot: Pilot;
  let first: CliResult;
  let second: CliResult;
  let directory: string;

  beforeAll(async () => {
    pilot = await Pilot.create();
    first = await pilot.cutover(['run']);
    directory = await pilot.runDirectory();
    await pilot.verify();
    second = await pilot.cutover(['run', '--seal-only'], { env: { EVIDENCE_DIR: directory } });
  }, 120_000);
  afterAll(() => pilot.dispose());

  test('the first run ends at the human gate with exit code 2, and prints every line of the runbook, the rest of the box and what comes next', () => {
    expect(first).toMatchObject({ exitCode: 2 });
    const { missing, added } = compareWithRunbook(golden('runbook-run-1'), first.stdout);
    expect(missing).toEqual([]);
    expect(`${added.join('\n')}\n`).toBe(golden('added-run-1'));
  });

  test('the second run passes with exit code 0, and prints every line of the runbook, the facts of the criteria and the signatures', () => {
    expect(second).toMatchObject({ exitCode: 0 });
    const { missing, added } = compareWithRunbook(golden('runbook-run-2'), second.stdout);
    expect(missing).toEqual([]);
    expect(`${added.join('\n')}\n`).toBe(golden('added-run-2'));
  });

  test('the comparison notices a word, a blank or an order that the runbook does not have', () => {
    const runbook = golden('runbook-run-1');
    const changed = [
      first.stdout.replace('Staging dry-run PASS', 'Staging dry run PASS'),
      first.stdout.replace('Scope written', 'Scope  written'),
      first.stdout.replace(/^(.*Scope written\n)(.*\n)/m, '$2$1'),
    ];
    for (const stdout of changed) expect(compareWithRunbook(runbook, stdout).missing).not.toEqual([]);
    expect(compareWithRunbook(runbook, `Step 1: skipped\n${first.stdout}`).added[0]).toBe('Step 1: skipped');
  });

  test('leaves the evidence of the runbook, and nothing unfinished', async () => {
    const { stdout } = await run('find', ['.', '-type', 'f', '-printf', '%P\\n'], { cwd: directory });
    expect(stdout.trim().split('\n').sort()).toEqual([
      '00_scope.txt',
      '10_preflight.json',
      '30_rc_gates.txt',
      '40_staging_dry_run.txt',
      '50_rollback_drill.txt',
      '55_db_rollback_human_checkpoint.txt',
      '56_db_restore_screenshots/restore-01.png',
      '57_secret_scan.json',
      '58_history.ndjson',
      '59_index.sha256',
      '60_evidence_seal_manifest.json',
      '65_attestation.dsse.json',
      '70_worm_upload_stdout.txt',
      '80_history_after_seal.ndjson',
      '90_result_summary.txt',
      'evidence.tar.gz',
      'evidence.tar.gz.sha256',
    ]);
  });

  test("the archive's digest, its index and the manifest check out with sha256sum and jq alone", async () => {
    await expect(run('sha256sum', ['-c', 'evidence.tar.gz.sha256'], { cwd: directory })).resolves.toMatchObject({
      stdout: 'evidence.tar.gz: OK\n',
    });
    const unpacked = join(pilot.directory, 'unpacked');
    await run('mkdir', [unpacked]);
    await run('tar', ['-xzf', join(directory, 'evidence.tar.gz'), '-C', unpacked]);
    await run('sha256sum', ['-c', '--quiet', '--strict', '59_index.sha256'], { cwd: unpacked });
    const { stdout: digest } = await run('jq', ['-r', '.sha256', '60_evidence_seal_manifest.json'], { cwd: directory });
    expect(await readFile(join(directory, 'evidence.tar.gz.sha256'), 'utf8')).toBe(`${digest.trim()}  evidence.tar.gz\n`);
    const { stdout: count } = await run('sh', ['-c', 'find . -type f ! -name 59_index.sha256 | wc -l; wc -l < 59_index.sha256'], {
      cwd: unpacked,
    });
    const [files, indexed] = count.trim().split('\n');
    expect(files).toBe(indexed);
  });

  test('S3 holds one locked version of the archive and of each file beside it', () => {
    const { versions } = pilot.site.s3.state();
    const names = versions.map(({ key }) => key.split('/').at(-1)).sort();
    expect(names).toEqual([
      '60_evidence_seal_manifest.json',
      '65_attestation.dsse.json',
      '70_worm_upload_stdout.txt',
      '80_history_after_seal.ndjson',
      '90_result_summary.txt',
      'evidence.tar.gz',
    ]);
    expect(versions.every(({ mode }) => mode === 'GOVERNANCE')).toBe(true);
  });

  test('staging runs again what it ran before the drill, after exactly one undo and one restoring of each deployment', () => {
    const rollouts = pilot.site.kubernetes.effects().filter(({ kind }) => kind === 'rollout');
    expect(rollouts.map((rollout) => ('toImage' in rollout ? rollout.toImage : ''))).toEqual([
      expect.stringContaining('dpp-api:1.0.0'),
      expect.stringContaining('dpp-worker:1.0.0'),
      expect.stringContaining('dpp-reaper:1.0.0'),
      expect.stringContaining('dpp-api:1.1.0'),
      expect.stringContaining('dpp-worker:1.1.0'),
      expect.stringContaining('dpp-reaper:1.1.0'),
    ]);
  });

  test('the history reads like the execution order of the runbook', async () => {
    const { stdout, exitCode } = await pilot.cutover(['history', 'latest']);
    expect(exitCode).toBe(0);
    expect(shape(stdout)).toMatchSnapshot();
  });

  test('the worktree is clean after it, so that the next run can start', async () => {
    await expect(run('git', ['status', '--porcelain'], { cwd: pilot.site.repository })).resolves.toMatchObject({ stdout: '' });
  });

  test('the database and every chain in it are sound', async () => {
    expect(await pilot.cutover(['doctor'])).toMatchObject({ exitCode: 0 });
  });
});
