import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';

/** Committed, as the worktree of a cutover is clean. */
async function commitRunner(pilot: FaultPilot, body: string): Promise<void> {
  await pilot.write(RUNNER, `#!/bin/sh\n${body}\n`);
  await pilot.git('commit', '--quiet', '--all', '--message', 'a change of the RC runner');
}

function runner(how: string, body: string, says: FaultCase['says']): FaultCase {
  return {
    what: 'RC runner',
    how,
    inject: (pilot) => commitRunner(pilot, body),
    mend: (pilot) => commitRunner(pilot, 'echo "All RC gates passed."'),
    says,
  };
}

export const GATES: FaultGroup = {
  title: 'Step 1: RC gates',
  stage: 'run',
  cases: [runner('exits with 3', 'echo "[RC-3] FAIL"; exit 3', ['RC_GATES_FAILED', '(exit code 3)'])],
};
