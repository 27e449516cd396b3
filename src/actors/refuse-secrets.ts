import { knownSecrets } from '../evidence/known-secrets.js';
import { scanForSecrets, type ScanFinding, type ScanResult } from '../evidence/secret-scan.js';
import { ActorError, type ActorContext } from './actor.js';

/** Scans the named evidence files, also for the secrets that the environment holds. */
export function scanFiles(context: ActorContext, names: readonly string[]): Promise<ScanResult> {
  return scanForSecrets(context.evidence, names, knownSecrets(context.env));
}

/** Throws SECRET_FOUND naming file, line and kind of each finding; never its text. */
export function refuseSecrets(findings: readonly ScanFinding[]): void {
  if (findings.length === 0) return;
  // Not "secret: <file>": the message is redacted on its way into the record, and would lose the file.
  const places = findings.map(({ file, line, kind }) => `${line === 0 ? `the name of ${file}` : `${file}:${line}`} (${kind})`);
  const more = places.length > SHOWN ? `, and ${places.length - SHOWN} more` : '';
  throw new ActorError(
    'SECRET_FOUND',
    `${places.length === 1 ? 'A secret is' : `${places.length} secrets are`} in the evidence, in ${places.slice(0, SHOWN).join(', ')}${more}. ` +
      'Nothing of it was uploaded. Revoke each secret, remove it from the file or its name (or run the step again), then seal again.',
    {
      details: { findings: findings.slice(0, 100).map(({ file, line, kind }) => ({ file, line, kind })), total: findings.length },
    },
  );
}

const SHOWN = 10;
