import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SCOPES, WITHOUT_MUTANTS } from './scopes.js';

/**
 * `npm run mutation [-- SCOPE...]`: changes one thing at a time in what proves (src/config, src/evidence, src/actors, and who may do what), and sees
 * whether a test notices. All of it takes two hours on two cores, so the score of each scope is kept in scores.json, with the digest
 * of its sources and tests: only a scope that has changed since is run again, or one that is named. Ends with the score of each
 * scope and of all; exit code 1 below the threshold, or when a scope could not be run.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RESULTS = join(ROOT, 'mutation/results');
const SCORES = join(ROOT, 'mutation/scores.json');
const LEAST_SCORE = 85;
const DETECTED = ['Killed', 'Timeout'];
const UNDETECTED = ['Survived', 'NoCoverage'];

/**
 * Each mutant of a scope that is to be `alone` runs where no other process can be seen, Stryker's own included, and in a process
 * group of its own, which reaches beyond the namespace: a mutant of what ends processes would end them too. Sources:
 * pid_namespaces(7), kill(2).
 */
const JEST_OF_ITS_OWN = [
  ...['setsid', '--wait'],
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
  ...['--pid', '--fork', '--mount-proc', '--kill-child'],
  ...['node', '--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
  ...['--config', 'mutation/jest.config.js', '--bail', '--silent'],
].join(' ');

/** Stryker's own way: in one process, the tests that reach the mutant. */
const runnerInside = {
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: { configFile: 'mutation/jest.config.js' },
  coverageAnalysis: 'perTest',
};

/** Slower: all tests of the scope, and a process of its own for each mutant. */
const runnerOfItsOwn = { testRunner: 'command', commandRunner: { command: JEST_OF_ITS_OWN }, coverageAnalysis: 'off' };

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => SCOPES[name] === undefined);
if (unknown.length > 0) {
  console.error(`No such scope: ${unknown.join(', ')}. There are: ${Object.keys(SCOPES).join(', ')}`);
  process.exit(64);
}
const misplaced = filesNotInOneScope();
if (misplaced.length > 0) {
  console.error(`To be in exactly one scope of mutation/scopes.js: ${misplaced.join(', ')}`);
  process.exit(1);
}
mkdirSync(RESULTS, { recursive: true });
const scores = existsSync(SCORES) ? JSON.parse(readFileSync(SCORES, 'utf8')) : {};
const stale = Object.keys(SCOPES).filter((name) => scores[name]?.of !== digestOf(SCOPES[name]));
for (const name of chosen.length > 0 ? chosen : stale) {
  // Taken before: what is changed while it runs has not been tried.
  const of = digestOf(SCOPES[name]);
  scores[name] = { ...runScope(name, SCOPES[name]), of };
  writeFileSync(SCORES, `${JSON.stringify(scores, null, 2)}\n`);
}
const wanted = chosen.length > 0 ? chosen : Object.keys(SCOPES);
const rows = wanted.flatMap((name) => (scores[name]?.of === digestOf(SCOPES[name]) ? [{ name, ...scores[name] }] : []));
rows.push({ name: 'all', ...sum(rows) });
for (const { name, detected, undetected } of rows) {
  console.log(
    `${name.padEnd(15)} ${percent(detected, undetected).toFixed(1).padStart(6)} %  ${detected} noticed, ${undetected} not`,
  );
}
const missing = wanted.length + 1 - rows.length;
if (missing > 0) console.log(`${missing} scopes have changed while they were run, and are not in it.`);
const total = rows.at(-1);
process.exitCode = missing === 0 && percent(total.detected, total.undetected) >= LEAST_SCORE ? 0 : 1;

/** Of everything that the score is about: the sources, and the tests nearest to them. */
function digestOf({ mutate, tests }) {
  const patterns = [...mutate, ...tests].map(asRegExp);
  const files = ['src', 'test']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true }).map((name) => `${folder}/${name}`))
    .filter((file) => patterns.some((pattern) => pattern.test(file)))
    .toSorted();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

/** A file that was forgotten would be counted as if every mutant in it were noticed. */
function filesNotInOneScope() {
  const patterns = Object.values(SCOPES).flatMap(({ mutate }) => mutate.map(asRegExp));
  return ['config', 'evidence', 'actors']
    .flatMap((layer) => readdirSync(join(ROOT, 'src', layer), { recursive: true }).map((name) => `src/${layer}/${name}`))
    .filter((file) => file.endsWith('.ts') && !WITHOUT_MUTANTS.includes(file))
    .filter((file) => patterns.filter((pattern) => pattern.test(file)).length !== 1);
}

/** The part of a glob's language that scopes.js uses: a star within a name, and alternatives. */
function asRegExp(glob) {
  const parts = glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
  return new RegExp(`^${parts.replace(/\{(.*?)\}/g, (_, names) => `(?:${names.replaceAll(',', '|')})`)}$`);
}

/** Survivors are listed in mutation/results/SCOPE.txt. */
function runScope(name, { mutate, tests, alone = false }) {
  console.log(`=== ${name} ===`);
  const report = join(RESULTS, `${name}.json`);
  const config = join(RESULTS, `${name}.config.json`);
  const options = { ...strykerOptions(name, mutate, report), ...(alone ? runnerOfItsOwn : runnerInside) };
  writeFileSync(config, JSON.stringify(options, null, 2));
  const { status } = spawnSync(join(ROOT, 'node_modules/.bin/stryker'), ['run', config], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, MUTATION_TESTS: tests.join(' ') },
  });
  if (status !== 0) {
    console.error(`Stryker ended with ${status} in scope ${name}: see above.`);
    process.exit(1);
  }
  const mutants = Object.entries(JSON.parse(readFileSync(report, 'utf8')).files).flatMap(([file, { mutants, source }]) =>
    mutants.map((mutant) => ({ file, source, ...mutant })),
  );
  const undetected = mutants.filter(({ status: outcome }) => UNDETECTED.includes(outcome));
  writeFileSync(join(RESULTS, `${name}.txt`), undetected.map(shown).join('\n'));
  return { detected: mutants.filter(({ status: outcome }) => DETECTED.includes(outcome)).length, undetected: undetected.length };
}

/** Source: Stryker's "Configuration" page. */
function strykerOptions(name, mutate, report) {
  return {
    mutate,
    ignorePatterns: ['/.demo', '/bench', '/docs/*', '!/docs/*.schema.json', '/mutation/results'],
    disableTypeChecks: false,
    // More than there are cores: a mutant that hangs only waits.
    concurrency: 4,
    // Generous: a busy machine must not make a survivor look like one that hangs.
    timeoutMS: 30_000,
    incremental: true,
    incrementalFile: join(RESULTS, `${name}.incremental.json`),
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: report },
    tempDirName: `.stryker-tmp/${name}`,
    allowConsoleColors: false,
  };
}

/** One survivor: where, and what it says instead of what. */
function shown({ file, source, location: { start, end }, mutatorName, replacement, status }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = lines[last].slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  const text = `${lines.join(' ')}  ->  ${replacement ?? ''}`.replaceAll(/\s+/g, ' ');
  return `${file}:${start.line}:${start.column} ${status} ${mutatorName}: ${text}`;
}

function sum(all) {
  const add = (key) => all.reduce((total, row) => total + row[key], 0);
  return { detected: add('detected'), undetected: add('undetected') };
}

function percent(detected, undetected) {
  return detected + undetected === 0 ? 0 : (100 * detected) / (detected + undetected);
}
