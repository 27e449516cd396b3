import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

/**
 * `npm run bench:upload -- --gb 6`: seals an archive of so many GB in the stand-in for S3, which keeps it on disk, and says the most
 * memory that the sealing process had; exit code 1 when that is 200 MB or more. Needs three times the size on disk.
 */
const MAX_MB = 200;
const { values } = parseArgs({ options: { gb: { type: 'string', default: '6' } } });
const gb = Number(values.gb);
if (!(gb > 0)) {
  console.error(`--gb is ${values.gb}: give a number above 0, for instance 6.`);
  process.exit(64);
}
const root = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
try {
  const directory = join(root, '20260101T000000Z');
  mkdirSync(directory);
  fillWithChance(join(directory, '30_rc_gates.txt'), Math.round(gb * 1e9));
  const service = spawn(process.execPath, [
    join(import.meta.dirname, '../dist/test/services/s3/main.js'),
    ...['--bucket', 'worm', '--data', join(root, 's3')],
  ]);
  const [ready] = await once(createInterface(service.stdout), 'line');
  const { url } = JSON.parse(ready);
  const told = execFileSync(process.execPath, ['--no-warnings', join(import.meta.dirname, 'upload-once.mjs'), directory, url], {
    encoding: 'utf8',
  });
  const ended = once(service, 'exit');
  service.kill('SIGTERM');
  await ended;
  const { steps, maxMb, parts } = JSON.parse(told);
  for (const [step, seconds] of Object.entries(steps)) console.log(`${step.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s`);
  console.log(`${gb} GB in ${parts} parts, one locked version: at most ${maxMb.toFixed(0)} MB of memory (goal: < ${MAX_MB} MB)`);
  process.exitCode = maxMb < MAX_MB ? 0 : 1;
} finally {
  rmSync(root, { recursive: true });
}

/** Random bytes: the archive of them gets no smaller. */
function fillWithChance(path, bytes) {
  const file = openSync(path, 'w');
  try {
    execFileSync('head', ['-c', String(bytes), '/dev/urandom'], { stdio: ['ignore', file, 'inherit'] });
  } finally {
    closeSync(file);
  }
}
