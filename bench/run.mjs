import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/**
 * `npm run bench [-- NAME...]`: one table, each figure beside a peer measured in the same run, as a ratio. The figures are kept in
 * bench/results.json with what is to be known of the machine, and as the table that docs/performance.md shows (`npm run docs`); those of
 * benchmarks that were not chosen stay as they are.
 */
const BENCHES = ['commits', 'workflow', 'resume', 'pages', 'startup', 'seal', 'redaction', 'pilot'];
const HEADER = line('bench', 'ours', 'peer', 'ratio', 'goal', '', 'what');
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
console.log(`${titleOf(machine)}\n\n${HEADER}`);
const results = JSON.parse(readFileSync(RESULTS, { encoding: 'utf8', flag: 'a+' }) || '{}');
for (const name of chosen.length > 0 ? chosen : BENCHES) {
  const { measure } = await import(`./${name}.mjs`);
  const rows = await measure();
  for (const row of rows) console.log(shown(name, row));
  results[name] = { at: new Date().toISOString().slice(0, 10), machine, rows };
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}
const measured = BENCHES.filter((name) => results[name] !== undefined);
const machines = new Set(measured.map((name) => titleOf(results[name].machine)));
const lines = measured.flatMap((name) => results[name].rows.map((row) => shown(name, row)));
writeFileSync(join(import.meta.dirname, 'results.txt'), [...machines, '', HEADER, ...lines, ''].join('\n'));

function titleOf({ cpu, cores, memoryGb, system, node }) {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}`;
}

function shown(name, { what, ours, theirs, ratio, goal, isMet }) {
  const verdict = isMet === null ? '' : isMet ? 'met' : 'MISSED';
  return line(name, ours, theirs, `${ratio.toFixed(2)} x`, goal, verdict, what);
}

function line(name, ours, theirs, ratio, goal, verdict, what) {
  const figures = [ours, theirs, ratio].map((cell) => cell.padStart(9)).join(' ');
  return `${name.padEnd(9)} ${figures}  ${goal.padEnd(22)} ${verdict.padEnd(7)} ${what}`;
}
