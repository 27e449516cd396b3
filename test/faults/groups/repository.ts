import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const BRANCH = '1. branch';
const COMMITS = '2. required commits';
const WORKTREE = '8. clean worktree';
const POLICY = 'ENV policy';
const ALL = [BRANCH, COMMITS, POLICY, WORKTREE];

/** A worktree that is not as it was committed. */
function worktree(how: string, inject: FaultCase['inject'], shows: string): FaultCase {
  return {
    what: 'worktree',
    how,
    inject,
    mend: async (pilot) => {
      await pilot.git('reset', '--quiet', '--hard');
      await pilot.git('clean', '--quiet', '--force', '-d');
    },
    says: [`${WORKTREE}: git status --porcelain in `, `shows 1 change: ${shows}`, 'Commit, stash or ignore them'],
    failedChecks: [WORKTREE],
  };
}

/** The folder that the evidence goes into is looked at like any other. */
const BESIDE_THE_RUNS: FaultCase = {
  ...worktree(
    'an untracked file in a folder that is the evidence root as well',
    (pilot) => pilot.write('dpp/tools/x.sh', ''),
    '?? dpp/tools/x.sh',
  ),
  args: ['run', '--evidence-root', 'dpp'],
};

function branch(how: string, inject: FaultCase['inject'], says: FaultCase['says']): FaultCase {
  const mend = (pilot: FaultPilot) => pilot.git('switch', '--quiet', 'phase6-preflight');
  return { what: 'branch', how, inject, mend, says, failedChecks: [BRANCH] };
}

function commits(how: string, value: string | undefined, says: FaultCase['says']): FaultCase {
  return {
    what: '`CUTOVER_REQUIRED_COMMITS`',
    how,
    inject: (pilot) => pilot.setVariable('CUTOVER_REQUIRED_COMMITS', value),
    says,
    failedChecks: [COMMITS],
  };
}

/** Which commits are needed is not said: it must be vouched for. */
function noCommits(how: string, value: string | undefined): FaultCase {
  return {
    ...commits(how, value, [
      `${COMMITS}: nothing says which commits must be on the branch`,
      'or say why not: --commits-ok REASON',
    ]),
    mend: (pilot) => pilot.setVariable('CUTOVER_REQUIRED_COMMITS', value),
    goesOn: [{ args: ['preflight', '--commits-ok', 'a rehearsal without history'], exitCode: 0 }],
  };
}

/** The site's policy is not what HEAD has, and `git status` does not show it. */
function policy(how: string, hide: (pilot: FaultPilot) => Promise<unknown>, says: string): FaultCase {
  const file = 'cutover.policy.yaml';
  return {
    what: '`cutover.policy.yaml`',
    how,
    inject: async (pilot) => {
      await pilot.write(file, 'version: 1\nroles:\n  operator:\n    members: [operator@example.com]\n');
      await pilot.git('add', file);
      await pilot.git('commit', '--quiet', '--message', 'the policy');
      await pilot.git('update-index', '--skip-worktree', file);
      await hide(pilot);
    },
    mend: async (pilot) => {
      await pilot.git('update-index', '--no-skip-worktree', file);
      await pilot.git('reset', '--quiet', '--hard', 'HEAD~1');
    },
    says: [`${POLICY}: HEAD has ${file}, and the run has ${says}`, 'Commit the change, or put the file back as HEAD has it'],
    failedChecks: [POLICY],
  };
}

/** A git that does not do what git does. */
function git(how: string, script: string, says: FaultCase['says'], failedChecks: readonly string[] = ALL): FaultCase {
  return { what: 'git', how, inject: (pilot) => pilot.shadow('git', script), says, failedChecks };
}

/** Something of .git is lost (null) or overwritten; it is kept aside, and brought back. */
function damaged(
  file: string,
  content: string | null,
  says: FaultCase['says'],
  failedChecks: readonly string[] = ALL,
): FaultCase {
  const path = (pilot: FaultPilot) => join(pilot.repository, file);
  const kept = (pilot: FaultPilot) => join(pilot.directory, 'kept');
  return {
    what: `\`${file}\``,
    how: content === null ? 'lost' : 'overwritten',
    inject: async (pilot) => {
      await rename(path(pilot), kept(pilot));
      if (content !== null) await pilot.write(file, content);
    },
    mend: async (pilot) => {
      await rm(path(pilot), { recursive: true, force: true });
      await rename(kept(pilot), path(pilot));
    },
    says,
    failedChecks,
  };
}

const NO_REPOSITORY: FaultCase['says'] = [
  'GIT_NOT_A_REPOSITORY',
  'is not the work tree of a git repository',
  "Run this in the repository's directory",
];

