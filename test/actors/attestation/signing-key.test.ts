import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSigningKey } from '../../../src/actors/attestation/signing-key.js';
import { signatureFault } from '../../../src/actors/attestation/verify-signature.js';
import { unrecordedOwner } from '../../../src/actors/process/run-process.js';
import { failure } from '../sealing-context.js';

const MESSAGE = 'DSSEv1 4 text 3 für';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signing-'));
});
afterEach(() => rm(directory, { recursive: true }));

const owner = (env: NodeJS.ProcessEnv = process.env) => unrecordedOwner(new AbortController().signal, env);
const at = (name: string) => join(directory, name);

async function pemFile(key: KeyObject, options: { readonly passphrase?: string } = {}): Promise<string> {
  const encrypted = options.passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase: options.passphrase };
  await writeFile(at('key.pem'), key.export({ type: 'pkcs8', format: 'pem', ...encrypted }), { mode: 0o600 });
  return at('key.pem');
}

function sshKeygen(...args: readonly string[]): void {
  execFileSync('ssh-keygen', ['-q', ...args, '-f', at('id')], { stdio: 'ignore' });
}

describe('a signature is verified with its public key alone, and over no other message', () => {
  test.each([
    ['PEM Ed25519', () => pemFile(generateKeyPairSync('ed25519').privateKey)],
    ['PEM ECDSA P-256', () => pemFile(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
    ['PEM RSA', () => pemFile(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)],
    ['OpenSSH Ed25519', () => (sshKeygen('-t', 'ed25519', '-N', ''), Promise.resolve(at('id')))],
    ['OpenSSH ECDSA', () => (sshKeygen('-t', 'ecdsa', '-N', ''), Promise.resolve(at('id')))],
  ] as const)('%s', async (name, make) => {
    const key = await openSigningKey(await make(), owner());
    const signature = await key.sign(MESSAGE);
    expect(key.signer.kind).toBe(name.startsWith('PEM') ? 'pem' : 'ssh');
    expect(await signatureFault(key.signer, MESSAGE, signature, owner())).toBeNull();
    expect(await signatureFault(key.signer, `${MESSAGE}.`, signature, owner())).toMatch(
      /not a signature of this key|Signature verification failed/,
    );
    expect(await signatureFault(key.signer, MESSAGE, Buffer.from('x'), owner())).toEqual(expect.any(String));
  });

  test('a key that ssh-agent holds, named by its .pub file', async () => {
    sshKeygen('-t', 'ed25519', '-N', 'a passphrase');
    const agent = spawn('ssh-agent', ['-D', '-a', at('agent')], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(agent.stdout, 'data');
      const env = { ...process.env, SSH_AUTH_SOCK: at('agent'), SSH_ASKPASS: at('askpass'), SSH_ASKPASS_REQUIRE: 'force' };
      await writeFile(at('askpass'), "#!/bin/sh\necho 'a passphrase'\n", { mode: 0o700 });
      execFileSync('ssh-add', [at('id')], { env, stdio: 'ignore' });
      await rm(at('id'));
      const key = await openSigningKey(at('id.pub'), owner(env));
      expect(await signatureFault(key.signer, MESSAGE, await key.sign(MESSAGE), owner())).toBeNull();
    } finally {
      agent.kill();
      await once(agent, 'exit');
    }
  });
});

test('a signature that was made for another namespace does not count', async () => {
  sshKeygen('-t', 'ed25519', '-N', '');
  const { signer } = await openSigningKey(at('id'), owner());
  const options = { input: MESSAGE, stdio: ['pipe', 'pipe', 'ignore'] as ('pipe' | 'ignore')[] };
  const signature = execFileSync('ssh-keygen', ['-Y', 'sign', '-n', 'git', '-f', at('id')], options);
  expect(await signatureFault(signer, MESSAGE, signature, owner())).toContain('ssh-keygen -Y verify: ');
});

describe('a key is refused before anything rests on it', () => {
  test.each([
    ['that is not there', () => Promise.resolve(at('absent')), 'it cannot be read (ENOENT'],
    ['that is a text', () => written('no key\n'), 'it is no private key that can be read'],
    ['that is too large', () => written('x'.repeat(65 * 1024)), 'it is too large to be a key'],
    [
      'that others may read',
      async () => opened(await pemFile(generateKeyPairSync('ed25519').privateKey)),
      'others may read it (mode 644). Run chmod 600',
    ],
    [
      'with a passphrase (PEM)',
      () => pemFile(generateKeyPairSync('ed25519').privateKey, { passphrase: 'x' }),
      'it is no private key that can be read',
    ],
    [
      'with a passphrase (OpenSSH)',
      () => (sshKeygen('-t', 'ed25519', '-N', 'a passphrase'), Promise.resolve(at('id'))),
      'incorrect passphrase',
    ],
    [
      'of a weak kind',
      () => pemFile(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
      'a key of the kind rsa 1024',
    ],
    ['of a kind that signs nothing', () => pemFile(generateKeyPairSync('x25519').privateKey), 'a key of the kind x25519'],
    ['that is a broken .pub file', () => written('ssh-ed25519 AAAA\n'), 'it is no OpenSSH key that can be read'],
  ] as const)('%s', async (_what, make, words) => {
    const { code, message } = await failure(openSigningKey(await make(), owner()));
    expect(code).toBe('SIGNING_KEY_UNUSABLE');
    expect(message).toContain(words);
  });

  test('whose private half neither a file nor an agent has', async () => {
    sshKeygen('-t', 'ed25519', '-N', '');
    await rm(at('id'));
    const key = await openSigningKey(at('id.pub'), owner({ ...process.env, SSH_AUTH_SOCK: '' }));
    const { code, message } = await failure(key.sign(MESSAGE));
    expect([code, message]).toEqual(['SIGNING_KEY_UNUSABLE', expect.stringContaining('see that SSH_AUTH_SOCK is set')]);
  });

  test('an OpenSSH key, where there is no ssh-keygen', async () => {
    sshKeygen('-t', 'ed25519', '-N', '');
    const empty = { PATH: at('empty') };
    expect(await failure(openSigningKey(at('id'), owner(empty)))).toMatchObject({ code: 'SSH_KEYGEN_MISSING' });
    const { signer } = await openSigningKey(at('id'), owner());
    expect(await failure(signatureFault(signer, MESSAGE, Buffer.from('x'), owner(empty)))).toMatchObject({
      code: 'SSH_KEYGEN_MISSING',
    });
  });
});

async function written(text: string): Promise<string> {
  await writeFile(at('key'), text, { mode: 0o600 });
  return at('key');
}

async function opened(file: string): Promise<string> {
  await chmod(file, 0o644);
  return file;
}
