import { existsSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { withScratchDirectory } from '../../src/actors/scratch-directory.js';

describe('a scratch directory', () => {
  test('is new, named after its purpose, and ours alone; it goes with what is in it', async () => {
    const directories = await Promise.all(
      [1, 2].map((round) =>
        withScratchDirectory('kubeconfig', (directory) => {
          expect(dirname(directory)).toBe(tmpdir());
          expect(basename(directory)).toMatch(/^cutover-kubeconfig-\w{6}$/);
          expect(statSync(directory).mode & 0o777).toBe(0o700);
          writeFileSync(join(directory, 'file'), String(round));
          return Promise.resolve(directory);
        }),
      ),
    );
    expect(new Set(directories).size).toBe(2);
    expect(directories.map((directory) => existsSync(directory))).toEqual([false, false]);
  });

  test('goes also when its use fails, whose error is passed on', async () => {
    let used = '';
    const failing = withScratchDirectory('x', (directory) => {
      used = directory;
      return Promise.reject(new Error('it was in vain'));
    });
    await expect(failing).rejects.toThrow('it was in vain');
    expect([used === '', existsSync(used)]).toEqual([false, false]);
  });

  test('may have been deleted by its use', async () => {
    await expect(withScratchDirectory('x', (directory) => rm(directory, { recursive: true }))).resolves.toBeUndefined();
  });

  test('that cannot be made is an error that says where', async () => {
    await expect(withScratchDirectory('no/such', () => Promise.resolve())).rejects.toMatchObject({
      code: 'TMPDIR_UNUSABLE',
      message: `No directory could be made below ${tmpdir()} (ENOENT). Set TMPDIR to a directory that you may write, and that has room.`,
      options: { cause: { code: 'ENOENT' } },
    });
  });
});
