import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from '../dist/test/crash/crash-case.js';
import { Pilot } from '../dist/test/e2e/pilot.js';
import { median } from './ten-steps.mjs';

/** How long a command line takes to answer, beside Node itself and a well-known command line of this repository's tools. */
const ROUNDS = 25;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLI = `${ROOT}dist/bin/cutover.js`;
const NODE = 'node -e 0';
const SUBJECTS = {
  [NODE]: ['-e', '0'],
  status: [CLI, 'status', 'latest'],
  list: [CLI, 'list'],
  '--help': [CLI, '--help'],
  'prettier --version': [`${ROOT}node_modules/prettier/bin/prettier.cjs`, '--version'],
};

export async function measure() {
  const pilot = await Pilot.create();
  try {
    await prepare(pilot, 'after the pause');
    const times = Object.fromEntries(Object.keys(SUBJECTS).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, args] of Object.entries(SUBJECTS)) times[name].push(timeOf(name, args, pilot.site));
    }
    const base = median(times[NODE]);
    return Object.keys(SUBJECTS)
      .filter((name) => name !== NODE)
      .map((name) => {
        const ours = median(times[name]);
        const isGoal = name === 'status';
        return {
          what: `${name}, beside ${NODE}`,
          ours: `${ours.toFixed(0)} ms`,
          theirs: `${base.toFixed(0)} ms`,
          ratio: ours / base,
          goal: isGoal ? '< 1.5 x' : '-',
          isMet: isGoal ? ours / base < 1.5 : null,
        };
      });
  } finally {
    await pilot.dispose();
  }
}

function timeOf(name, args, { repository, env }) {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: repository, env, stdio: 'ignore' });
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
  return performance.now() - began;
}
