import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Pilot, type CliResult } from './pilot.js';

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

  test('the first run ends at the human gate with exit code 2', () => {
    expect(first).toMatchObject({ exitCode: 2 });
    expect(shape(first.stdout)).toMatchSnapshot();
  });

  test('the second run seals, uploads, verifies and passes with exit code 0', () => {
    expect(second).toMatchObject({ exitCode: 0 });
    expect(shape(second.stdout)).toMatchSnapshot();
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

/** Takes out what differs from run to run. */
function shape(text: string): string {
  return text
    .replaceAll(/\d{8}T\d{6}Z/g, '<run>')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '<time>')
    .replaceAll(/\d{4}-\d\d-\d\d/g, '<date>')
    .replaceAll(/\d\d:\d\d:\d\dZ/g, '<clock>')
    .replaceAll(/\b[0-9a-f]{40}([0-9a-f]{24})?\b/g, '<hash>')
    .replaceAll(/VersionId=\S+/g, 'VersionId=<version>')
    .replaceAll(/ETag=\S+/g, 'ETag=<etag>')
    .replaceAll(/version [A-Za-z0-9._]{32}/g, 'version <version>')
    .replaceAll(/\(\d+(\.\d+)?K\)/g, '(<size>K)')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>');
}
