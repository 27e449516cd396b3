import { appendFileSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { failing, PilotWorkspace, preflightFacts, WORLD } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const NEXT = '20260221T120002Z';

describe('once per deployment cycle', () => {
  let pilot: PilotWorkspace;
  beforeEach(() => void (pilot = new PilotWorkspace()));
  afterEach(() => pilot.dispose());

  const status = async (run: string) => JSON.parse((await pilot.cutover('status', run, '--json')).stdout);
  const again = (...more: string[]) => pilot.cutover('start', '--again', '--reason', 'the data was loaded anew', ...more);

  async function failGate(): Promise<void> {
    const { runRcGates } = pilot.actors;
    pilot.actors['runRcGates'] = failing('RC_GATES_FAILED', 'The RC runner exited with 3.');
    await pilot.cutover('start');
    if (runRcGates !== undefined) pilot.actors['runRcGates'] = runRcGates;
  }

  test('a second run of one environment and commit ends at its preflight while the first one is open, and names it', async () => {
    await pilot.cutover('start');
    const { code, stdout } = await pilot.cutover('start');
    expect(code).toBe(1);
    expect(stdout).toMatch(/Failure +preflight: CYCLE_TAKEN\n/);
    expect(stdout).toContain(`cutover abandon ${RUN} --reason "..."`);
    expect(stdout).toMatch(/^ {2}operator +cutover start --again --reason "\.\.\." /m);
    expect(stdout).not.toMatch(/cutover start {2}/);
    expect(await status(NEXT)).toMatchObject({ status: 'failed', state: 'failed' });
    expect((await status(RUN)).status).toBe('waiting');
  });

  test('nor does it begin after the first one was completed', async () => {
    await pilot.cutover('start');
    pilot.completeForm();
    expect((await pilot.cutover('resume', RUN)).code).toBe(0);
    expect(await pilot.cutover('start')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('cutover start --again --reason "..."'),
    });
  });

  test('it begins with --again and a reason, which the summary shows among the exceptions', async () => {
    await pilot.cutover('start');
    expect(await pilot.cutover('start', '--again')).toMatchObject({ code: 64 });
    expect(await pilot.cutover('start', '--reason', 'x')).toMatchObject({ code: 64 });
    expect((await again()).code).toBe(2);
    pilot.completeForm(NEXT);
    expect((await pilot.cutover('resume', NEXT)).code).toBe(0);
    expect(readFileSync(pilot.evidence(NEXT, EVIDENCE.summary), 'utf8')).toContain(
      'operator (asserted): another run of the same deployment cycle (--again): the data was loaded anew (review by 2026-02-28)\n',
    );
  });

  test('one that failed, or was abandoned, leaves the cycle to the next one', async () => {
    await failGate();
    expect((await pilot.cutover('start')).code).toBe(2);
    expect((await status(RUN)).status).toBe('superseded');
    await pilot.cutover('abandon', NEXT, '--reason', 'postponed');
    expect((await pilot.cutover('start')).code).toBe(2);
  });

  test('another commit, or another environment, is another cycle', async () => {
    await pilot.cutover('start');
    const { checkPreconditions } = pilot.actors;
    const changes = [{ world: { ...WORLD, gitHead: 'f'.repeat(40) } }, { environment: 'https://127.0.0.2:6443/dpp-staging' }];
    for (const change of changes) {
      pilot.actors['checkPreconditions'] = async (input, context) => {
        await checkPreconditions?.(input, context);
        return { ...preflightFacts((input as { request: Parameters<typeof preflightFacts>[0] }).request), ...change };
      };
      expect((await pilot.cutover('start')).code).toBe(2);
    }
  });

  test('a superseded run is sealed as evidence of its failure while the next one is open', async () => {
    await failGate();
    expect((await pilot.cutover('start')).code).toBe(2);
    expect((await pilot.cutover('seal', RUN, '--verdict', 'FAIL', '--reason', 'kept')).code).toBe(0);
  });

  test('one that waits is signed and passes, although another one was begun with --again and has passed meanwhile', async () => {
    await pilot.cutover('start');
    await again();
    pilot.completeForm(NEXT);
    expect((await pilot.cutover('resume', NEXT)).code).toBe(0);
    pilot.completeForm(RUN);
    expect(await pilot.cutover('sign-off', RUN, '--as', 'Vera Verifier')).toMatchObject({ code: 0 });
    expect(await pilot.cutover('resume', RUN)).toMatchObject({ code: 0 });
    expect((await status(RUN)).status).toBe('completed');
  });

  test('one whose sign-off a changed file invalidates waits again, although another one was begun with --again', async () => {
    await pilot.cutover('start');
    await again();
    pilot.completeForm(RUN);
    expect(await pilot.cutover('sign-off', RUN, '--as', 'Vera Verifier')).toMatchObject({ code: 0 });
    appendFileSync(pilot.evidence(RUN, EVIDENCE.rcGates), 'gate 3 ok\n');
    expect(await pilot.cutover('resume', RUN)).toMatchObject({ code: 2 });
    expect(await status(RUN)).toMatchObject({ status: 'waiting', state: 'awaitingDbVerification' });
  });

  test('one that failed while it was sealed does not come back beside it, and is told what may become of it', async () => {
    await pilot.cutover('start');
    await again();
    pilot.completeForm(RUN);
    const { hashArchive } = pilot.actors;
    pilot.actors['hashArchive'] = failing('ARCHIVE_CHANGED', 'The archive is another one.');
    expect((await pilot.cutover('resume', RUN)).code).toBe(1);
    if (hashArchive !== undefined) pilot.actors['hashArchive'] = hashArchive;
    const { code, stderr } = await pilot.cutover('retry', RUN);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(`Run ${NEXT} is of the same deployment`) });
    expect(stderr).toContain(`cutover abandon ${NEXT} --reason "..."`);
    expect(stderr).toContain(`cutover seal ${RUN} --verdict FAIL --reason "..."`);
    expect(stderr).not.toContain('--again');
    expect((await pilot.cutover('seal', RUN, '--verdict', 'FAIL', '--reason', 'kept')).code).toBe(0);
  });
});
