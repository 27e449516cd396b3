import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIGN_OFF_NAMESPACE } from '../../evidence/sign-off/statement.js';
import type { SignedStatement, StatementVerdict } from '../../evidence/verify/sign-off-checks.js';
import { saidBySshKeygen, sshKeygen } from '../attestation/ssh-keygen.js';
import type { ProcessOwner } from '../process/run-process.js';
import { withScratchDirectory } from '../scratch-directory.js';

/**
 * Verifies with the real ssh-keygen that the statement was signed by a key that the allowed signers list for this principal, and that
 * was valid at that time. A signature that is not right is an answer; errors are those of ssh-keygen and of the temporary directory,
 * since without them nothing was verified.
 */
export function verifyStatement(signed: SignedStatement, owner: ProcessOwner): Promise<StatementVerdict> {
  return withScratchDirectory('sign-off', async (directory) => {
    const [signers, signature] = [join(directory, 'allowed_signers'), join(directory, 'signature')];
    await writeFile(signers, signed.allowedSigners);
    await writeFile(signature, signed.armored);
    const common = ['-f', signers, '-s', signature, '-O', `verify-time=${signed.at.replaceAll(/\D/g, '').slice(0, 14)}`];
    const who = ['-I', signed.principal, '-n', SIGN_OFF_NAMESPACE];
    const verified = await sshKeygen(owner, ['-Y', 'verify', ...common, ...who], signed.statement);
    // The last words: the principal before them is a text of the signer's.
    const fingerprint = / key (SHA256:[A-Za-z0-9+/]+)\s*$/.exec(verified.stdout)?.[1];
    if (verified.exitCode === 0 && fingerprint !== undefined) return { fingerprint };
    const said = `ssh-keygen -Y verify: ${saidBySshKeygen(verified, owner.env)}`;
    const found = await sshKeygen(owner, ['-Y', 'find-principals', ...common]);
    const principals = found.stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '');
    if (found.exitCode !== 0 || principals.length === 0) return { fault: `no allowed signer has its key (${said})` };
    return {
      fault: `it is by a key of ${principals.join(', ')}, and not one of ${signed.principal} over this statement (${said})`,
    };
  });
}
