import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/**
 * `npm run bench [-- NAME...]`: one table, each figure beside a peer measured in the same run, as a ratio. The figures are kept in
 * bench/results.json with what is to be known of the machine; those of benchmarks that were not chosen stay as they are.
 */
const BENCHES = ['commits', 'workflow', 'resume', 'pages', 'startup', 'seal', 'pilot'];
const RESULTS = join(import.meta.dirname, 'results.json');

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0) {
  console.error(`No such benchmark: ${unknown.join(', ')}. There are: ${BENCHES.join(', ')}`);
  process.exit(64);
}
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()} ${arch()}`,
  node: process.version,
};
console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}\n`);
const results = JSON.parse(readFileSync(RESULTS, { encoding: 'utf8', flag: 'a+' }) || '{}');
for (const name of chosen.length > 0 ? chosen : BENCHES) {
  const { measure } = await import(`./${name}.mjs`);
  const rows = await measure();
  for (const row of rows) console.log(shown(name, row));
  results[name] = { at: new Date().toISOString().slice(0, 10), machine, rows };
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}

function shown(name, { what, ours, theirs, ratio, goal, isMet }) {
  const verdict = isMet === null ? '' : isMet ? 'met' : 'MISSED';
  const cells = [name.padEnd(9), ours.padStart(9), theirs.padStart(9), `${ratio.toFixed(2)} x`.padStart(9)];
  return `${cells.join(' ')}  ${goal.padEnd(22)} ${verdict.padEnd(7)} ${what}`;
}
