import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long a command line takes to answer, beside Node itself and a well-known command line, in the same run. `npm run build` first. */
const ROUNDS = 15;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SUBJECTS = {
  'node -e 0': ['-e', '0'],
  'cutover --version': ['dist/bin/cutover.js', '--version'],
  'cutover --help': ['dist/bin/cutover.js', '--help'],
  'prettier --version (peer)': ['node_modules/prettier/bin/prettier.cjs', '--version'],
};

const times = Object.fromEntries(Object.keys(SUBJECTS).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, args] of Object.entries(SUBJECTS)) {
    const began = performance.now();
    const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    times[name].push(performance.now() - began);
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const base = median(times['node -e 0']);
for (const [name, values] of Object.entries(times)) {
  console.log(`${name.padEnd(26)} ${median(values).toFixed(0).padStart(5)} ms   ${(median(values) / base).toFixed(2)} x node`);
}
