import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { pemSigner, publicKeyIn, sshSigner } from '../../../src/evidence/attestation/public-key.js';

/** A key that nobody holds: its 32 bytes are zeros. */
const BLOB = Buffer.concat([
  Buffer.from('0000000b', 'hex'),
  Buffer.from('ssh-ed25519'),
  Buffer.from('00000020', 'hex'),
  Buffer.alloc(32),
]);
const LINE = `ssh-ed25519 ${BLOB.toString('base64')}`;

test('a line of a .pub file and one of allowed_signers are the same key, by the fingerprint of ssh-keygen -l', () => {
  const key = { kind: 'ssh', publicKey: LINE };
  const { keyId } = sshSigner(LINE) ?? {};
  expect(keyId).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  for (const text of [LINE, `${LINE} signer@example.com\n`, `signer@example.com namespaces="x" ${LINE}\n`]) {
    expect(publicKeyIn(text)).toEqual({ ...key, keyId });
  }
});

test('a PEM key is known by the SHA-256 of its DER', () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  expect(publicKeyIn(pem as string)).toEqual(pemSigner(publicKey));
  expect(pemSigner(publicKey).keyId).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ['nothing', ''],
  ['a word', 'ssh-ed25519'],
  ['a blob of another type than the line says', LINE.replace('ssh-ed25519', 'ssh-rsa')],
  ['a blob too short to say its type', 'ssh-ed25519 AAA='],
  ['a PEM that is none', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
])('%s is no public key', (_what, text) => {
  expect(publicKeyIn(text)).toBeNull();
});
