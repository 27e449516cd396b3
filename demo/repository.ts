import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface RepositoryPlan {
  readonly branch: string;
  /** By subject, in their order. */
  readonly commits: readonly string[];
  /** What is in it from the first commit on. */
  addFiles(directory: string): Promise<void>;
}

/** A git repository with a clean worktree, from which a cutover can be made. */
export async function createRepository(directory: string, { branch, commits, addFiles }: RepositoryPlan): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, 'init', '--quiet', `--initial-branch=${branch}`);
  await git(directory, 'config', 'user.name', 'Pilot Placeholder');
  await git(directory, 'config', 'user.email', 'operator@example.com');
  await addFiles(directory);
  for (const subject of commits) {
    await writeFile(join(directory, 'CHANGES'), `${subject}\n`, { flag: 'a' });
    await git(directory, 'add', '--all');
    await git(directory, 'commit', '--quiet', '--message', subject);
  }
}

async function git(directory: string, ...args: string[]): Promise<void> {
  await run('git', args, { cwd: directory });
}
