import type { EvidenceDir } from './evidence-dir.js';
import { EVIDENCE } from './layout.js';

/** How the database was restored; `other` says how in words. */
export type RestoreMethod = 'supabase-new-project' | 'supabase-pitr' | 'rds-snapshot' | 'rds-pitr' | 'other';

/** What a human recorded in 55_db_rollback_human_checkpoint.txt. */
export interface Checkpoint {
  readonly runId: string;
  /** UTC, `YYYY-MM-DDThh:mm:ssZ`. */
  readonly recoveryPoint: string;
  readonly method: RestoreMethod;
  /** What `other` was; null for the methods with a name. */
  readonly otherMethod: string | null;
  readonly target: string;
  /** With their results, in the form's order; the last one is the proof that it is not the production database. */
  readonly smokeQueries: readonly { readonly query: string; readonly result: string }[];
  /** Names in 56_db_restore_screenshots/. */
  readonly screenshots: readonly string[];
  readonly durationMinutes: number;
  /** Null when the restored database was deleted; otherwise why it was not. */
  readonly notDeletedBecause: string | null;
  readonly signer: string;
  /** UTC, `YYYY-MM-DD`. */
  readonly signedOn: string;
}

export type CheckpointItem = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H';

/** The blanks of the form, by what they ask for. */
export type CheckpointField =
  'recoveryPoint' | 'target' | 'smokeQuery' | 'screenshots' | 'duration' | 'cleanUp' | 'signer' | 'signedOn';

/** A line of the form with a box and a blank to fill in. */
export interface CheckpointBlank {
  readonly item: CheckpointItem;
  readonly label: string;
  readonly field: CheckpointField;
}

/** A line of item B: one way to restore. */
export interface CheckpointMethod {
  readonly item: 'B';
  readonly label: string;
  readonly method: RestoreMethod;
}

export type CheckpointBox = CheckpointBlank | CheckpointMethod;

export const CHECKPOINT_TITLE = 'DB ROLLBACK VERIFICATION — HUMAN CHECKPOINT';

/** The form's headings, in order. */
export const CHECKPOINT_HEADINGS: Readonly<Record<CheckpointItem, string>> = {
  A: 'Recovery point in time',
  B: 'Method (tick exactly one)',
  C: 'Recovery target (not production)',
  D: 'Smoke queries on the restored database, with their results',
  E: `Screenshots, saved in ${EVIDENCE.screenshots}/`,
  F: 'Duration',
  G: 'Clean-up',
  H: 'Signature',
};

/**
 * The boxes of the form with the site's smoke queries, in order: the template is printed from this list, and the parser reads by it.
 * That the database is not the production one is proven whatever the site asks for besides.
 */
export function checkpointBoxes(smokeQueries: readonly string[]): readonly CheckpointBox[] {
  return [
    ...BOXES_BEFORE,
    ...[...smokeQueries, NOT_PRODUCTION].map((label): CheckpointBox => ({ item: 'D', label, field: 'smokeQuery' })),
    ...BOXES_AFTER,
  ];
}

const NOT_PRODUCTION = 'Proof that this is not the production database';

const BOXES_BEFORE: readonly CheckpointBox[] = [
  { item: 'A', label: 'Recovery point (UTC, YYYY-MM-DDThh:mm:ssZ)', field: 'recoveryPoint' },
  { item: 'B', label: 'Supabase restore to a new project', method: 'supabase-new-project' },
  { item: 'B', label: 'Supabase PITR', method: 'supabase-pitr' },
  { item: 'B', label: 'RDS snapshot', method: 'rds-snapshot' },
  { item: 'B', label: 'RDS PITR', method: 'rds-pitr' },
  { item: 'B', label: 'other', method: 'other' },
  { item: 'C', label: 'Recovery target (host or project)', field: 'target' },
];

const BOXES_AFTER: readonly CheckpointBox[] = [
  { item: 'E', label: 'File names, separated by commas', field: 'screenshots' },
  { item: 'F', label: 'Duration of the restore in minutes', field: 'duration' },
  { item: 'G', label: 'Restored database deleted afterwards ("yes", or why not)', field: 'cleanUp' },
  { item: 'H', label: 'Name of the human who did this', field: 'signer' },
  { item: 'H', label: 'Date (UTC, YYYY-MM-DD)', field: 'signedOn' },
];

/** What a blank looks like until it is filled in. */
export const BLANK = '____';

/** The screenshots that are there: names (relative to their folder) of files that are not empty. Throws `EvidenceError`. */
export async function listScreenshots(evidence: EvidenceDir): Promise<string[]> {
  const folder = `${EVIDENCE.screenshots}/`;
  const entries = await evidence.list();
  return entries.filter(({ name, size }) => name.startsWith(folder) && size > 0).map(({ name }) => name.slice(folder.length));
}
