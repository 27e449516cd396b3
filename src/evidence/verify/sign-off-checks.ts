import { z } from 'zod';
import { LEVELS, ROLES, SIGNING_ROLES } from '../../config/policy.js';
import { canonicalJson } from '../canonical-json.js';
import { EVIDENCE } from '../layout.js';
import { principalIn } from '../person.js';
import { parseSignOffStatement, SignOffStatementError } from '../sign-off/statement.js';
import { failed, isUnknown, same, type Unknown, type VerifyCheck } from './check.js';
import type { HistorySoFar, RecordedSignature } from './history-reader.js';

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
 * A line for each sign-off, and signature after it, that says it is ssh-verified, or has to be: its statement says what was recorded, of the chain as it was,
 * and is signed by a key of the allowed signers that were frozen when the run was created.
 */
export async function signOffSignatureChecks(history: HistorySoFar | Unknown, verify: VerifyStatement): Promise<VerifyCheck[]> {
  if (isUnknown(history)) return [];
  const policy = policySchema.safeParse((history.started?.event['request'] as { policy?: unknown } | undefined)?.policy);
  if (!policy.success && history.signatures.length > 0) {
    return [failed(EVIDENCE.history, WHAT, 'as the policy wants it', 'the policy of the first transition cannot be read')];
  }
  const checks: VerifyCheck[] = [];
  for (const recorded of history.signatures) {
    const signed = signatureSchema.safeParse(recorded.signed);
    if (!signed.success) {
      checks.push(failed(EVIDENCE.history, WHAT, at(recorded, 'a signature'), at(recorded, 'none that can be read')));
      continue;
    }
    const { level, role, signature } = signed.data;
    const minimum = policy.data?.roles[role].minimumLevel;
    if (level === 'ssh-verified')
      checks.push(await signatureCheck(recorded, signed.data, policy.data?.allowedSigners ?? null, verify));
    else if (minimum === 'ssh-verified' || signature !== undefined)
      checks.push(failed(EVIDENCE.history, WHAT, at(recorded, 'ssh-verified'), at(recorded, level)));
  }
  return checks;
}

const WHAT = 'the SSH signature of the sign-off, by an allowed signer';

const policySchema = z.object({
  allowedSigners: z.string().nullable(),
  roles: z.record(z.enum(ROLES), z.object({ minimumLevel: z.enum(LEVELS) })),
});

const signatureSchema = z.object({
  runId: z.string(),
  role: z.enum(SIGNING_ROLES),
  signer: z.string(),
  meaning: z.string(),
  seq: z.int(),
  level: z.enum(LEVELS),
  files: z.record(z.string(), z.string()),
  signature: z.object({ statement: z.string(), armored: z.string(), principal: z.string(), fingerprint: z.string() }).optional(),
});

type Signed = z.infer<typeof signatureSchema>;

async function signatureCheck(
  recorded: RecordedSignature,
  signed: Signed,
  allowedSigners: string | null,
  verify: VerifyStatement,
): Promise<VerifyCheck> {
  const { signature } = signed;
  if (signature === undefined) return failed(EVIDENCE.history, WHAT, at(recorded, 'a signature'), at(recorded, 'none'));
  const { statement, armored, principal, fingerprint } = signature;
  const expected = at(recorded, `${principal}, key ${fingerprint}`);
  const wrong = (fault: string) => failed(EVIDENCE.history, WHAT, expected, at(recorded, fault));
  if (allowedSigners === null) return wrong('the policy of the run names no allowed signers');
  const fault = statementFault(recorded, signed, statement);
  if (fault !== null) return wrong(fault);
  if (principalIn(signed.signer) !== principal) return wrong(`it names ${signed.signer}`);
  const verdict = await verify({ statement, armored, allowedSigners, principal, at: recorded.at });
  if ('fault' in verdict) return wrong(verdict.fault);
  return same(EVIDENCE.history, WHAT, expected, at(recorded, `${principal}, key ${verdict.fingerprint}`));
}

/** In what the signed statement is not of what was recorded; null where it is. */
function statementFault({ head }: RecordedSignature, signed: Signed, text: string): string | null {
  try {
    const said = parseSignOffStatement(text);
    const { runId, role, signer, meaning, seq, files } = signed;
    const recorded = { run_id: runId, role, name: signer, meaning, seq, files, head };
    const names = Object.keys(recorded) as (keyof typeof recorded)[];
    const different = names.find((name) => canonicalJson(said[name]) !== canonicalJson(recorded[name]));
    return different === undefined ? null : `its statement has another ${different}`;
  } catch (error) {
    if (error instanceof SignOffStatementError) return `its statement cannot be read: ${error.message}`;
    throw error;
  }
}

function at({ seq }: RecordedSignature, text: string): string {
  return `transition ${seq}: ${text}`;
}
