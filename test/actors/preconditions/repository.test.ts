import { describe, expect, test } from '@jest/globals';
import { ActorError } from '../../../src/actors/actor.js';
import type { Git } from '../../../src/actors/git.js';
import { checkBranch, checkCleanWorktree, checkCommits } from '../../../src/actors/preconditions/repository.js';

const signal = new AbortController().signal;
const HEAD = '0123456789abcdef0123456789abcdef01234567';

/** A repository that is as it should be: `v1` is a commit on the branch, `side` one elsewhere. */
function repository(changes: Partial<Git> = {}): Git {
  return {
    status: () => Promise.resolve(''),
    head: () => Promise.resolve(HEAD),
    branch: () => Promise.resolve('main'),
    findCommit: (text) =>
      Promise.resolve(text === 'absent' ? null : { commit: `${text}-commit-0123456789`, onBranch: text !== 'side' }),
    place: () => Promise.resolve({ top: '/repository', prefix: '' }),
    atHead: () => Promise.resolve(null),
    ...changes,
  };
}
const broken = () => Promise.reject(new ActorError('GIT_FAILED', 'git failed.'));
const brokenCheck = (name: string) => ({
  checks: [{ name, ok: false, message: 'GIT_FAILED: git failed.', advice: 'Mend this, then start again.' }],
  facts: null,
});

describe('1. the branch', () => {
  test('is one of those from which a cutover is made', async () => {
    expect(await checkBranch(repository(), ['phase6-preflight', 'main'], signal)).toEqual({
      checks: [{ name: '1. branch', ok: true, message: 'main', advice: null }],
      facts: { gitBranch: 'main' },
    });
  });

  test('is no other', async () => {
    const git = repository({ branch: () => Promise.resolve('feature') });
    expect(await checkBranch(git, ['phase6-preflight', 'main'], signal)).toEqual({
      checks: [
        {
          name: '1. branch',
          ok: false,
          message: 'the branch is feature, expected phase6-preflight or main',
          advice: 'Check out phase6-preflight or main, or name this branch in CUTOVER_BRANCHES.',
        },
      ],
      facts: { gitBranch: 'feature' },
    });
  });

  test('is not proven by a git that fails', async () => {
    expect(await checkBranch(repository({ branch: broken }), ['main'], signal)).toEqual(brokenCheck('1. branch'));
  });
});

describe('2. the required commits', () => {
  const check = (requiredCommits: readonly string[], commitsOk: string | null = null, git = repository()) =>
    checkCommits(git, { requiredCommits, commitsOk }, signal);
  const NAME = '2. required commits';

  test('are each found on the branch, or not', async () => {
    expect(await check(['v1', 'absent', 'side'], 'not asked for')).toEqual({
      checks: [
        { name: NAME, ok: true, message: 'v1: v1-commit-01 is an ancestor of HEAD', advice: null },
        {
          name: NAME,
          ok: false,
          message: '"absent" is neither a ref nor the exact subject of an ancestor of HEAD',
          advice: 'Check the text, and that the history is there: git fetch --tags (a shallow clone needs --unshallow).',
        },
        {
          name: NAME,
          ok: false,
          message: 'side (side-commit-) is not an ancestor of HEAD',
          advice: 'Merge it into the branch of the cutover.',
        },
      ],
      facts: { gitHead: HEAD },
    });
  });

  test.each([null, '', ' '])('are not proven when none is named and the reason is %j', async (commitsOk) => {
    expect(await check([], commitsOk)).toEqual({
      checks: [
        {
          name: NAME,
          ok: false,
          message: 'nothing says which commits must be on the branch',
          advice: 'Name them (tags, hashes or exact subjects) in CUTOVER_REQUIRED_COMMITS, or say why not: --commits-ok REASON.',
        },
      ],
      facts: { gitHead: HEAD },
    });
  });

  test('are left out when the operator says why', async () => {
    expect(await check([], ' no phase tags ')).toEqual({
      checks: [{ name: NAME, ok: true, message: 'not checked, by decision of the operator: no phase tags', advice: null }],
      facts: { gitHead: HEAD },
    });
  });

  test('are not proven by a git that fails', async () => {
    expect(await check(['v1'], null, repository({ head: broken }))).toEqual(brokenCheck(NAME));
    expect(await check(['v1'], null, repository({ findCommit: broken }))).toEqual(brokenCheck(NAME));
  });
});

describe('8. the worktree', () => {
  const check = (status: string) =>
    checkCleanWorktree(repository({ status: () => Promise.resolve(status) }), '/repository', signal);
  const NAME = '8. clean worktree';
  const dirty = (message: string) => ({
    checks: [{ name: NAME, ok: false, message, advice: 'Commit, stash or ignore them.' }],
    facts: null,
  });

  test('is clean when git has nothing to say', async () => {
    expect(await check('')).toEqual({
      checks: [{ name: NAME, ok: true, message: 'git status --porcelain is empty', advice: null }],
      facts: null,
    });
  });

  test('is not clean with a change, or with many, of which ten are shown', async () => {
    expect(await check('?? new\n')).toEqual(dirty('git status --porcelain in /repository shows 1 change: ?? new'));
    const files = Array.from({ length: 12 }, (_, index) => `?? ${index + 1}`);
    const shown = files.slice(0, 10).join(', ');
    const ten = `${files.slice(0, 10).join('\n')}\n`;
    expect(await check(ten)).toEqual(dirty(`git status --porcelain in /repository shows 10 changes: ${shown}`));
    expect(await check(`${files.join('\n')}\n`)).toEqual(
      dirty(`git status --porcelain in /repository shows 12 changes: ${shown} and 2 more`),
    );
  });

  test('is not proven to be clean by a git that fails', async () => {
    expect(await checkCleanWorktree(repository({ status: broken }), '/repository', signal)).toEqual(brokenCheck(NAME));
  });
});
