import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, ROOT, say } from './prepare.mjs';

/** `npm test`: installs, checks and tests everything. The last line tells the counts: `N passed, N failed`. */

const BIN = 'node_modules/.bin';
const CHECKS = [
  ['types', `${BIN}/tsc`, ['--noEmit']],
  ['lint', `${BIN}/eslint`, ['.']],
  ['format', `${BIN}/prettier`, ['--check', '--log-level', 'warn', '.']],
  [
    'dependency arrows',
    `${BIN}/depcruise`,
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src', 'test/services'],
  ],
];

console.log('Takes about fifteen minutes on two cores; on a bare machine one or two more, to install.');
/** With which tests and docs verify by hand (and openssl stamps, as an authority; tmux is a person's terminal), and their Debian packages. */
const BY_HAND = {
  openssl: 'openssl',
  'ssh-keygen': 'openssh-client',
  'ssh-agent': 'openssh-client',
  aws: 'awscli',
  tmux: 'tmux',
};
prepare({ servers: { ...JSON.parse(readFileSync(`${ROOT}test/services/rgw/tools.json`, 'utf8')), ...BY_HAND } });
const counts = { passed: 0, failed: 0 };
say(`Checking ${CHECKS.map(([name]) => name).join(', ')}...`);
await Promise.all(CHECKS.map(runCheck));
say('Running the tests...');
runJest(process.argv.slice(2));
say(counts.failed === 0 ? 'Everything passed.' : 'There are failures: see above.');
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** Says what a check found only when it fails: they run side by side. */
function runCheck([name, command, args]) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null) console.error(stdout + stderr || error.message);
      count(error === null, name);
      resolve();
    });
  });
}

/** A suite that could not even be loaded counts as one failure, and so does a run without a result, without a test, or with one left out. */
function runJest(args) {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-test-'));
  const resultFile = join(directory, 'result.json');
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${resultFile}`,
    ...args,
  ];
  const { status } = spawnSync(process.execPath, jest, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  const result = readResult(resultFile);
  rmSync(directory, { recursive: true });
  if (result === null) return count(false, 'jest gave no result');
  const leftOut = result.numPendingTests + result.numTodoTests;
  counts.passed += result.numPassedTests;
  counts.failed += result.numFailedTests + result.numRuntimeErrorTestSuites + leftOut;
  if (leftOut > 0) console.error(`${leftOut} tests were skipped or are still to be written: that counts as failed.`);
  if (result.numTotalTests === 0) count(false, 'no test ran');
  else if (status !== 0 && counts.failed === 0) count(false, `jest ended with ${status}`);
}

function readResult(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    return null;
  }
}

function count(ok, name) {
  counts[ok ? 'passed' : 'failed'] += 1;
  if (!ok) console.error(`FAILED: ${name}`);
}
