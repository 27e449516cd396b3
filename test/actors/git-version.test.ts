import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ActorError } from '../../src/actors/actor.js';
import { gitVersion } from '../../src/actors/git-version.js';
import { unrecordedOwner } from '../../src/actors/process/run-process.js';
import { pretendCommand } from './pretended-command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-git-version-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const says = (script: string) => gitVersion(pretendCommand(folder, 'git', script));

describe('the version of git', () => {
  test('is that of the one on the PATH', async () => {
    expect(await gitVersion(unrecordedOwner(never, process.env))).toMatch(/^\d+\.\d+\.\d+/);
  });

  test.each(['2.15.0', '2.39.5', '2.45.1.windows.1', '3.0.0', '10.1'])('%s is new enough', async (version) => {
    expect(await says(`test "$*" = --version && echo 'git version ${version} (from elsewhere)'`)).toBe(version);
  });

  test.each(['2.14.9', '1.99.0'])('%s is too old', async (version) => {
    await expect(says(`echo git version ${version}`)).rejects.toMatchObject({
      code: 'GIT_TOO_OLD',
      message: `git is ${version}; 2.15 or newer is needed. Install a newer one.`,
    });
  });

  test.each([
    ['another program', 'echo hello', 'git --version ended with 0 and printed no version but: hello. Reinstall git.'],
    ['a version that is not at the beginning', 'echo "no git version 2.39.5"', 'git --version ended with 0'],
    ['one that fails', 'echo git version 2.39.5; exit 3', 'git --version ended with 3'],
    ['one that is killed', 'kill -KILL $$', 'git --version ended with a signal'],
  ])('is not told by %s', async (_what, script, message) => {
    await expect(says(script)).rejects.toMatchObject({ code: 'GIT_FAILED', message: expect.stringContaining(message) });
    await expect(says(script)).rejects.toMatchObject({ message: expect.stringMatching(/\. Reinstall git\.$/) });
  });

  test('is not told when there is no git', async () => {
    await expect(gitVersion(unrecordedOwner(never, { PATH: '/nonexistent' }))).rejects.toMatchObject({
      code: 'GIT_MISSING',
      message: expect.stringMatching(/^git cannot be run: git is not on the PATH/),
      options: { cause: { code: 'COMMAND_NOT_FOUND' } },
    });
  });

  test('one that cannot be ended is not taken for a missing one', async () => {
    const notEnded = new ActorError('COMMAND_NOT_ENDED', 'Processes 8 did not end');
    const owner = { ...unrecordedOwner(never, process.env), childStarted: () => Promise.reject(notEnded) };
    await expect(gitVersion(owner)).rejects.toBe(notEnded);
  });

  test('is not asked for when that is not wanted any more', async () => {
    const reason = new Error('stop');
    await expect(gitVersion(unrecordedOwner(AbortSignal.abort(reason), process.env))).rejects.toBe(reason);
  });
});
