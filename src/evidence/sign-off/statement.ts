import { z } from 'zod';
import { SIGNING_ROLES } from '../../config/policy.js';
import { canonicalJson } from '../canonical-json.js';
import { LINE_BREAKS } from '../fact-line.js';
import { RUN_ID } from '../layout.js';

/** The namespace of a sign-off: a signature that was made for anything else does not count. Source: OpenSSH, PROTOCOL.sshsig. */
export const SIGN_OFF_NAMESPACE = 'sign-off@cutover';

/** A text that is no statement of ours: which field, and why. */
export class SignOffStatementError extends Error {
  override readonly name = 'SignOffStatementError';
  readonly code = 'SIGN_OFF_STATEMENT_INVALID';
}

/** Over which text, and by whom: what is needed to verify a sign-off with ssh-keygen alone. */
export interface SshSignature {
  /** The signed text itself, see `signOffStatementText`. */
  readonly statement: string;
  /** As `ssh-keygen -Y sign` writes it. */
  readonly armored: string;
  /** The one of the allowed signers that the key is listed for. */
  readonly principal: string;
  /** `SHA256:...`, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

const schema = z.strictObject({
  version: z.literal(1),
  run_id: z.string().regex(RUN_ID, 'must be the id of a run'),
  role: z.enum(SIGNING_ROLES),
  name: z
    .string()
    .min(1)
    .refine((name) => !LINE_BREAKS.test(name), 'must be one line, without control characters')
    .describe('The signer, as printed in the form.'),
  meaning: z.string().min(1).describe('What the signature means.'),
  time: z.iso.datetime().describe('When the statement was made (UTC).'),
  seq: z.int().positive().describe('The last transition that the signer could see.'),
  head: sha256.describe('The hash of that transition.'),
  files: z.record(z.string(), sha256).describe('The SHA-256 of every file that is signed.'),
});

/** What a person signs: bound to the run, its history and the exact bytes of the evidence. */
export type SignOffStatement = z.infer<typeof schema>;

/** The bytes to be signed: canonical JSON and one line feed, as a text file has it. */
export function signOffStatementText(statement: SignOffStatement): string {
  return `${canonicalJson(statement)}\n`;
}

/** Reads a statement. Throws `SignOffStatementError`; an unknown field, and a text that is not written as ours are, is one. */
export function parseSignOffStatement(text: string): SignOffStatement {
  const result = schema.safeParse(jsonIn(text));
  if (!result.success) {
    const { path, message } = result.error.issues[0] ?? { path: [], message: 'does not fit' };
    throw new SignOffStatementError(`${path.length === 0 ? '(document)' : path.join('.')}: ${message}`);
  }
  if (signOffStatementText(result.data) !== text) {
    throw new SignOffStatementError('(document): is not the canonical JSON of what it says, with one line feed');
  }
  return result.data;
}

/** The schema to be published. */
export function signOffStatementJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(schema), title: 'What is signed at the human gate (namespace sign-off@cutover)' };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SignOffStatementError(`(document): is not JSON (${(error as Error).message})`);
  }
}
