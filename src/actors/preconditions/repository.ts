import type { Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import type { Git } from '../git.js';
import { failed, passed } from '../check.js';
import { orFailedCheck, type Finding } from './precondition.js';

const SHOWN_FILES = 10;

/** Runbook pre-condition 1: the branch is one of those from which a cutover is made. */
export function checkBranch(git: Git, branches: readonly string[], signal: AbortSignal): Promise<Finding<{ gitBranch: string }>> {
  const name = '1. branch';
  return orFailedCheck(name, signal, async () => {
    const gitBranch = await git.branch();
    const check = branches.includes(gitBranch)
      ? passed(name, gitBranch)
      : failed(
          name,
          `the branch is ${gitBranch}, expected ${branches.join(' or ')}`,
          `Check out ${branches.join(' or ')}, or name this branch in CUTOVER_BRANCHES.`,
        );
    return { checks: [check], facts: { gitBranch } };
  });
}

/** Runbook pre-condition 2: all commits that the cutover rests on (the pilot's: phases 6.1 to 6.3) are on the branch. Unset: fails, unless vouched for on the record. */
export function checkCommits(
  git: Git,
  { requiredCommits, commitsOk }: Pick<Settings, 'requiredCommits' | 'commitsOk'>,
  signal: AbortSignal,
): Promise<Finding<{ gitHead: string }>> {
  const name = '2. required commits';
  return orFailedCheck(name, signal, async () => {
    const gitHead = await git.head();
    if (requiredCommits.length > 0) {
      const checks: Check[] = [];
      for (const text of requiredCommits) checks.push(await checkCommit(git, text, name));
      return { checks, facts: { gitHead } };
    }
    const reason = commitsOk?.trim() ?? '';
    const check =
      reason !== ''
        ? passed(name, `not checked, by decision of the operator: ${reason}`)
        : failed(
            name,
            'nothing says which commits must be on the branch',
            'Name them (tags, hashes or exact subjects) in CUTOVER_REQUIRED_COMMITS, or say why not: --commits-ok REASON.',
          );
    return { checks: [check], facts: { gitHead } };
  });
}

async function checkCommit(git: Git, text: string, name: string): Promise<Check> {
  const found = await git.findCommit(text);
  if (found === null) {
    return failed(
      name,
      `${JSON.stringify(text)} is neither a ref nor the exact subject of an ancestor of HEAD`,
      'Check the text, and that the history is there: git fetch --tags (a shallow clone needs --unshallow).',
    );
  }
  const commit = found.commit.slice(0, 12);
  if (found.onBranch) return passed(name, `${text}: ${commit} is an ancestor of HEAD`);
  return failed(name, `${text} (${commit}) is not an ancestor of HEAD`, 'Merge it into the branch of the cutover.');
}

/** Runbook pre-condition 8: `git status --porcelain` is empty. */
export function checkCleanWorktree(git: Git, directory: string, signal: AbortSignal): Promise<Finding<null>> {
  const name = '8. clean worktree';
  return orFailedCheck(name, signal, async () => {
    const lines = (await git.status()).split('\n').filter((line) => line !== '');
    if (lines.length === 0) return { checks: [passed(name, 'git status --porcelain is empty')], facts: null };
    const files = lines.slice(0, SHOWN_FILES).join(', ');
    const more = lines.length > SHOWN_FILES ? ` and ${lines.length - SHOWN_FILES} more` : '';
    const message = `git status --porcelain in ${directory} shows ${lines.length} change${lines.length === 1 ? '' : 's'}: ${files}${more}`;
    return { checks: [failed(name, message, 'Commit, stash or ignore them.')], facts: null };
  });
}
