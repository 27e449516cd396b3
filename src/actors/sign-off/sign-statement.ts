import { SIGN_OFF_NAMESPACE } from '../../evidence/sign-off/statement.js';
import { ActorError } from '../actor.js';
import { saidBySshKeygen, sshKeygen } from '../attestation/ssh-keygen.js';
import type { ProcessOwner } from '../process/run-process.js';

/**
 * Signs a statement with an OpenSSH key: a private key without a passphrase, or the .pub file of one that ssh-agent holds. Returns the
 * armored signature. Errors: SIGN_OFF_KEY_UNUSABLE, SSH_KEYGEN_MISSING.
 */
export async function signStatement(file: string, statement: string, owner: ProcessOwner): Promise<string> {
  const signed = await sshKeygen(owner, ['-Y', 'sign', '-n', SIGN_OFF_NAMESPACE, '-f', file], statement);
  if (signed.exitCode === 0 && signed.stdout.startsWith('-----BEGIN SSH SIGNATURE-----')) return signed.stdout;
  throw new ActorError(
    'SIGN_OFF_KEY_UNUSABLE',
    `${file} cannot sign (ssh-keygen -Y sign: ${saidBySshKeygen(signed, owner.env)}). Nothing was signed. ` +
      'Name an OpenSSH key; one with a passphrase: add it to ssh-agent, and name its .pub file.',
    { details: { file } },
  );
}
