import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_POLICY, type Level, type Policy } from '../src/config/policy.js';
import { SIGN_OFF_NAMESPACE } from '../src/evidence/sign-off/statement.js';

/** An OpenSSH key of a verifier, made by the real ssh-keygen, that signs as a person with it would. */
export class SignOffKey {
  readonly directory = mkdtempSync(join(tmpdir(), 'sign-off-key-'));
  /** The private key. */
  readonly file = join(this.directory, 'id_ed25519');
  readonly publicKey: string;

  constructor(readonly principal = 'verifier@example.com') {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', principal, '-f', this.file]);
    this.publicKey = readFileSync(`${this.file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  }

  get fingerprint(): string {
    return execFileSync('ssh-keygen', ['-l', '-f', `${this.file}.pub`], { encoding: 'utf8' }).split(' ')[1] ?? '';
  }

  /** A line of allowed signers. */
  get allowed(): string {
    return `${this.principal} namespaces="${SIGN_OFF_NAMESPACE}" ${this.publicKey}\n`;
  }

  sign(text: string, namespace = SIGN_OFF_NAMESPACE): string {
    return execFileSync('ssh-keygen', ['-Y', 'sign', '-q', '-n', namespace, '-f', this.file], {
      encoding: 'utf8',
      input: text,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** A policy by which the DB restore verifier must sign at this level. */
export function policyWith(allowedSigners: string | null, minimumLevel: Level = 'ssh-verified'): Policy {
  const { roles } = NO_POLICY;
  return {
    ...NO_POLICY,
    allowedSigners,
    roles: { ...roles, 'db-restore-verifier': { ...roles['db-restore-verifier'], minimumLevel } },
  };
}
