import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pilot } from '../dist/test/e2e/pilot.js';
import { median } from './ten-steps.mjs';

/**
 * A run to the pause, beside a bash loop that makes the very calls of kubectl and git which that run made, one after the other, on a
 * site of its own. Steps take no time of their own here: what is left is the calls, and what recording them costs. The run besides
 * asks S3, STS and staging, and writes evidence and history.
 */
const ROUNDS = 3;
const STEPS = 6;

export async function measure() {
  const times = { ours: [], theirs: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const calls = await onSite(async (pilot) => {
      const recorded = recording(pilot);
      const began = performance.now();
      const { exitCode, stderr } = await pilot.cutover(['start'], { env: recorded.env });
      times.ours.push(performance.now() - began);
      if (exitCode !== 2) throw new Error(`the run ended with ${exitCode}: ${stderr}`);
      return recorded.calls();
    });
    await onSite(async (pilot) => {
      const script = join(pilot.directory, 'calls.sh');
      writeFileSync(script, calls.map((call) => call.replaceAll(calls.site, pilot.directory)).join('\n'));
      const began = performance.now();
      spawnSync('bash', [script], { cwd: pilot.site.repository, env: pilot.site.env, stdio: 'ignore' });
      times.theirs.push(performance.now() - began);
    });
  }
  const [ours, theirs] = [median(times.ours), median(times.theirs)];
  return [
    {
      what: `the pilot to its pause, beside a bash loop of its calls (${((ours - theirs) / STEPS).toFixed(0)} ms more a step)`,
      ours: `${ours.toFixed(0)} ms`,
      theirs: `${theirs.toFixed(0)} ms`,
      ratio: ours / theirs,
      goal: '-',
      isMet: null,
    },
  ];
}

/** Commands on the PATH that note how they are called, and then are the real ones. */
function recording({ directory, site }) {
  const bin = join(directory, 'recording');
  const log = join(directory, 'calls.log');
  mkdirSync(bin);
  for (const name of ['kubectl', 'git']) {
    const real = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8', env: site.env }).trim();
    writeFileSync(join(bin, name), `#!/bin/bash\n{ printf '%q ' ${real} "$@"; echo; } >> ${log}\nexec ${real} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return {
    env: { PATH: `${bin}:${site.env.PATH}` },
    calls: () => Object.assign(readFileSync(log, 'utf8').trimEnd().split('\n'), { site: directory }),
  };
}

async function onSite(use) {
  const pilot = await Pilot.create();
  try {
    return await use(pilot);
  } finally {
    await pilot.dispose();
  }
}
