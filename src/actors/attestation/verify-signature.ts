import { createPublicKey, verify } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Signer } from '../../config/step-contracts.js';
import { SSH_NAMESPACE } from '../../evidence/attestation/public-key.js';
import type { ProcessOwner } from '../process/run-process.js';
import { withScratchDirectory } from '../scratch-directory.js';
import { saidBySshKeygen, sshKeygen } from './ssh-keygen.js';

/**
 * What is wrong with a signature of this key over `message`; null when nothing is. Errors: those of ssh-keygen and of the
 * temporary directory, since without them nothing was verified.
 */
export async function signatureFault(
  signer: Signer,
  message: string,
  signature: Uint8Array,
  owner: ProcessOwner,
): Promise<string | null> {
  return signer.kind === 'pem' ? pemFault(signer, message, signature) : sshFault(signer, message, signature, owner);
}

function pemFault({ publicKey }: Signer, message: string, signature: Uint8Array): string | null {
  try {
    const key = createPublicKey(publicKey);
    const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    // Some sign ECDSA as r and s one after the other (the example of DSSE's protocol.md), most as DER.
    const encodings = key.asymmetricKeyType === 'ec' ? (['der', 'ieee-p1363'] as const) : (['der'] as const);
    const isRight = encodings.some((dsaEncoding) => verify(digest, Buffer.from(message), { key, dsaEncoding }, signature));
    return isRight ? null : 'it is not a signature of this key over this attestation';
  } catch (error) {
    return `it cannot be verified with this key: ${(error as Error).message}`;
  }
}

function sshFault(signer: Signer, message: string, signature: Uint8Array, owner: ProcessOwner): Promise<string | null> {
  return withScratchDirectory('verify', async (directory) => {
    const [allowed, file] = [join(directory, 'allowed_signers'), join(directory, 'signature')];
    await writeFile(allowed, `cutover namespaces="${SSH_NAMESPACE}" ${signer.publicKey}\n`);
    await writeFile(file, signature);
    const args = ['-Y', 'verify', '-f', allowed, '-I', 'cutover', '-n', SSH_NAMESPACE, '-s', file];
    const result = await sshKeygen(owner, args, message);
    return result.exitCode === 0 ? null : `ssh-keygen -Y verify: ${saidBySshKeygen(result, owner.env)}`;
  });
}
