import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { Signer } from '../../config/step-contracts.js';

/** The namespace of our SSH signatures: one made for anything else does not count. Source: OpenSSH, PROTOCOL.sshsig. */
export const SSH_NAMESPACE = 'cutover-attestation';

/** A public key as it is given by whoever knows it: PEM, or a line of a .pub or allowed_signers file. Null when it is neither. */
export function publicKeyIn(text: string): Signer | null {
  if (!text.includes('-----BEGIN PUBLIC KEY-----')) return sshSigner(text);
  try {
    return pemSigner(createPublicKey(text));
  } catch {
    return null;
  }
}

export function pemSigner(key: KeyObject): Signer {
  const der = key.export({ type: 'spki', format: 'der' });
  return {
    kind: 'pem',
    keyId: createHash('sha256').update(der).digest('hex'),
    publicKey: key.export({ type: 'spki', format: 'pem' }) as string,
  };
}

const SSH_KEY = /(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/;

/** Null when there is no such key in the first line, or its blob is of another type than the line says. */
export function sshSigner(text: string): Signer | null {
  const [, type, base64] = SSH_KEY.exec(text.trim().split('\n')[0] ?? '') ?? [];
  if (type === undefined || base64 === undefined) return null;
  const blob = Buffer.from(base64, 'base64');
  if (blob.length < 4 || blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1') !== type) return null;
  const fingerprint = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { kind: 'ssh', keyId: `SHA256:${fingerprint}`, publicKey: `${type} ${base64}` };
}
