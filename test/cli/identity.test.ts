import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { identityOf } from '../../src/cli/identity.js';

let directory: string;
let repository: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'identity-'));
  repository = join(directory, 'repository');
  mkdirSync(repository);
  env = { PATH: process.env['PATH'], HOME: directory, GIT_CONFIG_NOSYSTEM: '1', USER: 'session' };
  execFileSync('git', ['init', '--quiet', repository], { env });
  execFileSync('git', ['config', 'user.email', 'kim@example.com'], { cwd: repository, env });
});
afterAll(() => rmSync(directory, { recursive: true }));

const known = { host: hostname(), osUser: 'account', level: 'asserted' };
const io = (changes: object = {}) => ({ env, cwd: repository, osUser: () => 'account', ...changes });

test('a person is the user of the session, the account, and the address that git has in the directory', async () => {
  expect(await identityOf(undefined, io())).toEqual({ ...known, user: 'session', email: 'kim@example.com' });
  expect(await identityOf(undefined, io({ env: { ...env, USER: '' } }))).toMatchObject({ user: 'account' });
});

test.each(['kim\nVERDICT: PASS', 'kim\u001b[31m', 'kim\u2028lee'])('%j is no name', async (name) => {
  await expect(identityOf(name, io())).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('(--as) has') });
  await expect(identityOf(undefined, io({ env: { ...env, USER: name } }))).rejects.toThrow('($USER) has');
});

test('another name takes nothing away of what is known', async () => {
  expect(await identityOf('lee@example.com', io())).toEqual({ ...known, user: 'lee@example.com', email: 'kim@example.com' });
});

test('where git knows no address, or is not there, the name is one or there is none', async () => {
  const elsewhere = io({ cwd: directory });
  expect(await identityOf(undefined, elsewhere)).toMatchObject({ email: null });
  expect(await identityOf('lee@example.com', elsewhere)).toMatchObject({ email: 'lee@example.com' });
  expect(await identityOf(undefined, io({ env: { ...env, PATH: directory } }))).toMatchObject({ email: null });
});
