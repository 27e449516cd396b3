import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run crashes:pairs`: every pair of crashes within a step, in one process. Some thousands of runs, for which nothing needs to
 * outlive a power cut: where there is a file system in memory they lie there.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cutover-pairs-'));
try {
  const jest = ['--experimental-vm-modules', '--no-warnings', join(ROOT, 'node_modules/jest/bin/jest.js')];
  const { status } = spawnSync(process.execPath, [...jest, '--testMatch', '**/test/engine/crash-pairs/*.ts', '--verbose'], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, TMPDIR: directory },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true });
}
