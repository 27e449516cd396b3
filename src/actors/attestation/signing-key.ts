import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Signer } from '../../config/step-contracts.js';
import { pemSigner, SSH_NAMESPACE, sshSigner } from '../../evidence/attestation/public-key.js';
import { ActorError } from '../actor.js';
import type { ProcessOwner } from '../process/run-process.js';
import { saidBySshKeygen, sshKeygen } from './ssh-keygen.js';

export interface SigningKey {
  readonly signer: Signer;
  /** `pem`: as KMS and cosign do (Ed25519; ECDSA with SHA-256, in DER; RSASSA-PKCS1-v1_5 with SHA-256). `ssh`: an armored SSH signature. */
  sign(message: string): Promise<Buffer>;
}

/**
 * Opens the key that signs the attestation: a PKCS #8 file (PEM), an OpenSSH private key without a passphrase, or the .pub file of
 * one that ssh-agent holds. Errors: SIGNING_KEY_UNUSABLE, SSH_KEYGEN_MISSING.
 */
export async function openSigningKey(file: string, owner: ProcessOwner): Promise<SigningKey> {
  const text = await readKey(file);
  if (/^(?:ssh|ecdsa|sk)-/.test(text)) return sshKey(file, sshSigner(text), owner);
  await refuseOpenFile(file);
  if (text.includes('-----BEGIN OPENSSH PRIVATE KEY-----')) {
    // The empty passphrase is given, so that it does not ask for one.
    const shown = await sshKeygen(owner, ['-y', '-P', '', '-f', file]);
    if (shown.exitCode !== 0) {
      const advice = 'If it has a passphrase, add it to ssh-agent and name its .pub file.';
      throw unusable(file, `ssh-keygen -y: ${saidBySshKeygen(shown, owner.env)}`, advice);
    }
    return sshKey(file, sshSigner(shown.stdout), owner);
  }
  return pemKey(file, text);
}

function pemKey(file: string, text: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    const advice = 'Name an unencrypted PKCS #8 key (openssl genpkey -algorithm ed25519), or an OpenSSH key.';
    throw unusable(file, `it is no private key that can be read (${(error as Error).message})`, advice);
  }
  const digest = digestFor(file, key);
  const spki = createPublicKey(key);
  return { signer: pemSigner(spki), sign: (message) => Promise.resolve(sign(digest, Buffer.from(message), key)) };
}

/** Null where the algorithm has its own. */
function digestFor(file: string, { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): 'sha256' | null {
  if (type === 'ed25519') return null;
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'sha256';
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= 2048) return 'sha256';
  const what = [type, details?.namedCurve, details?.modulusLength].filter((part) => part !== undefined).join(' ');
  throw unusable(file, `it is a key of the kind ${what}`, 'Name an Ed25519, ECDSA P-256, or RSA key of 2048 bits or more.');
}

function sshKey(file: string, signer: Signer | null, owner: ProcessOwner): SigningKey {
  if (signer === null) throw unusable(file, 'it is no OpenSSH key that can be read', 'Name a key file that ssh-keygen made.');
  return {
    signer,
    async sign(message) {
      const signed = await sshKeygen(owner, ['-Y', 'sign', '-n', SSH_NAMESPACE, '-f', file], message);
      if (signed.exitCode === 0 && signed.stdout.startsWith('-----BEGIN SSH SIGNATURE-----')) return Buffer.from(signed.stdout);
      const advice = 'If the key is in ssh-agent, see that SSH_AUTH_SOCK is set and ssh-add -l names it.';
      throw unusable(file, `ssh-keygen -Y sign: ${saidBySshKeygen(signed, owner.env)}`, advice);
    },
  };
}

const MAX_KEY_BYTES = 64 * 1024;

async function readKey(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > MAX_KEY_BYTES) throw unusable(file, 'it is too large to be a key', 'Name the key file itself.');
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ActorError) throw error;
    throw unusable(file, `it cannot be read (${(error as Error).message})`, 'Restore it, or let its owner run this.');
  }
}

/** As ssh does: a key that others may read is anybody's signature. */
async function refuseOpenFile(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return;
  throw unusable(file, `others may read it (mode ${(mode & 0o777).toString(8)})`, `Run chmod 600 ${file}.`);
}

function unusable(file: string, what: string, advice: string): ActorError {
  return new ActorError(
    'SIGNING_KEY_UNUSABLE',
    `The key of the attestation (CUTOVER_SIGN_WITH), ${file}, cannot sign: ${what}. ${advice}`,
    { details: { file } },
  );
}
