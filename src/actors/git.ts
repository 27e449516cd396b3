import { ActorError } from './actor.js';
import { couldNotBegin } from './process/find-command.js';
import { quoteOutput } from './process/quote-output.js';
import { runProcess, type ProcessOwner, type ProcessResult } from './process/run-process.js';

/** Reads of a repository. Errors: GIT_MISSING, GIT_NOT_A_REPOSITORY, GIT_FAILED. */
export interface Git {
  /** `git status --porcelain`, whatever the user's settings hide; empty when the worktree is clean. */
  status(): Promise<string>;
  /** The full hash of HEAD. */
  head(): Promise<string>;
  /** The branch's name. Errors: GIT_DETACHED. */
  branch(): Promise<string>;
  /** The commit that a ref (or hash) names, or else the newest ancestor of HEAD with exactly this subject; null if neither. */
  findCommit(text: string): Promise<FoundCommit | null>;
  /** Where the directory is in its worktree. */
  place(): Promise<Place>;
  /** What HEAD has at a path from the worktree's top, whatever the worktree shows in its stead; null when there is nothing. */
  atHead(path: string): Promise<HeadEntry | null>;
}

export interface FoundCommit {
  /** Its full hash. */
  readonly commit: string;
  /** Whether it is an ancestor of HEAD, or HEAD itself. */
  readonly onBranch: boolean;
}

export interface Place {
  /** The worktree's top, absolute. */
  readonly top: string;
  /** The directory from there: empty, or with a slash at its end. */
  readonly prefix: string;
}

export interface HeadEntry {
  /** As it is committed, before line endings or filters change it; null for what is no regular file: a link, a folder, a submodule. */
  readonly content: string | null;
}

const TIMEOUT_MS = 60_000;

/** The real git in `directory`: the variables by which one points git at another repository are not passed on. */
export function createGit(owner: ProcessOwner, directory: string): Git {
  const here: ProcessOwner = {
    signal: owner.signal,
    env: { ...withoutRepository(owner.env), GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    childStarted: (child) => owner.childStarted(child),
    childEnded: (child) => owner.childEnded(child),
  };

  async function git(args: readonly string[], accepted: readonly number[] = [0]): Promise<ProcessResult> {
    const result = await run(here, directory, args);
    if (result.exitCode === null || !accepted.includes(result.exitCode)) throw failure(args, directory, result, owner.env);
    return result;
  }
  function hashIn(args: readonly string[], { stdout }: ProcessResult): string {
    const text = stdout.trim();
    if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text)) throw unexpected(args, 'no commit', stdout);
    return text;
  }
  /** Null when it leads to no commit. */
  async function commitNamed(name: string): Promise<string | null> {
    // rev-parse takes a leading dash for an option; neither a ref nor a hash begins with one.
    if (name.startsWith('-')) return null;
    const args = ['rev-parse', '--verify', '--quiet', `${name}^{commit}`];
    const result = await git(args, [0, 1, 128]);
    return result.exitCode === 0 ? hashIn(args, result) : null;
  }
  function unexpected(args: readonly string[], what: string, stdout: string): ActorError {
    const said = quoteOutput(stdout, owner.env);
    return new ActorError('GIT_FAILED', `git ${args.join(' ')} in ${directory} printed ${what} but: ${said}. Run it by hand.`);
  }
  /** The entries of a tree that is not empty, by their names. */
  async function entriesOf(tree: string): Promise<ReadonlyMap<string, TreeEntry>> {
    const args = [...AS_COMMITTED, 'ls-tree', '-z', '--full-tree', tree];
    const { stdout } = await git(args);
    const entries = stdout.split('\0').slice(0, -1).map(treeEntry);
    // Git keeps no empty folder: without an entry nothing was looked at, and an empty answer does not say that there is no file.
    if (entries.length === 0 || entries.includes(null)) throw unexpected(args, 'no entries of a tree', stdout);
    return new Map(entries.flatMap((entry) => (entry === null ? [] : [[entry.name, entry]])));
  }
  const isOnBranch = async (commit: string) =>
    (await git(['merge-base', '--is-ancestor', commit, 'HEAD'], [0, 1])).exitCode === 0;

  return {
    async status() {
      // --untracked-files and --ignore-submodules: a user's setting must not make a worktree look clean.
      const args = ['status', '--porcelain', '--branch', '--untracked-files=normal', '--ignore-submodules=none'];
      const { stdout } = await git(args);
      // The line of the branch always comes: without it nothing was looked at, and an empty answer is not a clean worktree.
      if (!/^## .*\n/.test(stdout)) throw unexpected(args, 'no branch', stdout);
      return stdout.slice(stdout.indexOf('\n') + 1);
    },
    async head() {
      const args = ['rev-parse', '--verify', 'HEAD^{commit}'];
      return hashIn(args, await git(args));
    },
    async branch() {
      const args = ['symbolic-ref', '--quiet', '--short', 'HEAD'];
      const { stdout, exitCode } = await git(args, [0, 1]);
      if (exitCode === 0 && stdout.trim() === '') throw unexpected(args, 'no branch', stdout);
      if (exitCode === 0) return stdout.trim();
      throw new ActorError(
        'GIT_DETACHED',
        `${directory} is not on a branch (detached HEAD). Check out the branch of the cutover.`,
      );
    },
    async findCommit(text) {
      const named = await commitNamed(text);
      if (named !== null && (await isOnBranch(named))) return { commit: named, onBranch: true };
      // The log begins at HEAD: all that it lists are ancestors.
      const { stdout } = await git(['log', '--no-show-signature', '--fixed-strings', `--grep=${text}`, '--format=%H %s', 'HEAD']);
      const line = stdout.split('\n').find((candidate) => candidate.slice(candidate.indexOf(' ') + 1) === text);
      if (line !== undefined) return { commit: line.slice(0, line.indexOf(' ')), onBranch: true };
      return named === null ? null : { commit: named, onBranch: false };
    },
    async place() {
      const args = ['rev-parse', '--show-toplevel', '--show-prefix'];
      const { stdout } = await git(args);
      const [, top, prefix] = /^(\/.*)\n(.*)\n$/.exec(stdout) ?? [];
      if (top === undefined || prefix === undefined) throw unexpected(args, 'no worktree', stdout);
      return { top, prefix };
    },
    async atHead(path) {
      const folders = path.split('/');
      const name = folders.pop() ?? '';
      let tree = 'HEAD^{tree}';
      for (const folder of folders) {
        const entry = (await entriesOf(tree)).get(folder);
        if (entry?.type !== 'tree') return null;
        tree = entry.hash;
      }
      const entry = (await entriesOf(tree)).get(name);
      if (entry === undefined) return null;
      if (entry.type !== 'blob' || entry.isLink) return { content: null };
      return { content: (await git([...AS_COMMITTED, 'cat-file', 'blob', entry.hash])).stdout };
    },
  };
}

