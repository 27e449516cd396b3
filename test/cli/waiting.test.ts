import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const HOUR_MS = 3_600_000;
const EXPIRES = '2026-02-23T12:00:01.000Z';
const POLICY = 'version: 1\nseparation: false\npause:\n  expires_after_hours: 48\n  remind_after_hours: [12, 24]\n';

describe('a run that waits for a limited time', () => {
  let pilot: PilotWorkspace;
  let start: Date;
  beforeEach(async () => {
    pilot = new PilotWorkspace();
    start = pilot.at;
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), POLICY);
    expect((await pilot.cutover('start')).code).toBe(2);
    pilot.completeForm();
  });
  afterEach(() => pilot.dispose());

  const after = (hours: number) => void (pilot.at = new Date(start.getTime() + hours * HOUR_MS));
  const status = async () => JSON.parse((await pilot.cutover('status', RUN, '--json')).stdout);
  const signOff = (...more: string[]) => pilot.cutover('sign-off', RUN, '--as', 'verifier', ...more);
  const lastOf = async () => {
    const { stdout } = await pilot.cutover('history', RUN, '--json');
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  };

  test('says until when, wherever it is shown', async () => {
    expect((await pilot.cutover('status', RUN)).stdout).toMatch(/Gate +open since .*; it expires at 2026-02-23 12:00:01 UTC/);
    expect((await status()).pause).toMatchObject({ expiresAt: EXPIRES });
    expect((await pilot.cutover('list', '--waiting')).stdout).toContain('db-restore-verifier until 2026-02-23 12:00:01');
    expect((await pilot.cutover('explain', RUN)).stdout).toContain('; the gate expires at 2026-02-23 12:00:01 UTC');
    after(49);
    expect((await pilot.cutover('list', '--waiting')).stdout).toContain('db-restore-verifier (expired)');
  });

  test('is signed within its time', async () => {
    after(47);
    expect((await signOff('--and-resume')).code).toBe(0);
  });

  test.each([
    ['sign-off', () => signOff()],
    ['resume', () => pilot.cutover('resume', RUN)],
    ['claim', () => pilot.cutover('claim', RUN, '--as', 'verifier')],
  ])('takes no signature afterwards: %s says so with the way out, and puts it on record as the engine’s word', async (_, act) => {
    after(48);
    const { code, stderr } = await act();
    expect(code).toBe(1);
    expect(stderr).toContain(`The human gate of run ${RUN} expired at ${EXPIRES}: it can't be signed any more.`);
    expect(stderr).toMatch(/supervisor +cutover replay/);
    expect(await lastOf()).toMatchObject({
      event: { type: 'EXPIRED', expiresAt: EXPIRES },
      to: 'failed',
      who: { level: 'engine' },
    });
    expect(await status()).toMatchObject({ status: 'failed', failure: { code: 'GATE_EXPIRED' }, sign_off: null, pause: null });
  });

  test('stays closed once that is on record, also when the clock is set back', async () => {
    after(48);
    await signOff();
    after(1);
    expect(await signOff()).toMatchObject({ code: 1, stderr: expect.stringContaining('expired at') });
    expect((await status()).status).toBe('failed');
  });

  test('expires while the verifier still reads what is signed', async () => {
    pilot.prompt = () => {
      after(48);
      return Promise.resolve(RUN);
    };
    expect(await pilot.cutover('sign-off', RUN)).toMatchObject({ code: 1, stderr: expect.stringContaining('expired at') });
    expect(await lastOf()).toMatchObject({ event: { type: 'EXPIRED' } });
  });

  test('can be rejected at any time', async () => {
    after(60);
    expect((await signOff('--reject', '--reason', 'it stopped at 80 %')).code).toBe(0);
    expect((await status()).failure).toMatchObject({ code: 'VERIFICATION_REJECTED' });
  });

  test('is opened again by a supervisor, for as long as before; then the signature is given on purpose', async () => {
    after(48);
    await signOff();
    const again = await pilot.cutover('replay', RUN, '--from', 'awaitingDbVerification', '--reason', 'it was the weekend');
    expect(again.code).toBe(2);
    expect((await status()).pause).toMatchObject({ expiresAt: '2026-02-25T12:00:01.000Z' });
    after(95);
    expect((await pilot.cutover('resume', RUN)).stderr).toContain('was withdrawn');
    expect((await signOff('--and-resume')).code).toBe(0);
  });

  test('is explained', async () => {
    expect((await pilot.cutover('explain', 'GATE_EXPIRED')).stdout).toContain('expires_after_hours');
    after(48);
    await signOff();
    expect((await pilot.cutover('history', RUN)).stdout).toContain('The human gate has expired, not signed by all');
  });

  test('closes by the timer alone, and the doctor tells when no timer runs', async () => {
    const doctor = async () => (await pilot.cutover('doctor')).stdout;
    after(48);
    expect(await doctor()).toMatch(/FAULT +timer +reminder-12h of run/);
    const { code, stdout } = await pilot.cutover('notify');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`DUE +${RUN} +expiry`));
    expect(stdout).not.toContain('reminder');
    expect((await status()).failure).toMatchObject({ code: 'GATE_EXPIRED' });
    expect(await doctor()).not.toContain('timer');
    expect(await pilot.cutover('notify')).toMatchObject({ code: 0, stdout: 'Nothing is due, and everything is delivered.\n' });
  });
});
