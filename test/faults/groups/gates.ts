import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../e2e/pilot.js';
import { processesWith } from '../../processes.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';
import { commitRunner, mendRunner } from '../rc-runner.js';

const LOG = '30_rc_gates.txt';
const NEXT = 'Check 30_rc_gates.txt; fix the failing gate, then start a new run.';
const HUGE_BYTES = 200 * 1024 * 1024;
/** Of the whole process at its largest; Node and the SDK alone take about 120 MiB. */
const MAX_MEMORY_KIB = 256 * 1024;
/** No real ones: the forms are AWS's, the values are its documentation's. */
const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
const SESSION_TOKEN = 'dpp-session-0123456789abcdef';

function runner(how: string, script: string | Uint8Array, says: FaultCase['says'], more: Partial<FaultCase> = {}): FaultCase {
  return { what: 'RC runner', how, inject: (pilot) => commitRunner(pilot, script), mend: mendRunner, says, ...more };
}

const shell = (...lines: readonly string[]) => `#!/bin/sh\n${lines.join('\n')}\n`;
const failed = (how: string): FaultCase['says'] => ['RC_GATES_FAILED: The RC gates failed: ', `(${how})`, NEXT];

const log = async (pilot: FaultPilot) => readFileSync(await pilot.evidenceFile(LOG));
const logHas = (bytes: string | Buffer) => async (pilot: FaultPilot) =>
  assert.ok((await log(pilot)).includes(bytes), `${LOG} has not all that the runner wrote`);

/** The runner's processes carry the site's HOME in their environment, and so does what it has left behind. */
function leavesNothing({ home }: FaultPilot): void {
  const left = processesWith(`HOME=${home}\0`).map(({ commandLine }) => commandLine);
  assert.equal(left.join('\n'), '', 'processes were left behind');
}

/** Larger than what a pipe or memory should hold: the log has all of it, and the process stays as small as ever. */
const huge: Partial<FaultCase> = {
  meanwhile: async (_pilot, command) => {
    let peakKiB = 0;
    await until(
      'the end of the run',
      () => {
        peakKiB = Math.max(peakKiB, peakMemory(command.pid));
        return command.exitCode !== null;
      },
      100_000,
    );
    assert.ok(peakKiB > 0 && peakKiB < MAX_MEMORY_KIB, `the run took ${peakKiB} KiB of memory`);
  },
  holds: async (pilot) => assert.ok((await stat(await pilot.evidenceFile(LOG))).size > HUGE_BYTES, `${LOG} is too short`),
};

