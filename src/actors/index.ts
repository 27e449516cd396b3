import type { ActorName, StepContracts } from '../config/step-contracts.js';
import type { Actor } from './actor.js';

type Actors = { readonly [A in ActorName]: Actor<StepContracts[A]['input'], StepContracts[A]['output']> };

/** The effects of the pilot cutover, by the names that the machine uses. Each is loaded when it is first needed. */
export const pilotActors: Actors = {
  checkPreconditions: async (input, context) => (await import('./check-preconditions.js')).checkPreconditions(input, context),
  captureScope: async (input, context) => (await import('./capture-scope.js')).captureScope(input, context),
  runRcGates: async (input, context) => (await import('./run-rc-gates.js')).runRcGates(input, context),
  runStagingDryRun: async (input, context) => (await import('./run-staging-dry-run.js')).runStagingDryRun(input, context),
  drillAppRollback: async (input, context) => (await import('./drill-app-rollback.js')).drillAppRollback(input, context),
  restoreStaging: async (input, context) => (await import('./restore-staging.js')).restoreStaging(input, context),
  prepareCheckpoint: async (input, context) => (await import('./prepare-checkpoint.js')).prepareCheckpoint(input, context),
  scanEvidence: async (input, context) => (await import('./scan-evidence.js')).scanEvidence(input, context),
  createArchive: async (input, context) => (await import('./create-archive.js')).createArchive(input, context),
  hashArchive: async (input, context) => (await import('./hash-archive.js')).hashArchive(input, context),
  computeRetention: async (input, context) => (await import('./compute-retention.js')).computeRetention(input, context),
  uploadToWorm: async (input, context) => (await import('./upload-to-worm.js')).uploadToWorm(input, context),
  verifyUpload: async (input, context) => (await import('./verify-upload.js')).verifyUpload(input, context),
  publishSummary: async (input, context) => (await import('./publish-summary.js')).publishSummary(input, context),
};
