import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createGit } from '../../../src/actors/git.js';
import { checkPolicy } from '../../../src/actors/preconditions/policy.js';
import { unrecordedOwner } from '../../../src/actors/process/run-process.js';
import { loadPolicy, policyPath } from '../../../src/cli/load-policy.js';
import type { Check } from '../../../src/config/step-contracts.js';
import { pretendCommand } from '../pretended-command.js';
import { createTestRepository, type TestRepository } from '../test-repository.js';

const FILE = 'cutover.policy.yaml';
const TOGETHER = 'version: 1\nseparation: false\n';
const APART = 'version: 1\nseparation: true\n';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJhaXJkIGlzIGEga2V5IG9mIGEgdGVzdCBvbmx5';
const SIGNERS = `verifier@example.com ${KEY}\n`;
const LISTED = 'version: 1\nallowed_signers: keys/allowed\n';
const NO_SECOND_ACCOUNT =
  'without allowed_signers whoever signs needs an account of their own that can write database and evidence, which by default no other one can';

let folder: string;
let repository: TestRepository;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cutover-policy-')));
  repository = createTestRepository(join(folder, 'repository'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;
const at = (...path: string[]) => join(repository.directory, ...path);

/** What the preflight finds for a run that is started in a directory of the repository, now. */
async function check(directory = '.', named: string | null = null, env: NodeJS.ProcessEnv = process.env): Promise<Check> {
  const cwd = at(directory);
  const request = { policyFile: policyPath(cwd, named), policy: await loadPolicy(cwd, named) };
  const { checks } = await checkPolicy(createGit(unrecordedOwner(signal, env), cwd), request, signal);
  expect(checks).toHaveLength(1);
  return checks[0] as Check;
}

const passed = (message: string): Check => ({ name: 'ENV policy', ok: true, message, advice: null });
const failed = (message: string, advice: string): Check => ({ name: 'ENV policy', ok: false, message, advice });
const restore = (path: string) =>
  `Commit the change, or put the file back as HEAD has it (git -C ${repository.directory} checkout --ignore-skip-worktree-bits HEAD -- ${path}), then start a new run.`;

function commit(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) repository.write(name, content);
  repository.commit('the policy');
}

/** Changes a file that is committed, out of git's sight. */
function change(name: string, content: string): void {
  repository.git('update-index', '--skip-worktree', name);
  repository.write(name, content);
  expect(repository.git('status', '--porcelain')).toBe('');
}

describe('a policy that HEAD has', () => {
  test('is what counts, for a run that is started where it is', async () => {
    commit({ [FILE]: TOGETHER });
    expect(await check()).toEqual(passed(`${FILE}, as HEAD has it, without separation of duties`));
  });

  test('is not passed by in a folder below it, however deep', async () => {
    commit({ [FILE]: TOGETHER, 'services/orders/README.md': '' });
    expect(await check('services/orders')).toEqual(
      failed(`HEAD has ${FILE}, and the run has no policy`, `Start in ${repository.directory}, where it is.`),
    );
    mkdirSync(at('ignored/folder'), { recursive: true });
    expect(await check('ignored/folder')).toMatchObject({ ok: false });
  });

  test('counts by what it says, wherever the file was read', async () => {
    commit({ [FILE]: TOGETHER, 'orders/README.md': '' });
    expect(await check('orders', '../cutover.policy.yaml')).toEqual(
      passed(`${FILE}, as HEAD has it, without separation of duties`),
    );
  });

  test('in the nearest folder is the one', async () => {
    commit({ [FILE]: APART, [`services/${FILE}`]: TOGETHER, 'services/orders/README.md': '' });
    expect(await check('services')).toEqual(passed(`services/${FILE}, as HEAD has it, without separation of duties`));
    expect(await check('services/orders')).toEqual(
      failed(`HEAD has services/${FILE}, and the run has no policy`, `Start in ${at('services')}, where it is.`),
    );
    expect(await check('services/orders', `../../${FILE}`)).toEqual(
      failed(`HEAD has services/${FILE}, and the run has another one`, `Start in ${at('services')}, where it is.`),
    );
  });

  test.each([
    ['changed', () => change(FILE, TOGETHER), 'another one'],
    [
      'assumed to be unchanged',
      () => {
        repository.git('update-index', '--assume-unchanged', FILE);
        repository.write(FILE, TOGETHER);
      },
      'another one',
    ],
    [
      'taken away',
      () => {
        change(FILE, TOGETHER);
        rmSync(at(FILE));
      },
      'no policy',
    ],
  ])('may not be %s, out of the sight of git status; what is advised mends it', async (_how, hide, what) => {
    commit({ [FILE]: APART });
    hide();
    expect(await check()).toEqual(failed(`HEAD has ${FILE}, and the run has ${what}`, restore(FILE)));
    repository.git('-C', repository.directory, 'checkout', '--ignore-skip-worktree-bits', 'HEAD', '--', FILE);
    expect(await check()).toMatchObject({ ok: true });
  });

  test('may not be replaced in this clone', async () => {
    commit({ [FILE]: APART });
    writeFileSync(join(folder, 'weak'), TOGETHER);
    const weak = repository.git('hash-object', '-w', join(folder, 'weak'));
    repository.git('replace', repository.git('rev-parse', `HEAD:${FILE}`), weak);
    change(FILE, TOGETHER);
    expect(await check()).toMatchObject({ ok: false, message: `HEAD has ${FILE}, and the run has another one` });
  });

  test('may not be filtered in this clone', async () => {
    commit({ [FILE]: APART });
    writeFileSync(at('.git/info/attributes'), `${FILE} filter=weak\n`);
    repository.git('config', 'filter.weak.clean', `printf '${APART.replaceAll('\n', '\\n')}'`);
    repository.git('config', 'filter.weak.smudge', `printf '${TOGETHER.replaceAll('\n', '\\n')}'`);
    repository.write(FILE, TOGETHER);
    repository.git('add', FILE);
    expect(repository.git('status', '--porcelain')).toBe('');
    expect(await check()).toMatchObject({ ok: false, message: `HEAD has ${FILE}, and the run has another one` });
  });

  test('is the same with the line endings of a checkout', async () => {
    repository.git('config', 'core.autocrlf', 'true');
    commit({ [FILE]: APART.replaceAll('\n', '\r\n'), '.gitattributes': '* text=auto\n' });
    expect(repository.git('cat-file', 'blob', `HEAD:${FILE}`)).toBe(APART.trim());
    expect(await check()).toMatchObject({ ok: true });
  });

  test('must be a file', async () => {
    repository.write('site.yaml', TOGETHER);
    symlinkSync('site.yaml', at(FILE));
    repository.commit('a link');
    expect(await check()).toEqual(failed(`${FILE} is no regular file in HEAD`, 'Commit the file itself in that place.'));
  });

  test('that keeps roles apart without keys says what it takes to sign', async () => {
    commit({ [FILE]: APART });
    expect(await check()).toEqual(passed(`${FILE}, as HEAD has it, with separation of duties; ${NO_SECOND_ACCOUNT}`));
  });
});

describe('the allowed signers of a policy that HEAD has', () => {
  test('are those that HEAD has', async () => {
    commit({ [FILE]: LISTED, 'keys/allowed': SIGNERS });
    expect(await check()).toEqual(passed(`${FILE}, as HEAD has it, with separation of duties`));
  });

  test('may not be changed out of the sight of git status', async () => {
    commit({ [FILE]: LISTED, 'keys/allowed': SIGNERS });
    change('keys/allowed', `${SIGNERS}operator@example.com ${KEY}\n`);
    expect(await check()).toEqual(
      failed('HEAD has keys/allowed, and the run has other allowed signers', restore('keys/allowed')),
    );
  });

  test('are the same with the line endings of a checkout', async () => {
    repository.git('config', 'core.autocrlf', 'true');
    commit({ [FILE]: LISTED, 'keys/allowed': SIGNERS.replaceAll('\n', '\r\n'), '.gitattributes': '* text=auto\n' });
    expect(await check()).toMatchObject({ ok: true });
  });

  test('must be a file', async () => {
    repository.write('list', SIGNERS);
    mkdirSync(at('keys'));
    symlinkSync('../list', at('keys/allowed'));
    commit({ [FILE]: LISTED });
    expect(await check()).toMatchObject({ ok: false, message: 'keys/allowed is no regular file in HEAD' });
  });

  test.each(['../allowed', 'generated'])('may be kept elsewhere, which is said: %s', async (name) => {
    writeFileSync(at('.git/info/exclude'), 'generated\n');
    writeFileSync(at(name), SIGNERS);
    commit({ [FILE]: LISTED.replace('keys/allowed', name) });
    expect(await check()).toEqual(
      passed(`${FILE}, as HEAD has it, with separation of duties; its allowed signers (${name}) are not in HEAD`),
    );
  });
});

describe('where HEAD has no policy', () => {
  test('none is in force, and that is said', async () => {
    expect(await check()).toEqual(passed('none: separation of duties is not enforced'));
  });

  test('the one that was named is in force', async () => {
    writeFileSync(join(folder, 'site.yaml'), APART);
    const message = `HEAD has none: what counts is ${join(folder, 'site.yaml')}, with separation of duties; ${NO_SECOND_ACCOUNT}`;
    expect(await check('.', '../site.yaml')).toEqual(passed(message));
  });
});

describe('git that does not tell what HEAD has', () => {
  test.each([
    ['fails', 'exit 128', 'GIT_FAILED: git --no-replace-objects ls-tree'],
    ['prints nothing', 'exit 0', 'printed no entries of a tree but: (nothing). Run it by hand'],
    ['prints something else', "printf 'warning: what\\0'", 'printed no entries of a tree but: warning: what'],
  ])('%s: no policy is proven', async (_how, script, says) => {
    const real = process.env['PATH'];
    const { env } = pretendCommand(folder, 'git', `case "$*" in *ls-tree*) ${script};; *) PATH='${real}' exec git "$@";; esac`);
    expect(await check('.', null, env)).toMatchObject({ ok: false, message: expect.stringContaining(says) });
  });

  test('nor is one in what is no worktree', async () => {
    expect(await check('.git')).toMatchObject({ ok: false, message: expect.stringContaining('GIT_NOT_A_REPOSITORY') });
  });
});
