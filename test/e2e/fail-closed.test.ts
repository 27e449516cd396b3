import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Pilot } from './pilot.js';

describe('what was not proven is not PASS', () => {
  let pilot: Pilot;
  beforeEach(async () => {
    pilot = await Pilot.create();
  });
  afterEach(() => pilot.dispose());

  test('without a cluster the run fails in the preflight, says so and touches nothing', async () => {
    pilot.site.kubernetes.stop();
    const { exitCode, stdout, stderr } = await pilot.cutover(['run']);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toMatch(/cluster|kubectl/i);
    expect(stdout).not.toContain('PASS');
    expect(pilot.site.s3.state().versions).toEqual([]);
  });

  test('a staging that is not ready fails the run at step 2, and the failed gate needs a new run', async () => {
    pilot.site.staging.control({ faults: [{ path: '/readyz', times: 'always', status: 503 }] });
    const { exitCode, stdout, stderr } = await pilot.cutover(['run']);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain('40_staging_dry_run.txt');
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 1 });
  }, 60_000);
});
