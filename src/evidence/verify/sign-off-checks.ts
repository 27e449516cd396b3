import { z } from 'zod';
import { LEVELS } from '../../config/policy.js';
import { canonicalJson } from '../canonical-json.js';
import { EVIDENCE } from '../layout.js';
import { parseSignOffStatement, principalIn, SignOffStatementError } from '../sign-off/statement.js';
import { failed, isUnknown, same, type Unknown, type VerifyCheck } from './check.js';
import type { HistorySoFar, RecordedSignOff } from './history-reader.js';

/** What is to be verified of a statement: its own bytes, the signature, and by whom it must be. */
export interface SignedStatement {
  readonly statement: string;
  readonly armored: string;
  /** The text of a file of allowed signers. */
  readonly allowedSigners: string;
  readonly principal: string;
  /** When the key had to be valid (UTC, ISO 8601). */
  readonly at: string;
}

/** The key that a right signature is by, or what is wrong with it. */
export type StatementVerdict = { readonly fingerprint: string } | { readonly fault: string };

export type VerifyStatement = (signed: SignedStatement) => Promise<StatementVerdict>;

/**
 * A line for each sign-off that says it is ssh-verified, or has to be: its statement says what was recorded, of the chain as it was,
 * and is signed by a key of the allowed signers that were frozen when the run was created.
 */
export async function signOffSignatureChecks(history: HistorySoFar | Unknown, verify: VerifyStatement): Promise<VerifyCheck[]> {
  if (isUnknown(history)) return [];
  const policy = policySchema.safeParse(history.policy);
  const [minimum, signers] = policy.success
    ? [policy.data.roles['db-restore-verifier'].minimumLevel, policy.data.allowedSigners]
    : [null, null];
  const checks: VerifyCheck[] = [];
  for (const recorded of history.signOffs) {
    const signOff = signOffSchema.safeParse(recorded.signOff);
    if (!signOff.success)
      checks.push(failed(EVIDENCE.history, WHAT, at(recorded, 'a sign-off'), at(recorded, 'none that can be read')));
    else if (signOff.data.level === 'ssh-verified') checks.push(await signatureCheck(recorded, signOff.data, signers, verify));
    else if (minimum === 'ssh-verified' || signOff.data.signature !== undefined)
      checks.push(failed(EVIDENCE.history, WHAT, at(recorded, 'ssh-verified'), at(recorded, signOff.data.level)));
  }
  return checks;
}

const WHAT = 'the SSH signature of the sign-off, by an allowed signer';

const policySchema = z.object({
  allowedSigners: z.string().nullable(),
  roles: z.object({ 'db-restore-verifier': z.object({ minimumLevel: z.enum(LEVELS) }) }),
});

const signOffSchema = z.object({
  runId: z.string(),
  role: z.string(),
  signer: z.string(),
  meaning: z.string(),
  seq: z.int(),
  level: z.enum(LEVELS),
  files: z.record(z.string(), z.string()),
  signature: z.object({ statement: z.string(), armored: z.string(), principal: z.string(), fingerprint: z.string() }).optional(),
});

type SignOff = z.infer<typeof signOffSchema>;

async function signatureCheck(
  recorded: RecordedSignOff,
  signOff: SignOff,
  allowedSigners: string | null,
  verify: VerifyStatement,
): Promise<VerifyCheck> {
  const { signature } = signOff;
  if (signature === undefined) return failed(EVIDENCE.history, WHAT, at(recorded, 'a signature'), at(recorded, 'none'));
  const { statement, armored, principal, fingerprint } = signature;
  const expected = at(recorded, `${principal}, key ${fingerprint}`);
  const wrong = (fault: string) => failed(EVIDENCE.history, WHAT, expected, at(recorded, fault));
  if (allowedSigners === null) return wrong('the policy of the run names no allowed signers');
  const fault = statementFault(recorded, signOff, statement);
  if (fault !== null) return wrong(fault);
  if (principalIn(signOff.signer) !== principal) return wrong(`the form is signed by ${signOff.signer}`);
  const verdict = await verify({ statement, armored, allowedSigners, principal, at: recorded.at });
  if ('fault' in verdict) return wrong(verdict.fault);
  return same(EVIDENCE.history, WHAT, expected, at(recorded, `${principal}, key ${verdict.fingerprint}`));
}

/** In what the signed statement is not of what was recorded; null where it is. */
function statementFault({ head }: RecordedSignOff, signOff: SignOff, text: string): string | null {
  try {
    const said = parseSignOffStatement(text);
    const { runId, role, signer, meaning, seq, files } = signOff;
    const recorded = { run_id: runId, role, name: signer, meaning, seq, files, head };
    const names = Object.keys(recorded) as (keyof typeof recorded)[];
    const different = names.find((name) => canonicalJson(said[name]) !== canonicalJson(recorded[name]));
    return different === undefined ? null : `its statement has another ${different}`;
  } catch (error) {
    if (error instanceof SignOffStatementError) return `its statement cannot be read: ${error.message}`;
    throw error;
  }
}

function at({ seq }: RecordedSignOff, text: string): string {
  return `transition ${seq}: ${text}`;
}
