import type { ActorName, StepContracts } from '../config/step-contracts.js';
import type { Actor } from './actor.js';

type Actors = { readonly [A in ActorName]: Actor<StepContracts[A]['input'], StepContracts[A]['output']> };

/**
 * The effects of the pilot cutover, by the names that the machine uses. Each is loaded when it is first needed, and what it wrote is
 * scanned for secrets before it counts as done.
 */
export const pilotActors: Actors = {
  checkPreconditions: scanned(async (input, context) =>
    (await import('./check-preconditions.js')).checkPreconditions(input, context),
  ),
  captureScope: scanned(async (input, context) => (await import('./capture-scope.js')).captureScope(input, context)),
  runRcGates: scanned(async (input, context) => (await import('./run-rc-gates.js')).runRcGates(input, context)),
  runStagingDryRun: scanned(async (input, context) =>
    (await import('./run-staging-dry-run.js')).runStagingDryRun(input, context),
  ),
  drillAppRollback: scanned(async (input, context) => (await import('./drill-app-rollback.js')).drillAppRollback(input, context)),
  restoreStaging: scanned(async (input, context) => (await import('./restore-staging.js')).restoreStaging(input, context)),
  prepareCheckpoint: scanned(async (input, context) =>
    (await import('./prepare-checkpoint.js')).prepareCheckpoint(input, context),
  ),
  scanEvidence: scanned(async (input, context) => (await import('./scan-evidence.js')).scanEvidence(input, context)),
  createArchive: scanned(async (input, context) => (await import('./create-archive.js')).createArchive(input, context)),
  hashArchive: scanned(async (input, context) => (await import('./hash-archive.js')).hashArchive(input, context)),
  computeRetention: scanned(async (input, context) => (await import('./compute-retention.js')).computeRetention(input, context)),
  uploadToWorm: scanned(async (input, context) => (await import('./upload-to-worm.js')).uploadToWorm(input, context)),
  verifyUpload: scanned(async (input, context) => (await import('./verify-upload.js')).verifyUpload(input, context)),
  publishSummary: scanned(async (input, context) => (await import('./publish-summary.js')).publishSummary(input, context)),
};

function scanned<Input, Output>(actor: Actor<Input, Output>): Actor<Input, Output> {
  return async (input, context) => (await import('./scanned-step.js')).scanned(actor)(input, context);
}
