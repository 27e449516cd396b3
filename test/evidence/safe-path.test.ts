import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { resolveSafely } from '../../src/evidence/safe-path.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'safe-path-'));
  await mkdir(join(directory, 'folder'));
  await writeFile(join(directory, 'folder', 'file'), 'x');
});
afterEach(() => rm(directory, { recursive: true }));

test.each([
  ['', 'is empty'],
  ['a\0b', 'holds a NUL'],
  ['/folder', 'is absolute'],
  ['folder/', 'has an empty part, "." or ".."'],
  ['folder//file', 'has an empty part, "." or ".."'],
  ['./folder', 'has an empty part, "." or ".."'],
  ['folder/../folder', 'has an empty part, "." or ".."'],
])('the name %j is refused', async (name, fault) => {
  await expect(resolveSafely(directory, name)).rejects.toMatchObject({
    code: 'UNSAFE_NAME',
    file: name,
    message: `The name ${fault}: ${JSON.stringify(name)}. Give a name relative to the evidence directory of the run.`,
  });
});

test.each(['folder', 'folder/file'])('what is there is found: %s', async (name) => {
  const { path, found } = await resolveSafely(directory, name);
  expect(path).toBe(join(directory, name));
  expect(found?.isFile()).toBe(name === 'folder/file');
});

test.each(['new', 'new/x/y', '..x', 'folder/...'])('what is not there has a path all the same: %s', async (name) => {
  expect(await resolveSafely(directory, name)).toEqual({ path: join(directory, name), found: null });
});

test.each([
  ['link', 'a symbolic link'],
  ['link/file', 'a symbolic link'],
  ['folder/file/x', 'a file used as a folder'],
  ['fifo', 'a special file'],
])('%s is refused: it is %s', async (name, what) => {
  await symlink('folder', join(directory, 'link'));
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  await expect(resolveSafely(directory, name)).rejects.toMatchObject({
    code: 'NOT_REGULAR',
    file: name,
    message: `Evidence must be a regular file, this is ${what}: ${JSON.stringify(name)}. Replace it by a copy of its content.`,
  });
});

test('a name that cannot be looked up is an error, not a file that is not there', async () => {
  await expect(resolveSafely(directory, 'x'.repeat(300))).rejects.toMatchObject({
    code: 'READ_FAILED',
    message: expect.stringContaining('could not be read (ENAMETOOLONG)'),
  });
});