/** KiB; 0 when the process has ended. */
function peakMemory(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const flag = (pilot: FaultPilot) => join(pilot.home, 'gates-are-busy');

let runsBefore = 0;

/** It runs until a file is gone, which is no part of the repository: a run that goes on finds the commit that it knows. */
const endless: FaultCase = {
  what: 'RC runner',
  how: 'never ends (the step is given two hours), and is ended by Ctrl-C',
  inject: async (pilot) => {
    runsBefore = (await pilot.runIds()).length;
    await pilot.write(flag(pilot), '');
    await commitRunner(
      pilot,
      shell('trap "" INT', 'echo "[RC-1] running"', `while [ -e '${flag(pilot)}' ]; do sleep 0.05; done`),
    );
  },
  meanwhile: async (pilot, command) => {
    await until(
      'the first line of the gates',
      async () => {
        if ((await pilot.runIds()).length === runsBefore) return false;
        return existsSync(await pilot.evidenceFile(LOG)) && (await log(pilot)).includes('[RC-1] running');
      },
      60_000,
    );
    command.kill('SIGINT');
  },
  exitCode: 130,
  says: ['cutover resume'],
  holds: leavesNothing,
  mend: (pilot) => rm(flag(pilot)),
  goesOn: [{ args: ['resume', 'latest'], exitCode: 2 }],
};

/** The one moment in between: git is asked for the scope when the preflight's report is there, of this run and no earlier one. */
const deleted: FaultCase = {
  what: 'RC runner',
  how: 'deleted after the preflight',
  inject: async (pilot) => {
    const file = join(pilot.home, 'rc.sh');
    await pilot.writeScript(file, shell('echo "All RC gates passed."'));
    pilot.setVariable('DPP_RC_RUNNER', file);
    await pilot.shadow(
      'git',
      `[ "$(ls -d dpp/evidence/*/* | tail -1)/10_preflight.json" -nt '${file}' ] && rm -f '${file}'\nexec "$REAL" "$@"`,
    );
  },
  says: ['RC_RUNNER_MISSING: The RC runner ', 'cannot be read: ENOENT', 'Restore it (DPP_RC_RUNNER) and make it executable'],
};

const withSecrets: Partial<FaultCase> = {
  inject: async (pilot) => {
    pilot.setVariable('DPP_SESSION_TOKEN', SESSION_TOKEN);
    await commitRunner(
      pilot,
      shell(`echo "key ${ACCESS_KEY}"`, 'env', 'echo "Authorization: Bearer $DPP_SESSION_TOKEN"', 'exit 1'),
    );
  },
  holds: async (pilot) => {
    const text = (await log(pilot)).toString();
    for (const secret of [ACCESS_KEY, SESSION_TOKEN]) assert.ok(!text.includes(secret), `${LOG} has a secret in it`);
    assert.match(text, /REDACTED/);
  },
};

/** In two parts, so that no scanner takes this file for one that holds it. It has a form that the redaction does not know. */
const VAULT_TOKEN = `hvs.${'PilotPlaceholder0'.repeat(6)}`;
/** The gates pass, and their log holds a secret. */
const leaks: FaultCase = runner(
  'passes, and prints a token that the redaction does not know (HashiCorp Vault)',
  shell(`printf 'hvs.%s\\n' '${VAULT_TOKEN.slice(4)}'`),
  [
    'SECRET_FOUND: A secret is in the evidence, in 30_rc_gates.txt:',
    '(secretlint-hashicorp-vault-HASHICORP_VAULT_SERVICE_TOKEN)',
  ],
);

export const GATES: FaultGroup = {
  title: 'Step 1: RC gates',
  stage: 'step',
  cases: [
    runner('exits with 1', shell('echo "[RC-1] FAIL"', 'exit 1'), failed('exit code 1'), { holds: logHas('[RC-1] FAIL\n') }),
    runner('exits with 3', shell('echo "[RC-3] FAIL"', 'exit 3'), failed('exit code 3')),
    runner('says PASS, and exits with 1', shell('echo "All RC gates passed: PASS"', 'exit 1'), failed('exit code 1')),
    runner('a command in it is missing', shell('set -e', 'no-such-gate'), failed('exit code 127')),
    runner('killed by SIGKILL', shell('kill -KILL $$'), failed('ended by SIGKILL')),
    runner('ended by SIGTERM', shell('kill -TERM $$'), failed('ended by SIGTERM')),
    runner('its interpreter is missing', '#!/no/such/interpreter\n', failed('exit code 127')),
    deleted,
    runner(
      'writes bytes that are no UTF-8, and no line end',
      shell(`printf '\\377\\376[RC-2] \\303('`, 'exit 1'),
      failed('exit code 1'),
      {
        holds: logHas(Buffer.from([0xff, 0xfe, ...Buffer.from('[RC-2] '), 0xc3, 0x28])),
      },
    ),
    runner(
      'closes its output early, then fails',
      shell('echo "[RC-1] PASS"', 'exec >&- 2>&-', 'sleep 0.2', 'exit 1'),
      failed('exit code 1'),
      {
        holds: logHas('[RC-1] PASS\n'),
      },
    ),
    runner(
      'leaves processes behind, one of them in a session of its own',
      shell('sleep 600 &', 'setsid sleep 600 &', 'setsid sh -c "sleep 600 & sleep 600" &', 'exit 1'),
      failed('exit code 1'),
      { holds: leavesNothing },
    ),
    endless,
    runner('prints secrets', '', failed('exit code 1'), withSecrets),
    // The last one: the cases after it would compare as much again.
    leaks,
    runner('writes 200 MiB, then fails', shell(`yes "[RC-2] ok" | head -c ${HUGE_BYTES}`, 'exit 3'), failed('exit code 3'), huge),
  ],
};
