import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActorError } from '../../src/actors/actor.js';
import { processStartTime } from '../../src/actors/process/process-identity.js';
import { InterruptedError } from '../../src/engine/errors.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { failing, PilotWorkspace, WORLD } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const NEXT = '20260221T120002Z';

describe('deciding about a run', () => {
  let pilot: PilotWorkspace;
  beforeEach(() => void (pilot = new PilotWorkspace()));
  afterEach(() => pilot.dispose());

  const status = async (run = RUN) => JSON.parse((await pilot.cutover('status', run, '--json')).stdout);

  /** A run whose gate fails, after which the gate passes again. */
  async function failGate(): Promise<void> {
    const { runRcGates } = pilot.actors;
    pilot.actors['runRcGates'] = failing('RC_GATES_FAILED', 'The RC runner exited with 3.');
    expect((await pilot.cutover('start')).code).toBe(1);
    if (runRcGates !== undefined) pilot.actors['runRcGates'] = runRcGates;
  }

  test('what is no gate is not overridden', async () => {
    pilot.actors['captureScope'] = failing('DISK', 'no space left');
    await pilot.cutover('start');
    const { code, stderr } = await pilot.cutover('override', RUN, '--reason', 'in a hurry');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('capturingScope is no gate') });
    expect((await status()).status).toBe('failed');
  });

  test('a decision is to be reviewed: by when is on the chain, in the status, and as the policy has it', async () => {
    await failGate();
    await pilot.cutover('override', RUN, '--as', 'supervisor@example.com', '--reason', 'flaky network');
    expect((await status()).exceptions).toMatchObject([{ by: 'supervisor@example.com (asserted)', reviewBy: '2026-02-28' }]);
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), 'version: 1\nseparation: false\npost_review_days: 3\n');
    await failGate();
    await pilot.cutover('abandon', 'latest', '--reason', 'postponed');
    expect((await status('latest')).exceptions).toMatchObject([{ reviewBy: '2026-02-24' }]);
    expect((await pilot.cutover('status', 'latest')).stdout).toMatch(/abandoned: postponed \(review by 2026-02-24\)/);
  });

  test('a second start in the same second waits for the next one', async () => {
    await pilot.cutover('start');
    expect((await pilot.cutover('start', '--again', '--reason', 'once more')).code).toBe(2);
    expect((await status(NEXT)).status).toBe('waiting');
  });

  test('a new run supersedes the failed one before it, a failed preflight does not', async () => {
    await failGate();
    const { checkPreconditions } = pilot.actors;
    pilot.actors['checkPreconditions'] = failing('PREFLIGHT_FAILED', 'One check failed.');
    await pilot.cutover('start');
    expect((await status()).status).toBe('failed');
    if (checkPreconditions !== undefined) pilot.actors['checkPreconditions'] = checkPreconditions;
    expect((await pilot.cutover('start')).code).toBe(2);
    expect((await status()).status).toBe('superseded');
  });

  test('a failed run of another environment is not superseded', async () => {
    await failGate();
    const { checkPreconditions } = pilot.actors;
    pilot.actors['checkPreconditions'] = async (input, context) => {
      const facts = (await checkPreconditions?.(input, context)) as { environment: string };
      return { ...facts, environment: 'https://127.0.0.2:6443/dpp-staging' };
    };
    expect((await pilot.cutover('start')).code).toBe(2);
    expect((await status()).status).toBe('failed');
  });

  test('no new run begins while an older one may have left deployments rolled back', async () => {
    pilot.actors['restoreStaging'] = failing('ROLLOUT_FAILED', 'dpp-api did not come back.');
    expect((await pilot.cutover('start')).code).toBe(1);
    const { code, stderr } = await pilot.cutover('start');
    expect(code).toBe(1);
    expect(stderr).toContain(`cutover replay ${RUN} --from restoringStaging`);
    const left = await pilot.cutover('abandon', RUN, '--acknowledge-left-behind', '--reason', 'cluster is gone');
    expect(left.code).toBe(0);
    expect((await status()).status).toBe('abandoned');
  });

  test('resume of a failed run ends with 1, says why and who may do what', async () => {
    await failGate();
    const { code, stderr } = await pilot.cutover('resume', RUN);
    expect(code).toBe(1);
    expect(stderr).toContain('RC_GATES_FAILED');
    expect(stderr).toMatch(/supervisor +cutover override/);
  });

  test('a failed gate is judged again only with --override and a reason', async () => {
    await failGate();
    expect((await pilot.cutover('replay', RUN)).code).toBe(64);
    const refused = await pilot.cutover('replay', RUN, '--reason', 'flaky network');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--override') });
    const { seq } = await status();
    const plan = await pilot.cutover('replay', RUN, '--dry-run', '--override', '--json');
    expect(JSON.parse(plan.stdout)).toMatchObject({ from: 'runningRcGates', would_forget: [], sign_off_withdrawn: false });
    expect((await status()).seq).toBe(seq);
    expect((await pilot.cutover('override', RUN, '--reason', 'flaky network')).code).toBe(2);
    expect((await status()).exceptions).toHaveLength(1);
  });

  test('a dry run says which results, logs and signatures a replay moves, and the replay moves just these', async () => {
    pilot.actors['uploadToWorm'] = failing('ACCESS_DENIED', 'PutObject was denied.');
    await pilot.cutover('start');
    pilot.completeForm();
    expect((await pilot.cutover('resume', RUN)).code).toBe(1);
    const files = () => readdirSync(pilot.evidence());
    const before = files();
    const dryRun = async (from: string) =>
      JSON.parse((await pilot.cutover('replay', RUN, '--dry-run', '--from', from, '--json')).stdout);
    const scan = { file: '57_secret_scan.json', as: '57_secret_scan.attempt-1.json' };
    expect(await dryRun('restoringStaging')).toMatchObject({ would_keep: [scan] });
    const plan = await dryRun('runningStagingDryRun');
    expect(plan).toMatchObject({
      would_forget: expect.arrayContaining(['runningStagingDryRun', 'sealing.archiving']),
      would_keep: [
        { file: '40_staging_dry_run.txt', as: '40_staging_dry_run.attempt-1.txt' },
        { file: '50_rollback_drill.txt', as: '50_rollback_drill.attempt-1.txt' },
        scan,
      ],
      sign_off_withdrawn: true,
    });
    const { stdout } = await pilot.cutover('replay', RUN, '--dry-run', '--from', 'runningStagingDryRun');
    expect(stdout).toMatch(/40_staging_dry_run\.txt is kept as 40_staging_dry_run\.attempt-1\.txt\n/);
    expect(stdout).toContain('The sign-off would be withdrawn.');
    expect(files()).toEqual(before);
    await pilot.cutover('replay', RUN, '--from', 'runningStagingDryRun', '--reason', 'staging was redeployed');
    const kept = (plan.would_keep as { as: string }[]).map(({ as }) => as);
    expect(files()).toEqual(expect.arrayContaining(kept.filter((name) => name !== scan.as)));
    expect((await status()).sign_off).toBeNull();
  });

  test('a changed world is refused and shown; accepted, it is on the record', async () => {
    await pilot.cutover('start');
    pilot.completeForm();
    pilot.world = { ...WORLD, gitHead: 'f'.repeat(40) };
    const { code, stderr } = await pilot.cutover('resume', RUN);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`gitHead +${WORLD.gitHead} +${'f'.repeat(40)}`));
    const accepted = await pilot.cutover('resume', RUN, '--accept-drift', 'a typo in the docs');
    expect(accepted.code).toBe(0);
    expect(accepted.stdout).toContain('a typo in the docs');
  });

  test('a variable set to something else is drift, one that is not set is used as it was frozen', async () => {
    await pilot.cutover('start');
    pilot.completeForm();
    pilot.env['DPP_WORM_BUCKET'] = 'another-bucket';
    const { code, stderr } = await pilot.cutover('resume', RUN);
    expect(code).toBe(1);
    expect(stderr).toMatch(/DPP_WORM_BUCKET +dpp-audit-worm-test +another-bucket/);
    delete pilot.env['DPP_WORM_BUCKET'];
    delete pilot.env['AWS_PROFILE'];
    const { uploadToWorm } = pilot.actors;
    let seen: string | undefined;
    pilot.actors['uploadToWorm'] = (input, context) => {
      seen = context.env['AWS_PROFILE'];
      return uploadToWorm?.(input, context) ?? Promise.reject(new Error('no such step'));
    };
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
    expect(seen).toBe('dpp-admin');
  });

  test('an interrupted run keeps its place: 130, and resume goes on', async () => {
    const { runRcGates } = pilot.actors;
    pilot.actors['runRcGates'] = (_input, { signal }) => {
      pilot.interruption.abort(new InterruptedError('SIGINT'));
      return Promise.reject(signal.reason as Error);
    };
    const { code, stderr } = await pilot.cutover('start');
    expect(code).toBe(130);
    expect(stderr).toContain(`cutover resume ${RUN}`);
    pilot.interruption = new AbortController();
    if (runRcGates !== undefined) pilot.actors['runRcGates'] = runRcGates;
    expect((await pilot.cutover('resume', RUN)).code).toBe(2);
  });

  test('a run that is driven by another one is refused with 75 and its holder', async () => {
    await pilot.cutover('start');
    const store = await openSqliteStore(pilot.db, { mode: 'write' });
    const holder = {
      user: 'colleague',
      host: 'jumphost',
      machineId: 'm',
      bootId: 'b',
      pid: process.pid,
      startTime: processStartTime(process.pid),
    };
    await store.acquireLease(RUN, holder, null, pilot.at.toISOString());
    try {
      const { code, stderr } = await pilot.cutover('resume', RUN);
      expect(code).toBe(75);
      expect(stderr).toContain('colleague on jumphost');
    } finally {
      await store.close();
    }
  });

  describe('breaking a lease', () => {
    const breakLease = () => pilot.cutover('break-lease', RUN, '--as', 'supervisor', '--reason', 'it hangs');

    test('takes the run from its driver, which ends with 75; who, why and from whom is on the record', async () => {
      const started = new Promise<void>((resolve) => {
        pilot.actors['runRcGates'] = (_input, { signal }) => {
          resolve();
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        };
      });
      const driver = pilot.cutover('start');
      await started;
      expect((await pilot.cutover('resume', RUN)).code).toBe(75);
      expect(await pilot.cutover('break-lease', RUN)).toMatchObject({ code: 64, stderr: expect.stringContaining('--reason') });
      expect(await breakLease()).toMatchObject({ code: 0, stdout: expect.stringMatching(/interrupted/) });
      expect(await driver).toMatchObject({ code: 75, stderr: expect.stringContaining('Another driver took over') });
      const holder = `operator on jumphost, pid ${process.pid}`;
      expect((await status()).exceptions).toMatchObject([
        {
          by: 'supervisor (asserted)',
          reason: 'it hangs',
          what: expect.stringContaining(`lease broken (held by ${holder}, last heartbeat `),
        },
      ]);
      expect((await pilot.cutover('history', RUN)).stdout).toContain(`Lease of ${holder} broken by supervisor: it hangs`);
    });

    test('is refused where nobody drives: there is nothing to take', async () => {
      await pilot.cutover('start');
      const { seq } = await status();
      expect(await breakLease()).toMatchObject({ code: 1, stderr: expect.stringContaining(`Nobody drives run ${RUN}`) });
      expect((await status()).seq).toBe(seq);
    });
  });

  test('retry seals again after a fixed upload; a run that ended is not retried', async () => {
    const { uploadToWorm } = pilot.actors;
    pilot.actors['uploadToWorm'] = () => Promise.reject(new ActorError('ACCESS_DENIED', 'PutObject was denied.'));
    await pilot.cutover('start');
    pilot.completeForm();
    expect((await pilot.cutover('resume', RUN)).code).toBe(1);
    if (uploadToWorm !== undefined) pilot.actors['uploadToWorm'] = uploadToWorm;
    expect((await pilot.cutover('retry', RUN)).code).toBe(0);
    expect((await pilot.cutover('retry', RUN)).code).toBe(1);
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
  });

  test('a failed run is sealed as evidence of that, and only that verdict can be asked for', async () => {
    await failGate();
    expect(await pilot.cutover('seal', RUN, '--verdict', 'PASS', '--reason', 'please')).toMatchObject({ code: 64 });
    const { code, stdout } = await pilot.cutover('seal', RUN, '--verdict', 'FAIL', '--reason', 'for the review');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Verdict +FAIL/);
    expect((await pilot.cutover('resume', RUN)).code).toBe(1);
  });

  test('an abandoned run is sealed although the commit has moved on, once that is accepted on the record', async () => {
    await pilot.cutover('start');
    await pilot.cutover('abandon', RUN, '--reason', 'postponed');
    pilot.world = { ...WORLD, gitHead: 'f'.repeat(40) };
    const args = ['seal', RUN, '--verdict', 'FAIL', '--reason', 'for the review'];
    expect(await pilot.cutover(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('gitHead') });
    expect((await status()).status).toBe('abandoned');
    expect((await pilot.cutover(...args, '--accept-drift', 'the next run is on its way')).code).toBe(0);
    expect((await status()).verdict).toBe('FAIL');
  });
});
