import { expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';

test('the form that waits for the human is, word for word', () => {
  const facts = {
    runId: '20260221T120000Z',
    runDirectory: 'dpp/evidence/20260221T120000Z',
    createdAt: '2026-02-21T12:02:00Z',
    site: PILOT_SITE,
  };
  expect(checkpointTemplate(facts)).toBe(`DB ROLLBACK VERIFICATION — HUMAN CHECKPOINT
================================================
Run ID: 20260221T120000Z
Evidence dir: dpp/evidence/20260221T120000Z
Created: 2026-02-21T12:02:00Z

Status: PENDING

How to complete this file (dpp/ops/runbooks/db_rollback_verification_human.md):
1. Restore the database into a target that is not production, and run the smoke queries of item D there.
2. Save the screenshots in 56_db_restore_screenshots/ beside this file.
3. Replace each blank by what you saw, on the same line. Notes may follow on lines of their own, indented by two spaces.
4. Put an x into each box, as in [x]; in item B into the one method you used, and leave the others as they are.
5. When all of it is true, replace the word PENDING above by COMPLETED. Change nothing else.
6. Continue with: cutover resume 20260221T120000Z; where a policy keeps the roles apart, or wants a key, with: cutover sign-off 20260221T120000Z
If the restore did not work, leave the word as it is and run: cutover sign-off 20260221T120000Z --reject --reason "..."

A. Recovery point in time
[ ] Recovery point (UTC, YYYY-MM-DDThh:mm:ssZ): ____

B. Method (tick exactly one)
[ ] Supabase restore to a new project
[ ] Supabase PITR
[ ] RDS snapshot
[ ] RDS PITR
[ ] other: ____

C. Recovery target (not production)
[ ] Recovery target (host or project): ____

D. Smoke queries on the restored database, with their results
[ ] Tenant count: ____
[ ] API-key count: ____
[ ] Billing events spot check: ____
[ ] Webhook dedup by status: ____
[ ] Proof that this is not the production database: ____

E. Screenshots, saved in 56_db_restore_screenshots/
[ ] File names, separated by commas: ____

F. Duration
[ ] Duration of the restore in minutes: ____

G. Clean-up
[ ] Restored database deleted afterwards ("yes", or why not): ____

H. Signature
[ ] Name of the human who did this: ____
[ ] Date (UTC, YYYY-MM-DD): ____
`);
});
