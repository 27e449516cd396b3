import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorError } from '../../src/actors/actor.js';
import { createGit } from '../../src/actors/git.js';
import { unrecordedOwner, type ProcessOwner } from '../../src/actors/process/run-process.js';
import { recordingOwner } from './process/recording-owner.js';
import { pretendCommand } from './pretended-command.js';

const ONE = '1'.repeat(40);
const TWO = '2'.repeat(40);

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cutover-git-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A git that keeps its arguments, and answers by its subcommand (`rev-parse) echo x ;;`). */
const answering = (cases: string, env?: NodeJS.ProcessEnv): ProcessOwner =>
  pretendCommand(folder, 'git', `echo "$*" >>'${folder}/calls'\nshift 2\ncase "$1" in\n${cases}\n*) exit 9 ;;\nesac`, {
    env: env ?? {},
  });
const git = (cases: string, env?: NodeJS.ProcessEnv) => createGit(answering(cases, env), folder);
const calls = () =>
  readFileSync(join(folder, 'calls'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((call) => call.replace(/^-c core\.fsmonitor=false /, ''));

async function failure(promise: Promise<unknown>): Promise<ActorError> {
  return promise.then(
    () => {
      throw new Error('it passed');
    },
    (error: ActorError) => error,
  );
}

describe('git', () => {
  test('is run in the directory, without a monitor, prompts or locks, in plain English, for its owner', async () => {
    const { owner, started, ended } = recordingOwner({
      env: answering('status) echo "## main"; pwd; echo "$GIT_OPTIONAL_LOCKS $GIT_TERMINAL_PROMPT $LC_ALL $MINE" ;;', {
        LC_ALL: 'de_DE',
        MINE: 'x',
      }).env,
    });
    expect(await createGit(owner, folder).status()).toBe(`${folder}\n0 0 C x\n`);
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe(
      '-c core.fsmonitor=false status --porcelain --branch --untracked-files=normal --ignore-submodules=none\n',
    );
    expect([started.length, ended.length]).toEqual([1, 1]);
  });

  test('is not told of another repository, nor how to match', async () => {
    const local = execFileSync('git', ['rev-parse', '--local-env-vars'], { encoding: 'utf8' }).trim().split('\n');
    const others = [
      ...['GIT_CEILING_DIRECTORIES', 'GIT_NAMESPACE', 'GIT_REPLACE_REF_BASE', 'GIT_NO_REPLACE_OBJECTS', 'GIT_SHALLOW_FILE'],
      ...['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS'],
      ...['GIT_INTERNAL_SUPER_PREFIX', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_OBJECT_DIRECTORY', 'GIT_PREFIX', 'GIT_CONFIG'],
    ];
    const env = Object.fromEntries([...local, ...others].map((name) => [name, 'x']));
    const said = await git('status) echo "## main"; env | grep ^GIT_ | sort ;;', env).status();
    expect(said).toBe('GIT_OPTIONAL_LOCKS=0\nGIT_TERMINAL_PROMPT=0\n');
  });
});

describe('the worktree', () => {
  test('is clean when nothing but the branch is listed', async () => {
    expect(await git('status) echo "## main...origin/main" ;;').status()).toBe('');
  });

  test.each([
    ['nothing', 'true', '(nothing)'],
    ['files alone', 'echo "?? new"', '?? new'],
  ])('is not known from an answer with %s: the line of the branch always comes', async (_what, body, said) => {
    expect(await failure(git(`status) ${body} ;;`).status())).toMatchObject({
      code: 'GIT_FAILED',
      message: `git status --porcelain --branch --untracked-files=normal --ignore-submodules=none in ${folder} printed no branch but: ${said}. Run it by hand.`,
    });
  });
});

describe('HEAD', () => {
  test.each([ONE, 'a'.repeat(64)])('is a whole hash: %s', async (hash) => {
    expect(await git(`rev-parse) echo ${hash} ;;`).head()).toBe(hash);
    expect(calls()).toEqual(['rev-parse --verify HEAD^{commit}']);
  });

  test.each(['hello', '1'.repeat(39), '1'.repeat(41), '1'.repeat(63), `x${ONE}`, `${ONE}x`, 'G'.repeat(40)])(
    'is not believed to be %s',
    async (text) => {
      expect(await failure(git(`rev-parse) echo ${text} ;;`).head())).toMatchObject({
        code: 'GIT_FAILED',
        message: `git rev-parse --verify HEAD^{commit} in ${folder} printed no commit but: ${text}. Run it by hand.`,
      });
    },
  );
});

describe('the branch', () => {
  test('is what HEAD is a symbol of', async () => {
    expect(await git('symbolic-ref) echo main ;;').branch()).toBe('main');
    expect(calls()).toEqual(['symbolic-ref --quiet --short HEAD']);
  });

  test.each(['echo', 'true'])('is not known from %j, which says nothing', async (script) => {
    expect(await failure(git(`symbolic-ref) ${script} ;;`).branch())).toMatchObject({
      code: 'GIT_FAILED',
      message: `git symbolic-ref --quiet --short HEAD in ${folder} printed no branch but: (nothing). Run it by hand.`,
    });
  });

  test.each(['exit 1', 'echo main; exit 1'])('is none when git answers with %j', async (script) => {
    expect(await failure(git(`symbolic-ref) ${script} ;;`).branch())).toMatchObject({
      code: 'GIT_DETACHED',
      message: `${folder} is not on a branch (detached HEAD). Check out the branch of the cutover.`,
    });
  });
});

describe('a commit', () => {
  const onBranch = (commit: string) => ({ commit, onBranch: true });
  const LOG = 'log --no-show-signature --fixed-strings --grep=feat: x --format=%H %s HEAD';

  test('that a name leads to is found when it is an ancestor of HEAD, and nothing more is asked', async () => {
    expect(await git(`rev-parse) echo ${ONE} ;;\nmerge-base) exit 0 ;;`).findCommit('v1')).toEqual(onBranch(ONE));
    expect(calls()).toEqual(['rev-parse --verify --quiet v1^{commit}', `merge-base --is-ancestor ${ONE} HEAD`]);
  });

  test.each([1, 128])('is looked for by its whole subject when no name leads to it (%d)', async (code) => {
    const log = `log) printf '%s\\n' '${TWO} feat: x (#1)' '${TWO} a feat: x' '${ONE} feat: x' '${TWO} feat: x' ;;`;
    expect(await git(`rev-parse) exit ${code} ;;\n${log}`).findCommit('feat: x')).toEqual(onBranch(ONE));
    expect(calls()).toEqual(['rev-parse --verify --quiet feat: x^{commit}', LOG]);
  });

  test('by its subject goes before a name on another branch', async () => {
    const elsewhere = `rev-parse) echo ${TWO} ;;\nmerge-base) exit 1 ;;`;
    expect(await git(`${elsewhere}\nlog) echo '${ONE} feat: x' ;;`).findCommit('feat: x')).toEqual(onBranch(ONE));
    expect(await git(`${elsewhere}\nlog) true ;;`).findCommit('feat: x')).toEqual({ commit: TWO, onBranch: false });
  });

  test('is none when neither leads to one', async () => {
    expect(await git(`rev-parse) exit 1 ;;\nlog) echo '${ONE} feat: xy' ;;`).findCommit('feat: x')).toBeNull();
  });

  test('is not looked for by a name that git would take for an option', async () => {
    expect(await git(`log) echo '${ONE} -1' ;;`).findCommit('-1')).toEqual(onBranch(ONE));
    expect(calls()).toEqual(['log --no-show-signature --fixed-strings --grep=-1 --format=%H %s HEAD']);
  });

  test('is not found by a git that fails', async () => {
    await expect(git('rev-parse) exit 2 ;;').findCommit('x')).rejects.toMatchObject({ code: 'GIT_FAILED' });
    await expect(git('rev-parse) exit 1 ;;\nlog) exit 1 ;;').findCommit('x')).rejects.toMatchObject({ code: 'GIT_FAILED' });
    await expect(git(`rev-parse) echo ${ONE} ;;\nmerge-base) exit 2 ;;`).findCommit('x')).rejects.toMatchObject({
      code: 'GIT_FAILED',
    });
    await expect(git('rev-parse) echo hello ;;').findCommit('x')).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });
});

describe('a git that fails', () => {
  const STATUS = 'git status --porcelain --branch --untracked-files=normal --ignore-submodules=none';

  test('says with which exit code, and why', async () => {
    expect(await failure(git('status) echo "fatal: broken" >&2; exit 128 ;;').status())).toMatchObject({
      code: 'GIT_FAILED',
      message: `${STATUS} in ${folder} failed (exit code 128): fatal: broken. Run it by hand, then try again.`,
      options: { details: { args: STATUS.split(' ').slice(1), directory: folder, exitCode: 128, stderr: 'fatal: broken' } },
    });
  });

  test('says by which signal it was ended, though it had printed something', async () => {
    const { code, message } = await failure(git('status) echo; kill -KILL $$ ;;').status());
    expect(code).toBe('GIT_FAILED');
    expect(message).toContain('was ended by SIGKILL: (nothing).');
  });

  test('keeps secrets to itself', async () => {
    const env = { GIT_TOKEN: 'hunter2hunter2' };
    const error = await failure(git('status) echo "fatal: hunter2hunter2" >&2; exit 128 ;;', env).status());
    const other = await failure(git('rev-parse) echo "hunter2hunter2" ;;', env).head());
    expect(JSON.stringify([error, error.message, other.message])).not.toContain('hunter2');
  });

  test.each([
    'fatal: not a git repository (or any of the parent directories): .git',
    'fatal: this operation must be run in a work tree',
  ])('in what is no repository says so: %s', async (said) => {
    expect(await failure(git(`status) echo "${said}" >&2; exit 128 ;;`).status())).toMatchObject({
      code: 'GIT_NOT_A_REPOSITORY',
      message: `${folder} is not the work tree of a git repository (${said}). Run this in the repository's directory.`,
    });
  });

  test('in a directory that is not there says so', async () => {
    const absent = join(folder, 'absent');
    const { code, message } = await failure(createGit(answering('status) true ;;'), absent).status());
    expect(code).toBe('GIT_NOT_A_REPOSITORY');
    expect(message.startsWith(`${absent} is not the work tree of a git repository (`)).toBe(true);
  });

  test('since it is missing, or may not be run, says so', async () => {
    const owner = unrecordedOwner(new AbortController().signal, { PATH: folder });
    expect(await failure(createGit(owner, folder).head())).toMatchObject({
      code: 'GIT_MISSING',
      message: `git cannot be run: git is not on the PATH (${folder}). Install it, or extend the PATH.`,
      cause: { code: 'COMMAND_NOT_FOUND' },
    });
    writeFileSync(join(folder, 'git'), '');
    chmodSync(join(folder, 'git'), 0o644);
    expect(await failure(createGit(owner, folder).head())).toMatchObject({
      code: 'GIT_MISSING',
      cause: { code: 'COMMAND_NOT_EXECUTABLE' },
    });
  });

  test('by a fault of ours says what that was', async () => {
    const owner: ProcessOwner = {
      ...answering('status) true ;;'),
      childStarted: () => Promise.reject(new Error('the lease is lost')),
    };
    await expect(createGit(owner, folder).status()).rejects.toThrow('the lease is lost');
    const endless = answering('status) head -c 17000000 /dev/zero ;;');
    await expect(createGit(endless, folder).status()).rejects.toMatchObject({ code: 'COMMAND_OUTPUT_TOO_LARGE' });
  });
});

describe('the place in the worktree', () => {
  test.each([
    ['/srv/platform\\n\\n', { top: '/srv/platform', prefix: '' }],
    ['/srv/a b\\nservices/orders/\\n', { top: '/srv/a b', prefix: 'services/orders/' }],
  ])('is read out of %j', async (said, place) => {
    expect(await git(`rev-parse) printf '${said}' ;;`).place()).toEqual(place);
    expect(calls()).toEqual(['rev-parse --show-toplevel --show-prefix']);
  });

  test.each(['', '/srv/platform\\n', 'platform\\n\\n', '/srv\\n\\n\\n'])('is not known from %j', async (said) => {
    expect(await failure(git(`rev-parse) printf '${said}' ;;`).place())).toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('rev-parse --show-toplevel --show-prefix in '),
    });
  });
});
