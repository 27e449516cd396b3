import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { POLICY_FILE, type Policy } from '../../config/policy.js';
import type { RunRequest } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import type { Git, HeadEntry, Place } from '../git.js';
import { failed, passed } from '../check.js';
import { orFailedCheck, type Finding } from './precondition.js';

const NAME = 'ENV policy';

/** A file that HEAD has, by its path from the worktree's top. */
interface Committed extends HeadEntry {
  readonly path: string;
}

/**
 * What the run froze as its policy is the nearest one that HEAD has, from the run's directory up to the worktree's top. The file alone
 * does not say so: in another directory there is none, and of a file that git was told to skip `git status` shows no change.
 */
export function checkPolicy(
  git: Git,
  { policy, policyFile }: Pick<RunRequest, 'policy' | 'policyFile'>,
  signal: AbortSignal,
): Promise<Finding<null>> {
  return orFailedCheck(NAME, signal, async () => {
    const place = await git.place();
    const committed = await nearestPolicy(git, place);
    const check =
      committed === null
        ? passed(NAME, `${withoutCommitted(policy, policyFile)}${accountsNeeded(policy)}`)
        : await compared(git, place, committed, policy);
    return { checks: [check], facts: null };
  });
}

async function nearestPolicy(git: Git, { prefix }: Place): Promise<Committed | null> {
  for (let folder = prefix; ; folder = folder.replace(/[^/]+\/$/, '')) {
    const path = `${folder}${POLICY_FILE}`;
    const entry = await git.atHead(path);
    if (entry !== null) return { ...entry, path };
    if (folder === '') return null;
  }
}

function withoutCommitted({ sha256, separation }: Policy, policyFile: string): string {
  if (sha256 === null) return 'none: separation of duties is not enforced';
  return `HEAD has none: what counts is ${policyFile}, ${separation ? 'with' : 'without'} separation of duties`;
}

async function compared(git: Git, place: Place, { path, content }: Committed, policy: Policy): Promise<Check> {
  if (content === null) return noFile(path);
  if (!isSameText(content, policy.sha256)) {
    const folder = join(place.top, dirname(path));
    const isHere = path === `${place.prefix}${POLICY_FILE}`;
    return failed(
      NAME,
      `HEAD has ${path}, and the run has ${policy.sha256 === null ? 'no policy' : 'another one'}`,
      isHere ? commitOrRestore(place, path) : `Start in ${folder}, where it is.`,
    );
  }
  const name = await signersNamed(path, content, policy);
  const said = `${path}, as HEAD has it, ${policy.separation ? 'with' : 'without'} separation of duties`;
  if (name === null) return passed(NAME, `${said}${accountsNeeded(policy)}`);
  const signers = relative(place.top, resolve(place.top, dirname(path), name));
  const isInWorktree = !isAbsolute(signers) && signers.split('/')[0] !== '..';
  const listed = isInWorktree ? await git.atHead(signers) : null;
  if (listed === null) return passed(NAME, `${said}; its allowed signers (${name}) are not in HEAD`);
  if (listed.content === null) return noFile(signers);
  if (withoutReturns(listed.content) === withoutReturns(policy.allowedSigners ?? '')) return passed(NAME, said);
  return failed(NAME, `HEAD has ${signers}, and the run has other allowed signers`, commitOrRestore(place, signers));
}

/** Without its option git does not see a file that it was told to skip, and takes its path for unknown. Source: git-checkout(1). */
function commitOrRestore({ top }: Place, path: string): string {
  return `Commit the change, or put the file back as HEAD has it (git -C ${top} checkout --ignore-skip-worktree-bits HEAD -- ${path}), then start a new run.`;
}

function noFile(path: string): Check {
  return failed(NAME, `${path} is no regular file in HEAD`, 'Commit the file itself in that place.');
}

/** Whether a file has this digest, as it is committed or with the line endings of a checkout (core.autocrlf). No filter is asked: it is a program of this clone. */
function isSameText(content: string, sha256: string | null): boolean {
  const texts = [content, content.replaceAll('\n', '\r\n')];
  return texts.some((text) => createHash('sha256').update(text).digest('hex') === sha256);
}

function withoutReturns(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** What a policy calls its file of allowed signers; null when it names none. */
async function signersNamed(path: string, content: string, { allowedSigners }: Policy): Promise<string | null> {
  if (allowedSigners === null) return null;
  // On demand: the parser and the schema take their time.
  const { parsePolicy } = await import('../../config/policy-file.js');
  let named: string | null = null;
  parsePolicy(path, Buffer.from(content), (name) => {
    named = name;
    return allowedSigners;
  });
  return named;
}

/** Nothing is wrong with it, but by default it can't be signed: said before the run, not at its pause. */
function accountsNeeded({ separation, allowedSigners }: Policy): string {
  if (!separation || allowedSigners !== null) return '';
  return '; without allowed_signers whoever signs needs an account of their own that can write database and evidence, which by default no other one can';
}
