import { until } from '../../e2e/pilot.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';
/** Fails after a minute, unless it is told to pass at once. */
const WAITING_GATE = '#!/bin/sh\ntest -n "$GATE_PASSES" && exit 0\necho gate running\nsleep 60\nexit 1\n';

/** Another run is in its gates: from its scope to its checkpoint it holds the environment. */
async function otherRun(pilot: FaultPilot): Promise<void> {
  await pilot.write(RUNNER, WAITING_GATE);
  await pilot.git('commit', '--quiet', '--all', '--message', 'a gate that waits');
  pilot.startInBackground(['run']);
  await until('the gate of the other run runs', async () => {
    const directory = await pilot.runDirectory();
    return directory !== null && (await pilot.read(`${directory}/30_rc_gates.txt`)).includes('gate running');
  });
}

/** Ends the other run's driver, if it still lives, and goes on with it up to its pause, where it holds the environment no more. */
async function finishOtherRun(pilot: FaultPilot): Promise<void> {
  await pilot.killBackground();
  pilot.setVariable('GATE_PASSES', 'yes');
  const [other] = await pilot.runIds();
  const { exitCode, stderr } = await pilot.cutover(['resume', other ?? '']);
  if (exitCode !== 2) throw new Error(`the other run did not reach its pause: exit code ${exitCode}, ${stderr}`);
}

/** Ends the other run for good: of one commit there is one run. */
async function endOtherRun(pilot: FaultPilot): Promise<void> {
  await pilot.killBackground();
  const [other] = await pilot.runIds();
  const { exitCode, stderr } = await pilot.cutover(['abandon', other ?? '', '--reason', 'the later one goes on']);
  if (exitCode !== 0) throw new Error(`the other run was not abandoned: exit code ${exitCode}, ${stderr}`);
  pilot.setVariable('GATE_PASSES', 'yes');
}

function held(how: string, inject: FaultCase['inject']): FaultCase {
  return {
    what: 'environment (cluster and namespace)',
    how,
    inject,
    mend: endOtherRun,
    exitCode: 75,
    says: ['ENVIRONMENT_HELD', 'is in use by run ', 'Let it finish (cutover resume '],
    shows: async (pilot) => [`/dpp-staging is in use by run ${(await pilot.runIds())[0]}`],
    goesOn: [{ args: ['replay', '<run>', '--reason', 'the environment is free'], exitCode: 2 }],
  };
}

export const ENVIRONMENT_LOCK: FaultGroup = {
  title: 'One run at a time on an environment',
  stage: 'run',
  cases: [
    held('another run is at work on it', otherRun),
    held('a run whose driver was killed holds it', async (pilot) => {
      await otherRun(pilot);
      await pilot.killBackground();
    }),
    {
      what: 'environment (cluster and namespace)',
      how: 'a run of another database is at work on it: not seen, as the lock reaches as far as the database file',
      inject: async (pilot) => {
        await otherRun(pilot);
        pilot.setVariable('GATE_PASSES', 'yes');
      },
      mend: finishOtherRun,
      args: ['run', '--db', '.cutover/other.db'],
      exitCode: 2,
      says: ['[PAUSE — HUMAN STEP REQUIRED]'],
      goesOn: [{ args: ['status', '<run>', '--db', '.cutover/other.db'], exitCode: 0, says: 'awaitingDbVerification' }],
    },
  ],
};
