import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A real git repository for a test, on branch `phase6-preflight`, with one commit. */
export interface TestRepository {
  readonly directory: string;
  git(...args: string[]): string;
  write(file: string, content: string, mode?: number): void;
  /** Commits everything; returns the hash. */
  commit(subject: string): string;
}

export function createTestRepository(directory: string, branch = 'phase6-preflight'): TestRepository {
  mkdirSync(directory, { recursive: true });
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Operator',
    GIT_AUTHOR_EMAIL: 'operator@example.com',
    GIT_COMMITTER_NAME: 'Operator',
    GIT_COMMITTER_EMAIL: 'operator@example.com',
  };
  const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, env, encoding: 'utf8' }).trim();
  const repository: TestRepository = {
    directory,
    git,
    write(file, content, mode = 0o644) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), content, { mode });
    },
    commit(subject) {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', subject);
      return git('rev-parse', 'HEAD');
    },
  };
  git('init', '--quiet', `--initial-branch=${branch}`);
  repository.write('README.md', 'A repository for a test.\n');
  repository.commit('first commit');
  return repository;
}
