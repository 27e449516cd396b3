import type { AcceptedFinding, HeldOutcome } from '../config/step-contracts.js';
import { isInHistory, notAccepted } from '../evidence/accepted-findings.js';
import { knownSecrets } from '../evidence/known-secrets.js';
import { scanForSecrets, type ScanFinding, type ScanResult } from '../evidence/secret-scan.js';
import { ActorError, type ActorContext } from './actor.js';

export interface EvidenceScan extends ScanResult {
  /** The findings that nobody has accepted. */
  readonly refused: readonly ScanFinding[];
}

/** Scans the named evidence files, also for the secrets that the environment holds. */
export async function scanFiles(
  { evidence, env, signal }: ActorContext,
  names: readonly string[],
  accepted: readonly AcceptedFinding[] = [],
): Promise<EvidenceScan> {
  const result = await scanForSecrets(evidence, names, knownSecrets(env), signal);
  return { ...result, refused: await notAccepted(result.findings, accepted, evidence) };
}

/** What to do about a secret when it is found by the scan of what is to be sealed. */
const BEFORE_THE_SEAL =
  'Nothing of it was uploaded. Revoke each secret, remove it from the file or its name (or run the step again), then seal again.';

/** What was recorded stays so, and nobody can accept what is found in it. */
const IN_THE_HISTORY =
  'Nothing of it was uploaded. What is in the history stays there: revoke each secret, then start a new run: cutover start';

/** Throws SECRET_FOUND naming file, line and kind of each finding; never its text. With `held`, the scan alone can be made again. */
export function refuseSecrets(
  findings: readonly ScanFinding[],
  { todo = BEFORE_THE_SEAL, held }: { readonly todo?: string; readonly held?: HeldOutcome } = {},
): void {
  if (findings.length === 0) return;
  const words = findings.some(isInHistory) ? IN_THE_HISTORY : `${todo} ${IF_NONE}`;
  throw new ActorError('SECRET_FOUND', `${secretsFound(findings)} ${words}`, {
    details: {
      findings: findings.slice(0, 100).map(({ file, line, kind }) => ({ file, line, kind })),
      total: findings.length,
      ...(held === undefined ? {} : { held }),
    },
  });
}

/** In a sentence: how many, and where. */
export function secretsFound(findings: readonly ScanFinding[]): string {
  // Not "secret: <file>": the message is redacted on its way into the record, and would lose the file.
  const places = findings.map(({ file, line, kind }) => `${line === 0 ? `the name of ${file}` : `${file}:${line}`} (${kind})`);
  const more = places.length > SHOWN ? `, and ${places.length - SHOWN} more` : '';
  return (
    `${places.length === 1 ? 'A secret is' : `${places.length} secrets are`} in the evidence, ` +
    `in ${places.slice(0, SHOWN).join(', ')}${more}.`
  );
}

const SHOWN = 10;
const IF_NONE = 'If it is none, a supervisor says so on the record: cutover accept-finding <run> --help';
