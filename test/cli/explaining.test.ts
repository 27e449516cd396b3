import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActorError } from '../../src/actors/actor.js';
import type { ActorContext } from '../../src/actors/actor.js';
import { failing, PilotWorkspace } from './pilot-workspace.js';

const RUN = '20260221T120001Z';
const GATES = '30_rc_gates.txt';

/** Gates that write their log and fail. */
async function gates(_input: never, { openLog }: ActorContext): Promise<never> {
  const log = await openLog(GATES);
  await log.write(['[RC-1] PASS', '[RC-2] unit tests', '  12 of 13 passed', '[RC-2] FAIL', 'bye', ''].join('\n'));
  await log.close();
  throw new ActorError('RC_GATES_FAILED', 'The RC runner exited with 3; expected 0.');
}

describe('a run is explained', () => {
  let pilot: PilotWorkspace;
  beforeEach(() => void (pilot = new PilotWorkspace()));
  afterEach(() => pilot.dispose());

  test('that failed: why, what that means, what its log says of it, and what each role may do', async () => {
    pilot.actors['runRcGates'] = gates;
    const started = await pilot.cutover('start');
    const { code, stdout } = await pilot.cutover('explain', RUN);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Why +it failed at runningRcGates \(RC_GATES_FAILED\)/m);
    expect(stdout).toMatch(/^Means +A release gate failed/m);
    expect(stdout).toMatch(new RegExp(`^Log +\\S+/${GATES}\\n +\\[RC-2\\] FAIL\\n\\n`, 'm'));
    expect(stdout).toMatch(/^ {2}operator +cutover start/m);
    expect(stdout).toMatch(/^ {2}supervisor +cutover override 20260221T120001Z --reason/m);
    // The same text ends the command that failed, and whichever fails on the run later.
    const text = stdout.slice(stdout.indexOf('Why'));
    expect(started.stdout).toContain(text);
    expect((await pilot.cutover('resume', RUN)).stderr).toContain(text);
  });

  test('that failed, and was superseded: without advice that nobody can follow any more', async () => {
    const { runRcGates } = pilot.actors;
    pilot.actors['runRcGates'] = gates;
    await pilot.cutover('start');
    if (runRcGates !== undefined) pilot.actors['runRcGates'] = runRcGates;
    expect((await pilot.cutover('start')).code).toBe(2);
    const { stdout } = await pilot.cutover('explain', RUN);
    expect(stdout).toMatch(/^Why +it was superseded by a newer run\nMessage .*3; expected 0\.\nMeans +The run has ended/m);
    expect(stdout).not.toContain('replay');
  });

  test("by its log's last lines, when none of them speaks of a failure", async () => {
    pilot.actors['runRcGates'] = async (_input, { openLog }) => {
      const log = await openLog(GATES);
      await log.write('one\ntwo\n');
      await log.close();
      throw new ActorError('RC_GATES_FAILED', 'It was killed.');
    };
    await pilot.cutover('start');
    expect(JSON.parse((await pilot.cutover('explain', 'latest', '--json')).stdout)).toMatchObject({
      failure: { step: 'runningRcGates', code: 'RC_GATES_FAILED' },
      log: { file: pilot.evidence(RUN, GATES), lines: ['one', 'two'] },
    });
  });

  test('whose step left no log: without one', async () => {
    pilot.actors['runRcGates'] = failing('RC_GATES_FAILED', 'Not even started.');
    await pilot.cutover('start');
    expect(JSON.parse((await pilot.cutover('explain', 'latest', '--json')).stdout)).toMatchObject({ log: null });
  });

  test('whose gate has expired, be it noted or not: nobody is sent to sign what is refused', async () => {
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), 'version: 1\npause: { expires_after_hours: 1 }\n');
    await pilot.cutover('start');
    expect((await pilot.cutover('status', RUN)).stdout).toContain('it expires at 2026-02-21 13:00:01 UTC');
    pilot.at = new Date('2026-02-21T13:00:01Z');
    const { stdout } = await pilot.cutover('explain', RUN);
    expect(stdout).toMatch(/^Why +it waited for a person, and its gate expired at 2026-02-21 13:00:01 UTC/m);
    expect(stdout).toContain(`cutover replay ${RUN} --from awaitingDbVerification --reason "..."`);
    expect(stdout).not.toMatch(/cutover (?:claim|sign-off|sign) /);
    expect((await pilot.cutover('status', RUN)).stdout).toContain('it expired at 2026-02-21 13:00:01 UTC');
    expect((await pilot.cutover('replay', RUN, '--from', 'awaitingDbVerification', '--reason', 'x')).code).toBe(2);
    expect((await pilot.cutover('explain', RUN)).stdout).toContain('cutover claim');
  });

  test('that waits, and that has ended', async () => {
    await pilot.cutover('start');
    expect((await pilot.cutover('explain', 'latest')).stdout).toMatch(/^Why +it waits for a person/m);
    await pilot.cutover('abandon', 'latest', '--reason', 'postponed');
    expect((await pilot.cutover('explain', 'latest')).stdout).toMatch(/^Why +it was abandoned: postponed/m);
  });

  test('that is signed off, and waits for a lead', async () => {
    const policy = 'version: 1\nseparation: false\nroles:\n  sre-lead: { quorum: 1 }\n';
    writeFileSync(join(pilot.directory, 'cutover.policy.yaml'), policy);
    await pilot.cutover('start');
    pilot.completeForm();
    await pilot.cutover('sign-off', 'latest', '--as', 'verifier@example.com');
    expect((await pilot.cutover('explain', 'latest')).stdout).toMatch(/^Why +it is signed off, and waits .*: sre-lead/m);
  });

  test('as one document, also where a command fails on it', async () => {
    pilot.actors['runRcGates'] = gates;
    await pilot.cutover('start');
    const { error } = JSON.parse((await pilot.cutover('resume', RUN, '--json')).stdout);
    expect(error).toMatchObject({ code: 'RUN_FAILED', explanation: { failure: { code: 'RC_GATES_FAILED' } } });
    expect(error.next).toEqual(JSON.parse((await pilot.cutover('explain', RUN, '--json')).stdout).next);
  });

  test('only when there is such a run', async () => {
    await pilot.cutover('start');
    expect(await pilot.cutover('explain', '2030')).toMatchObject({ code: 64, stderr: expect.stringContaining('2030') });
    expect(await pilot.cutover('explain', 'nonsense')).toMatchObject({ code: 64, stderr: expect.stringContaining('nonsense') });
  });
});
