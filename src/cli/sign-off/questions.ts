import type { CheckpointItem } from '../../evidence/checkpoint.js';

/**
 * What is said above each question. Source: the runbook, "Human Step: DB Rollback Verification", and
 * dpp/ops/runbooks/db_rollback_verification_human.md, items A to H.
 */
export const ITEM_HELP: Readonly<Record<CheckpointItem, string>> = {
  A: 'The instant, in UTC, to which the database was restored.',
  B: 'How it was restored. Give the number of the one method that was used.',
  C: 'The host or project that it was restored into. It must not be production.',
  D: 'What the smoke queries gave on the restored database: write what you saw, with the numbers.',
  E: 'Pictures of the restore and of the query results (PNG, JPEG, WebP or PDF). Each is copied into the evidence.',
  F: 'How long the restore took, in minutes.',
  G: 'Whether the restored database was deleted afterwards: "yes", or why it was not.',
  H: 'You, the human who did all this: a name, and the day of the signature (UTC).',
};
