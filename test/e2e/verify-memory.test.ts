import { spawnSync } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { SealedRun } from '../evidence/verify/sealed-run.js';

const LARGE = 300 * 1024 * 1024;
const MOST = 200 * 1024 * 1024;
/**
 * Tells on stderr, at the end, the most memory that the process had (KiB). Not `maxRSS` of getrusage(2): that begins with what the
 * process had that started it.
 */
const TELL_MEMORY = `data:text/javascript,${encodeURIComponent(
  `import { readFileSync } from 'node:fs'; process.on('exit', () => process._rawDebug(readFileSync('/proc/self/status', 'utf8')));`,
)}`;

let run: SealedRun;
afterEach(() => run.dispose());

function verify(): { exitCode: number | null; stdout: string; most: number } {
  const args = ['--import', TELL_MEMORY, resolve('dist/bin/cutover.js'), 'verify', run.directory];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: run.root });
  return { exitCode: status, stdout, most: Number(/^VmHWM:\s+(\d+) kB$/m.exec(stderr)?.[1]) * 1024 };
}

test('a run with a log of 300 MB is verified in less than 200 MB', async () => {
  run = await SealedRun.create({ files: { '31_large.txt': 'x'.repeat(LARGE) } });
  const { exitCode, most } = verify();
  expect(exitCode).toBe(0);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(MOST);
}, 60_000);

test('files of 300 MB in the place of archive, manifest, history and summary are found wanting in less than 200 MB', async () => {
  run = await SealedRun.create();
  for (const name of [EVIDENCE.manifest, EVIDENCE.historyTail, EVIDENCE.summary, EVIDENCE.archiveDigest, EVIDENCE.archive]) {
    await writeFile(join(run.directory, name), '');
    await truncate(join(run.directory, name), LARGE);
  }
  const { exitCode, stdout, most } = verify();
  expect(exitCode).toBe(1);
  expect(stdout).toContain('NOT VERIFIED');
  expect(most).toBeLessThan(MOST);
}, 60_000);
