import { z } from 'zod';
import { checkpointBoxes } from '../evidence/checkpoint.js';
import { secretFinder } from '../evidence/find-secrets.js';
import type { KnownSecret } from '../evidence/known-secrets.js';
import { EVIDENCE_ROOT_SETTING, SITE_SETTINGS, VARIABLE_SETTINGS } from './setting-names.js';
import type { RunRequest } from './settings.js';
import type { Site } from './site.js';
import { readYaml, YamlFileError } from './yaml-file.js';

/** What a configuration file says. Which of it counts, and whether it is valid, is not decided here. */
export interface SiteFile {
  /** In the stead of variables, as raw as these. */
  readonly variables: RunRequest['variables'];
  readonly site: Partial<Site>;
  /** As it is written. */
  readonly evidenceRoot: string | null;
  /** Where each setting that it has stands, by name. From 1. */
  readonly lines: Readonly<Record<string, number>>;
}

const line = z
  .string()
  .max(400)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*[^\p{Cc}\p{Z}][^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line, and not blank');
const path = line.describe('From the directory in which the cutover is run.');
const item = line.regex(/^[^,]*$/, 'must have no comma');
/** Of a blank on the form: what is behind the first colon is the answer. */
const label = z
  .string()
  .max(80)
  .regex(/^[\p{L}\p{N}](?:[^:_[\]\p{C}\p{Zl}\p{Zp}]*[^:_[\]\p{C}\p{Z}])?$/u, 'must be words on one line, without : _ [ ]')
  .refine((text) => !/^status$/i.test(text), 'must not be what the line of the status begins with')
  .refine((text) => checkpointBoxes([]).every((box) => box.label !== text), 'stands in the form anyway');
const kubernetesName = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be the name of a Kubernetes object');

function distinct<Item extends z.ZodType>(of: Item) {
  return z
    .array(of)
    .min(1)
    .max(50)
    .refine((items) => new Set(items).size === items.length, 'must not name one twice');
}

/** cutover.config.yaml, as a site writes it. */
const schema = z.strictObject({
  version: z.literal(1),
  service: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens')
    .optional()
    .describe('The name of the service that is cut over.'),
  title: line.max(100).optional().describe('The heading of 00_scope.txt and 90_result_summary.txt.'),
  evidence_root: path
    .optional()
    .describe('Where the evidence of all runs is kept on disk; dpp/evidence/KEY_FOLDER, if not said.'),
  key_folder: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'must be letters, digits, _ and - only')
    .optional()
    .describe('The folder of all runs in the bucket, below worm.prefix.'),
  change_ticket: line.optional(),
  change_ticket_required: z.boolean().optional(),
  branches: distinct(item).optional(),
  required_commits: distinct(item).optional(),
  rc_runner: path.optional(),
  rc_runners: distinct(path).optional().describe('Without rc_runner: the first of them that exists.'),
  staging_dry_run_script: path.optional(),
  rollback_drill_script: path.optional(),
  deployments: distinct(kubernetesName).optional().describe('What the rollback drill rolls back, in this order.'),
  smoke_queries: distinct(label).optional().describe('Besides the proof that it is not the production database.'),
  verification_guide: line.optional().describe('Where the person who verifies the restore reads how: a path, or a link.'),
  sign_with: path.optional().describe('The file of the key, never the key.'),
  tsa_url: line.optional(),
  aws: z.strictObject({ profile: line.optional(), region: line.optional() }).optional(),
  worm: z
    .strictObject({
      bucket: line.optional(),
      bucket_owner: line.optional().describe('12 digits, in quotes.'),
      prefix: line.optional(),
      object_lock_mode: line.optional(),
      retention_days: z.int().optional(),
    })
    .optional(),
  staging: z
    .strictObject({
      base_url: line.optional(),
      namespace: line.optional(),
      binary_configmap_keys: distinct(item)
        .optional()
        .describe('CONFIGMAP/KEY of each value that is no text and that somebody has looked at.'),
    })
    .optional(),
});

/** The published JSON Schema of the configuration file. */
export function siteJsonSchema(): object {
  return { title: 'cutover.config.yaml', ...z.toJSONSchema(schema, { io: 'input' }) };
}

/**
 * Reads a configuration file. A secret has no place in it: one that is found is refused, and not repeated. Throws `YamlFileError`
 * with every problem.
 */
export function parseSiteFile(file: string, bytes: Buffer, known: readonly KnownSecret[]): SiteFile {
  refuseSecrets(file, bytes, known);
  const { value, line: lineOf } = readYaml(file, bytes.toString('utf8'), schema);
  const told = new Map<string, unknown>();
  const lines: Record<string, number> = {};
  const tell = (name: string) => {
    const keys = name.split('.');
    const said = valueAt(value, keys);
    if (said === undefined) return;
    told.set(name, said);
    lines[name] = lineOf(keys) ?? 1;
  };
  for (const { name, key } of VARIABLE_SETTINGS) if (key !== null) tell(name);
  for (const { name } of SITE_SETTINGS) tell(name);
  tell(EVIDENCE_ROOT_SETTING);
  return {
    variables: Object.fromEntries(
      VARIABLE_SETTINGS.filter(({ name }) => told.has(name)).map(({ name, variable }) => [variable, rawText(told.get(name))]),
    ),
    site: Object.fromEntries(SITE_SETTINGS.filter(({ name }) => told.has(name)).map(({ name, key }) => [key, told.get(name)])),
    evidenceRoot: value.evidence_root ?? null,
    lines,
  };
}

function refuseSecrets(file: string, bytes: Buffer, known: readonly KnownSecret[]): void {
  const text = bytes.toString('latin1');
  const found = secretFinder(known, false)(text);
  if (found.length === 0) return;
  throw new YamlFileError(
    file,
    found.map(({ kind, start }) => ({
      line: text.slice(0, start).split('\n').length,
      key: '',
      message: `holds a secret (${kind}): take it out, and make it invalid where it is used; this file is read by many`,
    })),
  );
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((at, key) => (at as Readonly<Record<string, unknown>> | undefined)?.[key], value);
}

/** As the variable would be set. */
function rawText(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
