import { z } from 'zod';
import type { AttestedFacts, ChainHead } from '../../config/step-contracts.js';
import { canonicalJson } from '../canonical-json.js';
import { EVIDENCE } from '../layout.js';

/** A statement that breaks the schema: which field, and why. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly code = 'STATEMENT_INVALID';
}

/** The type of our predicate; its schema is docs/evidence-attestation.schema.json. A URN: it need not lead anywhere. */
export const PREDICATE_TYPE = 'urn:cutover:evidence-seal:v1';

/** A file that is locked beside the archive. */
export interface AttestedFile {
  readonly name: string;
  readonly sha256: string;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
const time = z.iso.datetime();
const count = z.int().nonnegative();
const head = z.strictObject({ seq: count, hash: sha256 });

const predicate = z.strictObject({
  service: z.string().describe('What was cut over.'),
  changeTicket: z.string().nullable().describe('Null: none was given.'),
  run: z.strictObject({ id: z.string(), startedAt: time, operator: z.string(), machineVersion: z.string() }),
  verdict: z.enum(['PASS', 'FAIL']),
  attestedAt: time.describe('When the upload was verified, or published again with what was decided since.'),
  environment: z.string().describe("The cluster's server and the namespace."),
  commit: z.strictObject({ head: z.string(), branch: z.string(), status: z.string() }),
  steps: z.array(
    z.strictObject({
      name: z.string(),
      result: z.enum(['PASS', 'FAIL', 'NOT RUN']),
      at: time.nullable(),
      attempt: count.nullable(),
      seq: count.nullable().describe('The transition that recorded the result.'),
      code: z.string().nullable().describe('Why it failed.'),
      logs: z.array(z.strictObject({ file: z.string(), sha256, size: count })),
    }),
  ),
  signOffs: z.array(
    z.strictObject({
      role: z.string(),
      signer: z.string(),
      level: z.string(),
      key: z
        .strictObject({ principal: z.string(), fingerprint: z.string() })
        .nullable()
        .describe('The key of an ssh-verified sign-off: for whom the policy lists it, and its fingerprint.'),
      date: z.string(),
      meaning: z.string(),
      seq: count,
      files: z.record(z.string(), sha256),
    }),
  ),
  exceptions: z.array(
    z.strictObject({
      at: time,
      by: z.string(),
      what: z.string(),
      reason: z.string(),
      reviewBy: z.iso.date().describe('The day (UTC) until which somebody else is to have looked at it.'),
    }),
  ),
  archive: z.strictObject({ sha256, size: count }),
  chain: z.strictObject({
    genesis: sha256,
    sealed: head.describe('The last transition in 58_history.ndjson.'),
    final: head.describe('The last transition in 80_history_after_seal.ndjson.'),
  }),
  lock: z.strictObject({
    key: z.string(),
    versionId: z.string(),
    mode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
    retainUntil: time,
    bypassable: z.boolean().describe('By those who hold s3:BypassGovernanceRetention.'),
  }),
  signedBy: z
    .strictObject({ kind: z.enum(['pem', 'ssh']), keyId: z.string() })
    .nullable()
    .describe('Null: not signed.'),
  timestampedBy: z.string().nullable().describe('The authority that is asked to stamp the signature: 65_attestation.tsr.'),
  files: z.array(z.strictObject({ name: z.string(), sha256 })).describe('Locked beside the archive.'),
});

const statement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.tuple([z.strictObject({ name: z.literal(EVIDENCE.archive), digest: z.strictObject({ sha256 }) })]),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate,
});

export type Statement = z.infer<typeof statement>;

/** What is attested of a sealed run. Source: in-toto attestation framework, "Statement layer" v1. */
export function attestationStatement(
  { chain, ...facts }: AttestedFacts,
  final: ChainHead,
  files: readonly AttestedFile[],
): Statement {
  return checked({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: EVIDENCE.archive, digest: { sha256: facts.archive.sha256 } }],
    predicateType: PREDICATE_TYPE,
    predicate: { ...facts, chain: { ...chain, final }, files },
  });
}

/** Canonical JSON: the same facts give the same bytes. */
export function statementJson(value: Statement): string {
  return canonicalJson(value);
}

/** Reads a statement of ours. Throws `StatementError`; an unknown field, and a text that is not canonical, is one. */
export function parseStatement(text: string): Statement {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StatementError(`is not JSON (${(error as Error).message})`);
  }
  const read = checked(value);
  if (statementJson(read) !== text) throw new StatementError('is not the canonical JSON of what it says');
  return read;
}

/** The schema to be published. */
export function statementJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(statement), title: 'Attestation of a sealed cutover run (the payload of 65_attestation.dsse.json)' };
}

function checked(value: unknown): Statement {
  const result = statement.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0] ?? { path: [], message: 'does not fit' };
  throw new StatementError(`${path.length === 0 ? '(document)' : path.join('.')}: ${message}`);
}
