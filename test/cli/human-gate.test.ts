import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { completeCheckpoint, SCREENSHOT } from '../evidence/complete-checkpoint.js';
import { failing, fileIn, PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';

describe('the human gate', () => {
  let pilot: PilotWorkspace;
  beforeEach(async () => {
    pilot = new PilotWorkspace();
    expect((await pilot.cutover('start')).code).toBe(2);
  });
  afterEach(() => pilot.dispose());

  const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);

  test('resume goes through a complete form to PASS', async () => {
    pilot.completeForm();
    const { code, stdout } = await pilot.cutover('resume', 'latest');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Verdict +PASS/);
  });

  test('resume on an incomplete form changes nothing and ends with 2; as JSON it lists findings with lines', async () => {
    const { seq } = await status();
    const { code, stdout } = await pilot.cutover('resume', RUN, '--json');
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(error.code).toBe('CHECKPOINT_INCOMPLETE');
    expect(error.findings).toContainEqual(expect.objectContaining({ file: EVIDENCE.checkpoint, line: 7, item: 'status' }));
    expect((await status()).seq).toBe(seq);
  });

  test('a form that is dated before the run was made for another one', async () => {
    pilot.completeForm(RUN, { signedOn: '2026-02-20' });
    for (const command of [['resume'], ['sign-off', '--as', 'verifier@example.com']]) {
      const { code, stderr } = await pilot.cutover(...command, RUN);
      expect({ code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('2026-02-20 is before the run, which began on 2026-02-21 (UTC)'),
      });
    }
  });

  test('evidence that was changed since its step is a finding, not a signature', async () => {
    pilot.completeForm();
    appendFileSync(pilot.evidence(RUN, EVIDENCE.rcGates), 'gate 3 ok\n');
    const { code, stderr } = await pilot.cutover('resume', RUN);
    expect(code).toBe(2);
    expect(stderr).toMatch(/30_rc_gates\.txt +changed/);
  });

  test('the log of a failed attempt that was edited or deleted is a finding, and a fault for the doctor', async () => {
    const { drillAppRollback } = pilot.actors;
    pilot.actors['drillAppRollback'] = async (input, context) => {
      await drillAppRollback?.(input, context);
      return failing('DRILL_FAILED', 'The rollback did not end.')(input, context);
    };
    pilot.at = new Date('2026-02-21T13:00:01Z');
    const run = '20260221T130001Z';
    expect((await pilot.cutover('start', '--again', '--reason', 'another one')).code).toBe(1);
    if (drillAppRollback !== undefined) pilot.actors['drillAppRollback'] = drillAppRollback;
    expect(await pilot.cutover('replay', run, '--override', '--reason', 'flaky')).toMatchObject({ code: 2 });
    pilot.completeForm(run);
    const doctor = async () => (await pilot.cutover('doctor')).stdout;
    expect(await doctor()).not.toMatch(/50_rollback_drill/);

    const signOff = (...more: string[]) => pilot.cutover('sign-off', run, '--as', 'verifier', ...more);
    const kept = pilot.evidence(run, '50_rollback_drill.attempt-1.txt');
    const left = readFileSync(kept, 'utf8');
    writeFileSync(kept, left.replace('undone', 'UNDONE'));
    expect(await signOff()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/50_rollback_drill\.attempt-1\.txt +changed/),
    });
    expect(await doctor()).toMatch(new RegExp(`FAULT +evidence of ${run} .*50_rollback_drill.attempt-1.txt`));
    rmSync(kept);
    expect(await signOff()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/50_rollback_drill\.attempt-1\.txt +missing/),
    });
    writeFileSync(kept, left);
    expect((await signOff('--and-resume')).code).toBe(0);
    expect(await doctor()).not.toMatch(/FAULT +evidence/);
  });

  test('a link among the screenshots is a finding that names it', async () => {
    pilot.completeForm();
    symlinkSync('/dev/null', pilot.evidence(RUN, EVIDENCE.screenshots, 'link.png'));
    expect(await pilot.cutover('sign-off', RUN, '--as', 'v')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${EVIDENCE.screenshots}/link.png`),
    });
  });

  test('a form or a signature that cannot be read is a usage error that names it; a FIFO does not hang', async () => {
    const fifo = join(pilot.directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const large = fileIn(pilot.directory, 'large', 'x'.repeat(5 * 1024 * 1024));
    for (const file of [join(pilot.directory, 'nope'), pilot.directory, fifo, large]) {
      for (const given of [
        ['--file', file],
        ['--response', file, '--request', 'x'],
      ]) {
        const { code, stderr } = await pilot.cutover('sign-off', RUN, '--as', 'v', ...given);
        expect(code).toBe(64);
        expect(stderr).toContain(`${given[0]} ${file} cannot be read`);
      }
    }
  });

  test('a secret in the form is a finding that does not repeat it', async () => {
    const secret = `AKIA${'ABCDEFGH23456789'}`;
    pilot.completeForm(RUN, { tenantCount: `42, seen with ${secret}` });
    const { code, stderr } = await pilot.cutover('resume', RUN);
    expect(code).toBe(2);
    expect(stderr).toMatch(/55_db_rollback_human_checkpoint\.txt:\d+ +secret/);
    expect(stderr).not.toContain(secret);
  });

  test('sign-off commits and does not drive on; resume then seals', async () => {
    pilot.completeForm();
    const signed = await pilot.cutover('sign-off', RUN, '--as', 'verifier@example.com');
    expect(signed.code).toBe(0);
    expect(signed.stdout).toMatch(/State +sealing\.scanning/);
    expect(signed.stdout).toContain(`cutover resume ${RUN}`);
    expect(existsSync(pilot.evidence(RUN, EVIDENCE.archive))).toBe(false);
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
  });

  test('sign-off --file takes the completed form and keeps the one that was there; an incomplete one replaces nothing', async () => {
    const template = readFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), 'utf8');
    writeFileSync(pilot.evidence(RUN, EVIDENCE.screenshots, SCREENSHOT), '%PDF-1.7');
    const outside = join(pilot.directory, 'outside');
    const incomplete = fileIn(
      outside,
      'incomplete.txt',
      completeCheckpoint(template, { screenshots: [SCREENSHOT], target: '____' }),
    );
    expect((await pilot.cutover('sign-off', RUN, '--as', 'v', '--file', incomplete)).code).toBe(2);
    expect(readFileSync(pilot.evidence(RUN, EVIDENCE.checkpoint), 'utf8')).toBe(template);
    const complete = fileIn(outside, 'complete.txt', completeCheckpoint(template, { screenshots: [SCREENSHOT] }));
    expect((await pilot.cutover('sign-off', RUN, '--as', 'v', '--file', complete, '--and-resume')).code).toBe(0);
    expect(readFileSync(pilot.evidence(RUN, '55_db_rollback_human_checkpoint.attempt-1.txt'), 'utf8')).toBe(template);
  });

  test('nobody signs without a name where there is no terminal, nor by typing another run id', async () => {
    pilot.completeForm();
    expect(await pilot.cutover('sign-off', RUN)).toMatchObject({ code: 64, stderr: expect.stringContaining('--as is missing') });
    pilot.prompt = () => Promise.resolve('yes');
    expect(await pilot.cutover('sign-off', RUN)).toMatchObject({ code: 64, stderr: expect.stringContaining('"yes" is not') });
    expect((await status()).status).toBe('waiting');
    pilot.prompt = () => Promise.resolve(RUN);
    expect((await pilot.cutover('sign-off', RUN)).code).toBe(0);
  });

  test('a rejected restore fails the run and says who rejected it; the pause can be replayed', async () => {
    const { code, stdout } = await pilot.cutover('sign-off', RUN, '--as', 'verifier', '--reject', '--reason', 'stopped at 80 %');
    expect(code).toBe(0);
    expect(stdout).toContain('verifier (asserted) rejected the restore: stopped at 80 %');
    const again = await pilot.cutover('replay', RUN, '--reason', 'restored again');
    expect(again.code).toBe(2);
    expect((await status()).status).toBe('waiting');
  });

  test('a log that is added after the sign-off is not sealed unsigned: the run is back at the pause, and the file is named', async () => {
    pilot.completeForm();
    await pilot.cutover('sign-off', RUN, '--as', 'verifier');
    writeFileSync(pilot.evidence(RUN, '30_rc_gates.attempt-1.txt'), 'gate 1 failed\n');
    expect((await pilot.cutover('resume', RUN)).code).toBe(2);
    expect((await pilot.cutover('status', RUN)).stdout).toContain('30_rc_gates.attempt-1.txt (not signed)');
    expect(existsSync(pilot.evidence(RUN, EVIDENCE.archive))).toBe(false);
  });

  test('a replay before anybody has signed withdraws nothing: the form that is made anew counts by itself', async () => {
    await pilot.cutover('abandon', RUN, '--reason', 'for another one');
    const { drillAppRollback } = pilot.actors;
    pilot.actors['drillAppRollback'] = failing('NO_REVISION', 'There is no earlier revision.');
    pilot.at = new Date('2026-02-21T13:00:01Z');
    const run = '20260221T130001Z';
    expect((await pilot.cutover('start', '--again', '--reason', 'another one')).code).toBe(1);
    if (drillAppRollback !== undefined) pilot.actors['drillAppRollback'] = drillAppRollback;
    const replayed = await pilot.cutover('replay', run, '--reason', 'there is one now');
    expect(replayed).toMatchObject({ code: 2, stdout: expect.not.stringContaining('withdrawn') });
    expect(replayed.stdout).toContain(`cutover resume ${run}`);
    expect((await pilot.cutover('explain', run)).stdout).not.toContain('withdrawn');
    pilot.completeForm(run);
    expect((await pilot.cutover('resume', run)).code).toBe(0);
  });

  test('a withdrawn sign-off does not come back with the edited form: it must be given on purpose', async () => {
    pilot.completeForm();
    await pilot.cutover('sign-off', RUN, '--as', 'verifier');
    writeFileSync(pilot.evidence(RUN, EVIDENCE.screenshots, SCREENSHOT), '%PDF-2.0');
    expect((await pilot.cutover('resume', RUN)).code).toBe(2);
    const { code, stderr } = await pilot.cutover('resume', RUN);
    expect(code).toBe(2);
    expect(stderr).toContain('was withdrawn');
    expect(stderr).toContain(`cutover sign-off ${RUN}`);
    expect((await pilot.cutover('sign-off', RUN, '--as', 'verifier', '--and-resume')).code).toBe(0);
  });
});