export const REPOSITORY: FaultGroup = {
  title: 'Pre-conditions 1, 2 and 8: the repository',
  stage: 'preflight',
  cases: [
    branch('another one', (pilot) => pilot.git('switch', '--quiet', '--create', 'feature'), [
      `${BRANCH}: the branch is feature, expected phase6-preflight or main`,
      'Check out phase6-preflight or main, or name this branch in CUTOVER_BRANCHES',
    ]),
    branch('not one of `CUTOVER_BRANCHES`', (pilot) => pilot.setVariable('CUTOVER_BRANCHES', 'release,hotfix'), [
      `${BRANCH}: the branch is phase6-preflight, expected release or hotfix`,
      'Check out release or hotfix',
    ]),
    branch('detached HEAD', (pilot) => pilot.git('switch', '--quiet', '--detach', 'HEAD'), [
      'GIT_DETACHED',
      'is not on a branch (detached HEAD). Check out the branch of the cutover',
    ]),
    commits('a subject that no commit has', 'Phase 6.1: data isolation\nPhase 6.9: unknown', [
      `${COMMITS}: "Phase 6.9: unknown" is neither a ref nor the exact subject of an ancestor of HEAD`,
      'Check the text, and that the history is there: git fetch --tags',
    ]),
    commits('the beginning of a subject', 'Phase 6.1', [
      `${COMMITS}: "Phase 6.1" is neither a ref nor the exact subject of an ancestor of HEAD`,
      'Check the text',
    ]),
    {
      ...commits('a tag that is not on the branch', 'phase-6.4', [
        'is not an ancestor of HEAD',
        'Merge it into the branch of the cutover',
      ]),
      inject: async (pilot) => {
        const { stdout } = await pilot.git('commit-tree', '-m', 'Phase 6.4', 'HEAD^{tree}', '-p', 'HEAD');
        await pilot.git('tag', 'phase-6.4', stdout.trim());
        pilot.setVariable('CUTOVER_REQUIRED_COMMITS', 'phase-6.4');
      },
    },
    noCommits('unset', undefined),
    noCommits('names nothing', ' , '),
    worktree('a modified file', (pilot) => pilot.write('CHANGES', 'edited'), ' M CHANGES'),
    worktree(
      'a staged file',
      async (pilot) => {
        await pilot.write('CHANGES', 'edited');
        await pilot.git('add', 'CHANGES');
      },
      'M  CHANGES',
    ),
    worktree('a deleted file', (pilot) => rm(join(pilot.repository, 'CHANGES')), ' D CHANGES'),
    worktree('an untracked file', (pilot) => pilot.write('notes.txt', ''), '?? notes.txt'),
    BESIDE_THE_RUNS,
    worktree(
      'an untracked file that the settings hide',
      async (pilot) => {
        await pilot.git('config', 'status.showUntrackedFiles', 'no');
        await pilot.write('notes.txt', '');
      },
      '?? notes.txt',
    ),
    policy(
      'another one, which git was told not to look at',
      (pilot) => pilot.write('cutover.policy.yaml', 'version: 1\nseparation: false\n'),
      'another one',
    ),
    policy('taken away, and git was told not to look', (pilot) => rm(join(pilot.repository, 'cutover.policy.yaml')), 'no policy'),
    damaged('.git', null, NO_REPOSITORY),
    damaged('.git/HEAD', 'garbage\n', NO_REPOSITORY),
    damaged('.git/objects', null, NO_REPOSITORY),
    damaged('.git/refs/heads/phase6-preflight', 'garbage\n', [
      'GIT_FAILED: git rev-parse --verify HEAD^{commit} in ',
      'Run it by hand, then try again',
    ]),
    damaged('.git/index', 'garbage', [`${WORKTREE}: GIT_FAILED`, 'Run it by hand, then try again'], [WORKTREE]),
    {
      what: 'repository',
      how: 'of another owner',
      inject: (pilot) => pilot.setVariable('GIT_TEST_ASSUME_DIFFERENT_OWNER', '1'),
      says: ['GIT_FAILED', 'detected dubious ownership', 'Run it by hand, then try again'],
      failedChecks: ALL,
    },
    {
      what: 'git',
      how: 'not on the PATH',
      inject: (pilot) => pilot.without('git'),
      says: ['GIT_MISSING: git cannot be run: git is not on the PATH', 'Install it, or extend the PATH'],
      failedChecks: ALL,
    },
    git('prints nothing', 'exit 0', ['GIT_FAILED', 'printed no commit but: (nothing). Run it by hand']),
    git(
      'prints nothing on `git status`',
      'case "$*" in *status*) exit 0;; esac; exec "$REAL" "$@"',
      [`${WORKTREE}: GIT_FAILED`, 'printed no branch but: (nothing). Run it by hand'],
      [WORKTREE],
    ),
    git(
      'prints nothing on `git ls-tree`',
      'case "$*" in *ls-tree*) exit 0;; esac; exec "$REAL" "$@"',
      [`${POLICY}: GIT_FAILED`, 'printed no entries of a tree but: (nothing). Run it by hand'],
      [POLICY],
    ),
    git('prints something else', 'echo warning: what', ['GIT_FAILED', 'printed no commit but: warning: what']),
    git('fails', 'echo "fatal: out of memory" >&2; exit 128', [
      '(exit code 128): fatal: out of memory',
      'Run it by hand, then try again',
    ]),
    git('is killed', 'kill -9 $$', ['GIT_FAILED', 'was ended by SIGKILL', 'Run it by hand, then try again']),
  ],
};
