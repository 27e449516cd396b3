import { execFile } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { BUCKET } from '../../demo/pilot-site.js';
import { startS3 } from '../services/s3/server.js';
import { finished, Pilot, until } from './pilot.js';

const exec = promisify(execFile);

describe('nothing ends with 0 or PASS that was not proven', () => {
  let pilot: Pilot;
  beforeEach(async () => {
    pilot = await Pilot.create({ warm: true });
  });
  afterEach(() => pilot.dispose());

  const database = () => join(pilot.site.repository, '.cutover/cutover.db');
  const git = (...args: string[]) => exec('git', args, { cwd: pilot.site.repository });

  async function writeRunner(body: string): Promise<void> {
    await writeFile(join(pilot.site.repository, 'dpp/tools/rc_double_then_ci_then_archive.sh'), `#!/bin/sh\n${body}\n`);
  }

  test('a reader that goes away (run | head -1) does not make a run that did not pass exit 0', async () => {
    const child = pilot.spawn(['run']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const { exitCode } = await finished(child);
    expect(exitCode).not.toBe(0);
  }, 60_000);

  test('a gate that was edited in the worktree after the preflight is not the gate of the recorded commit', async () => {
    await writeRunner('echo gate running; sleep 20; exit 1');
    await git('commit', '--quiet', '--all', '--message', 'a gate that fails');
    const child = pilot.spawn(['run']);
    const ended = finished(child);
    await until('the gate runs', async () => (await pilot.evidence('30_rc_gates.txt').catch(() => '')).includes('gate running'));
    child.kill('SIGINT');
    expect((await ended).exitCode).toBe(130);
    await writeRunner('exit 0');
    const { exitCode, stdout, stderr } = await pilot.cutover(['resume', 'latest']);
    expect({ exitCode, said: stdout + stderr }).toMatchObject({ exitCode: 1 });
    expect(stdout + stderr).toMatch(/gitStatus[^]*rcRunnerSha256/);
  }, 60_000);

  test('the status column of a database that was edited by hand is no PASS: the snapshot and its chain are', async () => {
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    const db = new Database(database());
    db.exec(`UPDATE runs SET status = 'completed'`);
    db.close();
    const { exitCode } = await pilot.cutover(['resume', 'latest']);
    expect(exitCode).not.toBe(0);
  }, 60_000);

  test('an endpoint in the AWS configuration file is never used: only those of the environment are frozen', async () => {
    const { site } = pilot;
    const other = await startS3({ bucket: BUCKET, region: 'ap-northeast-2', dataDir: join(pilot.directory, 'elsewhere') });
    try {
      await writeFile(
        join(site.env.HOME ?? '', '.aws/config'),
        `[profile dpp-admin]\nendpoint_url = ${other.url}\nservices = elsewhere\n` +
          `[services elsewhere]\ns3 =\n  endpoint_url = ${other.url}\nsts =\n  endpoint_url = ${other.url}\n`,
      );
      // A region that does not exist: the request for AWS itself reaches nobody.
      const env = { AWS_ENDPOINT_URL: undefined, AWS_REGION: 'ap-nowhere-9' };
      const { exitCode, stdout, stderr } = await pilot.cutover(['run'], { env });
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
      expect(stdout + stderr).toContain('ap-nowhere-9');
      expect(other.state().requests).toEqual([]);
      expect(other.state().versions).toEqual([]);
    } finally {
      await other.stop();
    }
  }, 60_000);

  test('the log of a failed attempt that was edited afterwards keeps the gate shut', async () => {
    await writeRunner('test -e "$HOME/mended" || { echo "GATE 3 FAILED: data loss"; exit 1; }');
    await git('commit', '--quiet', '--all', '--message', 'a gate that can be mended');
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 1 });
    await writeFile(join(pilot.site.env.HOME ?? '', 'mended'), '');
    expect(await pilot.cutover(['replay', 'latest', '--override', '--reason', 'flaky'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    await appendFile(join(await pilot.runDirectory(), '30_rc_gates.attempt-1.txt'), 'the network was lost\n');
    const { exitCode, stderr } = await pilot.cutover(['sign-off', 'latest', '--as', 'verifier@example.com']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
    expect(stderr).toContain('30_rc_gates.attempt-1.txt');
  }, 60_000);

  test('the summary names the commit that the gates were run on, also after an accepted drift', async () => {
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    const { stdout: gated } = await git('rev-parse', 'HEAD');
    await git('commit', '--quiet', '--allow-empty', '--message', 'never gated');
    await pilot.verify();
    expect(await pilot.cutover(['resume', 'latest', '--accept-drift', 'docs only'])).toMatchObject({ exitCode: 0 });
    const summary = await readFile(join(await pilot.runDirectory(), '90_result_summary.txt'), 'utf8');
    expect(/^Git HEAD: +(\S+)/m.exec(summary)?.[1]).toBe(gated.trim());
  }, 60_000);

  test('a run that is started below the directory of the policy is not a run without one', async () => {
    const { repository } = pilot.site;
    await writeFile(join(repository, 'cutover.policy.yaml'), 'version: 1\nseparation: true\n');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'the policy');
    const through = ['sh', '-c', 'cd dpp && exec "$@"', 'sh'];
    const env = { DPP_RC_RUNNER: join(repository, 'dpp/tools/rc_double_then_ci_then_archive.sh') };
    const { exitCode, stdout } = await pilot.cutover(['preflight'], { env, through });
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 1 });
    expect(stdout.match(/^FAIL .*$/gm)).toEqual([
      expect.stringMatching(/^FAIL +ENV policy +HEAD has cutover\.policy\.yaml, and the run has no policy$/),
    ]);
    expect(stdout).toContain(`  ENV policy: Start in ${repository}, where it is.\n`);
    expect(await pilot.cutover(['run'], { env, through })).toMatchObject({ exitCode: 1 });
  }, 60_000);
});
