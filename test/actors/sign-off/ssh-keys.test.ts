import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { unrecordedOwner } from '../../../src/actors/process/run-process.js';
import { signStatement } from '../../../src/actors/sign-off/sign-statement.js';
import { verifyStatement } from '../../../src/actors/sign-off/verify-statement.js';
import { SignOffKey } from '../../sign-off-key.js';

const STATEMENT = '{"version":1}\n';
const key = new SignOffKey();
afterAll(() => key.dispose());

const owner = (env: NodeJS.ProcessEnv = process.env) => unrecordedOwner(new AbortController().signal, env);
const signed = (changes: object) => ({
  statement: STATEMENT,
  armored: key.sign(STATEMENT),
  allowedSigners: key.allowed,
  principal: key.principal,
  at: '2026-02-21T12:00:01.000Z',
  ...changes,
});

test('a key counts at the time of the sign-off: one that has expired since still does, one that had expired then does not', async () => {
  const allowedSigners = key.allowed.replace('namespaces=', 'valid-before="20260301",namespaces=');
  expect(await verifyStatement(signed({ allowedSigners }), owner())).toEqual({ fingerprint: key.fingerprint });
  expect(await verifyStatement(signed({ allowedSigners, at: '2026-03-01T00:00:01Z' }), owner())).toMatchObject({
    fault: expect.stringContaining('key has expired'),
  });
});

test('a principal may be a pattern of the allowed signers', async () => {
  const allowedSigners = key.allowed.replace(key.principal, '*@example.com,!robot@example.com');
  expect(await verifyStatement(signed({ allowedSigners }), owner())).toEqual({ fingerprint: key.fingerprint });
  expect(await verifyStatement(signed({ allowedSigners, principal: 'robot@example.com' }), owner())).toMatchObject({
    fault: expect.stringContaining('it is by a key of *@example.com'),
  });
});

test('the key is the one that signed, whatever the principal is called', async () => {
  const allowedSigners = key.allowed.replace(key.principal, '*@example.com');
  const principal = 'x with ED25519 key SHA256:another @example.com';
  expect(await verifyStatement(signed({ allowedSigners, principal }), owner())).toEqual({ fingerprint: key.fingerprint });
});

test('ssh-agent signs with a key that only it has, named by its .pub file; without it, ssh-keygen says why not', async () => {
  const held = new SignOffKey();
  const socket = join(held.directory, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(agent.stdout, 'data');
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    execFileSync('ssh-add', [held.file], { env, stdio: 'ignore' });
    await rm(held.file);
    const armored = await signStatement(`${held.file}.pub`, STATEMENT, owner(env));
    expect(await verifyStatement(signed({ armored, allowedSigners: held.allowed }), owner())).toEqual({
      fingerprint: held.fingerprint,
    });
    await expect(signStatement(`${held.file}.pub`, STATEMENT, owner({ ...env, SSH_AUTH_SOCK: '' }))).rejects.toMatchObject({
      code: 'SIGN_OFF_KEY_UNUSABLE',
    });
  } finally {
    agent.kill();
    await once(agent, 'exit');
    held.dispose();
  }
});
