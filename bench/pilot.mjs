import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  const calls = await onSite(recordedCalls);
  const times = { ours: [], theirs: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.ours.push(await onSite((pilot) => timed(() => toThePause(pilot))));
    times.theirs.push(await onSite((pilot) => timed(() => loop(pilot, calls))));
  }
  const [ours, theirs] = [median(times.ours), median(times.theirs)];
  const more = `${((ours - theirs) / STEPS).toFixed(0)} ms more a step`;
  return [
    {
      what: `the pilot to its pause, beside a bash loop of its ${calls.lines.length} calls (${more})`,
      ours: `${ours.toFixed(0)} ms`,
      theirs: `${theirs.toFixed(0)} ms`,
      ratio: ours / theirs,
      goal: '-',
      isMet: null,
    },
  ];
}

async function toThePause(pilot, env = {}) {
  const { exitCode, stderr } = await pilot.cutover(['start'], { env });
  if (exitCode !== 2) throw new Error(`the run ended with ${exitCode}: ${stderr}`);
}

/**
 * By commands on the PATH that are the real ones and note how they were called; kubectl's must end in the loop as they did here. git's
 * name commits of this site: elsewhere they may say no, as fast.
 */
async function recordedCalls(pilot) {
  const { directory, site } = pilot;
  const bin = join(directory, 'recording');
  const log = join(directory, 'calls.log');
  mkdirSync(bin);
  for (const name of ['kubectl', 'git']) {
    const real = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8', env: site.env }).trim();
    const check = name === 'kubectl' ? `; [ $? -eq '$code' ] || exit 9` : '';
    const note = `echo "$(printf '%q ' ${real} "$@")"'${check}' >> ${log}`;
    writeFileSync(join(bin, name), `#!/bin/bash\n${real} "$@"\ncode=$?\n${note}\nexit $code\n`, { mode: 0o755 });
  }
  await toThePause(pilot, { PATH: `${bin}:${site.env.PATH}` });
  return { lines: readFileSync(log, 'utf8').trimEnd().split('\n'), directory, cluster: site.kubernetes.url };
}

/** Not spawnSync: the site's servers are in this process. */
async function loop({ directory, site }, calls) {
  const here = (line) => line.replaceAll(calls.directory, directory).replaceAll(calls.cluster, site.kubernetes.url);
  const script = [...calls.lines.map(here), 'exit 0'].join('\n');
  const bash = spawn('bash', ['-c', script], { cwd: site.repository, env: site.env, stdio: 'ignore' });
  const [exitCode] = await once(bash, 'exit');
  if (exitCode !== 0) throw new Error(`a call of the loop did not end as it did in the run (${exitCode})`);
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function onSite(use) {
  const pilot = await Pilot.create();
  try {
    return await use(pilot);
  } finally {
    await pilot.dispose();
  }
}