/** A replacement (git-replace(1)) is of this clone alone. */
const AS_COMMITTED = ['--no-replace-objects'];

interface TreeEntry {
  readonly name: string;
  readonly type: string;
  readonly hash: string;
  readonly isLink: boolean;
}

/** `<mode> <type> <hash>\t<name>`. Source: git-ls-tree(1). */
function treeEntry(line: string): TreeEntry | null {
  const [, mode, type, hash, name] = /^(\d{6}) (blob|tree|commit) ([0-9a-f]{40,64})\t([^]+)$/.exec(line) ?? [];
  if (type === undefined || hash === undefined || name === undefined) return null;
  return { name, type, hash, isLink: mode === '120000' };
}

async function run(owner: ProcessOwner, directory: string, args: readonly string[]): Promise<ProcessResult> {
  try {
    // A file system monitor is a program of the repository's choice; it is not needed to read.
    return await runProcess(owner, 'git', ['-c', 'core.fsmonitor=false', ...args], { cwd: directory, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (couldNotBegin(error)) throw new ActorError('GIT_MISSING', `git cannot be run: ${error.message}`, { cause: error });
    if (error instanceof ActorError && error.code === 'COMMAND_NOT_STARTED') throw notARepository(directory, error.message);
    throw error;
  }
}

function failure(args: readonly string[], directory: string, result: ProcessResult, env: NodeJS.ProcessEnv): ActorError {
  const said = quoteOutput(result.stderr, env);
  if (/not a git repository|must be run in a work tree/i.test(result.stderr)) return notARepository(directory, said);
  const ended = result.exitCode === null ? `was ended by ${result.signal}` : `failed (exit code ${result.exitCode})`;
  const how = result.timedOut ? `timed out after ${result.durationMs} ms` : ended;
  return new ActorError('GIT_FAILED', `git ${args.join(' ')} in ${directory} ${how}: ${said}. Run it by hand, then try again.`, {
    details: { args, directory, exitCode: result.exitCode, stderr: said },
  });
}

function notARepository(directory: string, said: string): ActorError {
  return new ActorError(
    'GIT_NOT_A_REPOSITORY',
    `${directory} is not the work tree of a git repository (${said}). Run this in the repository's directory.`,
  );
}

/** Source: `git rev-parse --local-env-vars`, and the variables that change what is found or how it is matched. */
const REPOSITORY_VARIABLES = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CEILING_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_PARAMETERS',
  'GIT_DIR',
  'GIT_GLOB_PATHSPECS',
  'GIT_GRAFT_FILE',
  'GIT_ICASE_PATHSPECS',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_LITERAL_PATHSPECS',
  'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);

function withoutRepository(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !REPOSITORY_VARIABLES.has(name)));
}
