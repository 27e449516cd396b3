import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Pilot } from './pilot.js';

describe('what was not proven is not PASS', () => {
  let pilot: Pilot;
  beforeEach(async () => {
    pilot = await Pilot.create();
  });
  afterEach(() => pilot.dispose());

  test.each([
    ['DPP_STAGING_BASE_URL', undefined],
    ['DPP_STAGING_BASE_URL', '   '],
    ['DPP_WORM_BUCKET', undefined],
    ['DPP_WORM_BUCKET', ''],
    ['AWS_REGION', undefined],
    ['DPP_WORM_RETENTION_DAYS', 'abc'],
    ['DPP_WORM_OBJECT_LOCK_MODE', 'governance '],
  ])('with %s set to %j the run fails in the preflight and names it', async (name, value) => {
    const { exitCode, stdout, stderr } = await pilot.cutover(['run'], { env: { [name]: value } });
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain(name);
    expect(stdout).not.toMatch(/✓|VERDICT: PASS/);
    expect(pilot.site.kubernetes.effects()).toEqual([]);
  });

  test('when the bucket is gone the run fails in the preflight and names it', async () => {
    pilot.site.s3.control({ bucket: { remove: true } });
    const { exitCode, stdout, stderr } = await pilot.cutover(['run']);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain(pilot.site.env.DPP_WORM_BUCKET);
  });

  test('an untouched checkpoint keeps the gate shut: exit code 2, and every finding with its line', async () => {
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    const { exitCode, stdout, stderr } = await pilot.cutover(['run', '--seal-only'], {
      env: { EVIDENCE_DIR: await pilot.runDirectory() },
    });
    expect(exitCode).toBe(2);
    expect(stdout + stderr).toMatch(/55_db_rollback_human_checkpoint\.txt.*|line \d+/);
    expect(pilot.site.s3.state().versions).toEqual([]);
  }, 60_000);
});
