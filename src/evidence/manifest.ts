import { z } from 'zod';
import type { VerifiedFacts, VerifyInput } from '../config/step-contracts.js';
import { EVIDENCE, RUN_ID } from './layout.js';

/** A manifest that breaks the schema: which file, which field, why. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'MANIFEST_INVALID';
  readonly file = EVIDENCE.manifest;
  constructor(
    readonly field: string,
    fault: string,
  ) {
    super(
      `The seal manifest ${EVIDENCE.manifest} is not valid: ${field}: ${fault}. Compare it with the locked copy beside the archive.`,
    );
  }
}

const WHOLE_SECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
const line = z.string().regex(/^[^\p{Cc}]+$/u, 'must be one line, not empty');
const time = z
  .string()
  .regex(WHOLE_SECONDS, 'must be YYYY-MM-DDThh:mm:ssZ')
  .refine((text) => isInstant(text), 'is no instant of the calendar');
const lockMode = z.enum(['GOVERNANCE', 'COMPLIANCE']);

const fields = z.strictObject({
  schema_version: z.literal(1),
  run_id: z.string().regex(RUN_ID, 'must be a run id, YYYYMMDDTHHMMSSZ'),
  verdict: z.enum(['PASS', 'FAIL']),
  generated_at: time.describe('Committed before the first PUT: the same on every retry.'),
  tarball_path: line,
  tarball_size_bytes: z.int().positive(),
  sha256: sha256.describe('Of the archive.'),
  s3_bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{2}\*\*\*$/, 'must be the first 3 characters and ***')
    .describe('Redacted: verifying online takes the bucket name from the caller.'),
  s3_key: line,
  version_id: line,
  etag: line,
  lock_mode: lockMode.describe('As asked for.'),
  retention_days: z.int().positive(),
  retain_until: time.describe('As asked for.'),
  verified_lock_mode: lockMode.describe('As read back after the PUT; equals lock_mode.'),
  verified_retain_until: time.describe('As read back after the PUT; not before retain_until.'),
  content_verified_by: z.enum(['checksum-sha256', 'download']),
  seal_seq: z.int().positive().describe("The last transition in the archive's history."),
  chain_head: sha256.describe("The hash of the last transition in the archive's history."),
});

const schema = fields.superRefine((manifest, context) => {
  const fault = (field: keyof Manifest, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (manifest.verified_lock_mode !== manifest.lock_mode) fault('verified_lock_mode', `must be lock_mode, ${manifest.lock_mode}`);
  if (Date.parse(manifest.verified_retain_until) < Date.parse(manifest.retain_until)) {
    fault('verified_retain_until', `must not be before retain_until, ${manifest.retain_until}`);
  }
  if (Date.parse(manifest.retain_until) <= Date.parse(manifest.generated_at)) fault('retain_until', 'must be after generated_at');
  const tail = `/${manifest.run_id}/${EVIDENCE.archive}`;
  if (!/[^/]$/.test(manifest.s3_key.slice(0, -tail.length)) || !manifest.s3_key.endsWith(tail)) {
    fault('s3_key', `must be in the folder of a run: .../FOLDER${tail}`);
  }
});

/** 60_evidence_seal_manifest.json. Times are UTC in whole seconds; sizes are bytes. */
export type Manifest = Readonly<z.infer<typeof fields>>;

/** What the manifest says of a sealed run: what was asked for, and what was read back. */
export function sealManifest(runId: string, input: VerifyInput, verified: VerifiedFacts): Manifest {
  const { settings, archive, upload } = input;
  return {
    schema_version: 1,
    run_id: runId,
    verdict: input.verdict,
    generated_at: input.generatedAt,
    tarball_path: EVIDENCE.archive,
    tarball_size_bytes: archive.size,
    sha256: archive.sha256,
    s3_bucket: redactedBucket(settings.bucket),
    s3_key: input.key,
    version_id: upload.versionId,
    etag: upload.etag,
    lock_mode: settings.lockMode,
    retention_days: settings.retentionDays,
    retain_until: input.retainUntil,
    verified_lock_mode: verified.lockMode,
    verified_retain_until: verified.retainUntil,
    content_verified_by: verified.contentVerifiedBy,
    seal_seq: input.upToSeq,
    chain_head: archive.chainHead,
  };
}

/** The manifest's text, its fields in the schema's order. Throws `ManifestError` rather than write one that would not be read. */
export function manifestJson(manifest: Manifest): string {
  return `${JSON.stringify(checked(manifest), null, 2)}\n`;
}

/** Reads a manifest. Throws `ManifestError` with the first field at fault; an unknown field is one. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ManifestError('(document)', `is not JSON (${(error as Error).message})`);
  }
  return checked(value);
}

/** The schema to be published. What it cannot say (fields compared with each other) is checked by `parseManifest` alone. */
export function manifestJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(fields), title: 'Evidence seal manifest of a cutover run (60_evidence_seal_manifest.json)' };
}

/** A bucket's name as the manifest shows it. */
export function redactedBucket(bucket: string): string {
  return `${bucket.slice(0, 3)}***`;
}

function checked(value: unknown): Manifest {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.');
  throw new ManifestError(
    field === undefined || field === '' ? '(document)' : field,
    issue?.message ?? 'does not fit the schema',
  );
}

/** The pattern lets 31 April pass; the calendar does not. */
function isInstant(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text.replace('Z', '.000Z');
}
