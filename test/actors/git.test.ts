import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createGit } from '../../src/actors/git.js';
import { unrecordedOwner } from '../../src/actors/process/run-process.js';
import { createTestRepository, type TestRepository } from './test-repository.js';

let folder: string;
let repository: TestRepository;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cutover-git-')));
  repository = createTestRepository(join(folder, 'repository'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const gitWith = (env: NodeJS.ProcessEnv, directory = repository.directory) =>
  createGit(unrecordedOwner(new AbortController().signal, env), directory);
const git = (directory?: string) => gitWith({ PATH: process.env['PATH'], HOME: folder }, directory);

describe('the worktree', () => {
  test('is clean when status is empty', async () => {
    expect(await git().status()).toBe('');
  });

  test('is not clean with a changed, a staged or an untracked file', async () => {
    repository.write('README.md', 'changed');
    repository.write('new', '');
    repository.write('staged', '');
    repository.git('add', 'staged');
    expect((await git().status()).split('\n').sort()).toEqual(['', ' M README.md', '?? new', 'A  staged']);
  });

  test('does not look clean because of a setting that hides untracked files', async () => {
    repository.git('config', 'status.showUntrackedFiles', 'no');
    repository.write('new', '');
    expect(await git().status()).toBe('?? new\n');
  });

  test('of which git says nothing at all is not taken for a clean one', async () => {
    writeFileSync(join(folder, 'git'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const silent = gitWith({ PATH: `${folder}:${process.env['PATH']}`, HOME: folder });
    await expect(silent.status()).rejects.toMatchObject({ code: 'GIT_FAILED' });
    await expect(silent.branch()).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });

  test('is not written to by looking at it', async () => {
    const index = join(repository.directory, '.git/index');
    const before = repository.git('hash-object', index);
    repository.write('README.md', 'A repository for a test.\n');
    await git().status();
    expect(repository.git('hash-object', index)).toBe(before);
  });
});

describe('HEAD and branch', () => {
  test('are those of the repository', async () => {
    expect(await git().head()).toBe(repository.git('rev-parse', 'HEAD'));
    expect(await git().branch()).toBe('phase6-preflight');
  });

  test('are read in this directory whatever GIT_DIR says', async () => {
    const other = createTestRepository(join(folder, 'other'), 'elsewhere');
    const misled = gitWith({
      ...process.env,
      GIT_DIR: join(other.directory, '.git'),
      GIT_WORK_TREE: other.directory,
      GIT_INDEX_FILE: 'x',
    });
    expect(await misled.branch()).toBe('phase6-preflight');
    expect(await misled.status()).toBe('');
  });

  test('a detached HEAD is an error', async () => {
    repository.git('checkout', '--quiet', '--detach');
    await expect(git().branch()).rejects.toMatchObject({ code: 'GIT_DETACHED' });
  });

  test('a repository without a commit has no HEAD', async () => {
    mkdirSync(join(folder, 'empty'));
    createTestRepository(join(folder, 'empty')).git('update-ref', '-d', 'HEAD');
    await expect(git(join(folder, 'empty')).head()).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });
});

describe('commits', () => {
  test('are found by tag, branch, hash and exact subject among the ancestors of HEAD', async () => {
    const wanted = repository.commit('feat: phase 6.1 (#12)');
    repository.git('tag', 'phase6.1');
    repository.commit('later');
    for (const text of ['phase6.1', wanted, wanted.slice(0, 12), 'feat: phase 6.1 (#12)']) {
      expect(await git().findCommit(text)).toEqual({ commit: wanted, onBranch: true });
    }
    for (const text of ['feat: phase 6', 'phase6.2', '--all', '-1', 'feat: .*', 'f'.repeat(40)]) {
      expect(await git().findCommit(text)).toBeNull();
    }
  });

  test('on another branch are told from ancestors', async () => {
    repository.git('checkout', '--quiet', '-b', 'side');
    const side = repository.commit('on the side');
    repository.git('checkout', '--quiet', 'phase6-preflight');
    expect(await git().findCommit('side')).toEqual({ commit: side, onBranch: false });
    expect(await git().findCommit('on the side')).toBeNull();
  });
});

describe('what is no repository', () => {
  test('a folder outside of one, and one that does not exist', async () => {
    for (const directory of [folder, join(folder, 'absent')]) {
      await expect(git(directory).status()).rejects.toMatchObject({ code: 'GIT_NOT_A_REPOSITORY' });
    }
  });

  test('without git on the PATH the error says so', async () => {
    await expect(gitWith({ PATH: folder }).head()).rejects.toMatchObject({ code: 'GIT_MISSING' });
  });

  test('a git that answers something else is not believed', async () => {
    writeFileSync(join(folder, 'git'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
    await expect(gitWith({ PATH: folder }).head()).rejects.toMatchObject({ code: 'GIT_FAILED' });
    await expect(gitWith({ PATH: folder }).findCommit('x')).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });
});
