import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { finished, Pilot, type CliResult } from './pilot.js';
import { compareWithRunbook, golden } from './runbook-transcript.js';

const run = promisify(execFile);
const SHIM = resolve('examples/pilot_cutover_run.sh');
/** Has `cutover`, as npm link would put it on the PATH. */
const BIN = resolve('test/docs/bin');

describe('the shim in place of the script that the runbook calls', () => {
  let pilot: Pilot;
  beforeAll(async () => {
    pilot = await Pilot.create();
    const tools = join(pilot.site.repository, 'dpp/tools');
    await mkdir(tools, { recursive: true });
    // copyFile keeps the mode.
    await copyFile(SHIM, join(tools, 'pilot_cutover_run.sh'));
    await run('git', ['add', '--all'], { cwd: pilot.site.repository });
    await run('git', ['commit', '--quiet', '--message', 'the runbook on cutover'], { cwd: pilot.site.repository });
  }, 60_000);
  afterAll(() => pilot.dispose());

  /** As the instructions write it: a command line, in a directory of the repository. */
  const sh = (command: string, { PATH = `${BIN}:${pilot.site.env['PATH']}`, cwd = '.' } = {}): Promise<CliResult> =>
    finished(
      spawn('bash', ['-c', command], {
        cwd: join(pilot.site.repository, cwd),
        env: { ...pilot.site.env, PATH },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );

  test('says so and fails without cutover on the PATH, and leaves nothing behind', async () => {
    const PATH = join(pilot.directory, 'without-cutover');
    await mkdir(PATH);
    for (const tool of ['bash', 'dirname', 'env']) {
      const { stdout } = await run('bash', ['-c', `command -v ${tool}`]);
      await symlink(stdout.trim(), join(PATH, tool));
    }
    const { exitCode, stdout, stderr } = await sh('./dpp/tools/pilot_cutover_run.sh', { PATH });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe(
      './dpp/tools/pilot_cutover_run.sh: cutover is not on PATH, nothing was done. Install it (npm link), or mend PATH.\n',
    );
    expect(await pilot.runIds()).toEqual([]);
  });

  test('ends with 1 when a gate fails', async () => {
    const { exitCode, stdout } = await sh('DPP_RC_RUNNER=/usr/bin/false ./dpp/tools/pilot_cutover_run.sh');
    expect(stdout).toMatch(/✗ Step 1: RC Gates FAILED/);
    expect(exitCode).toBe(1);
  });

  test('does both runs as the instructions have them, with exit codes 2 and 0', async () => {
    const first = await sh('./dpp/tools/pilot_cutover_run.sh');
    expect(first.exitCode).toBe(2);
    expect(compareWithRunbook(golden('runbook-run-1'), first.stdout).missing).toEqual([]);
    const evidence = `dpp/evidence/phase6_4_cutover/${(await pilot.runIds()).at(-1)}`;
    const unsigned = await sh(`EVIDENCE_DIR=${evidence} \\\n./dpp/tools/pilot_cutover_run.sh --seal-only`);
    expect(unsigned.exitCode).toBe(2);
    await pilot.verify();
    const second = await sh(`EVIDENCE_DIR=${evidence} ../tools/pilot_cutover_run.sh --seal-only`, { cwd: 'dpp/evidence' });
    expect(second.exitCode).toBe(0);
    expect(compareWithRunbook(golden('runbook-run-2'), second.stdout).missing).toEqual([]);
  }, 60_000);

  test('passes on an option that there is not, and its exit code', async () => {
    expect(await sh('./dpp/tools/pilot_cutover_run.sh --dry-run')).toMatchObject({ exitCode: 64, stdout: '' });
  });
});
