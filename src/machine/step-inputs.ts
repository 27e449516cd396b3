import type { Scanned, StepContracts } from '../config/step-contracts.js';
import { genesisHash } from '../evidence/hash-chain.js';
import { EVIDENCE } from '../evidence/layout.js';
import { acceptedFindings, proven, worldOf, type PilotContext } from './context.js';
import { heldOutcome } from './failure.js';
import type { StepName, STEPS } from './steps.js';

type InputOf<S extends StepName> = StepContracts[(typeof STEPS)[S]['actor']]['input'];

/** What each step's effect is given, made of recorded facts. */
export const stepInputs: { readonly [S in StepName]: (context: PilotContext) => InputOf<S> } = {
  preflight: ({ request }) => ({ request }),
  capturingScope: (context) => ({
    ...environment(context),
    site: context.request.site,
    operator: operatorOf(context),
    chainId: genesisHash(context.runId),
  }),
  runningRcGates: (context) => ({ settings: environment(context).settings }),
  runningStagingDryRun: environment,
  drillingAppRollback: (context) => ({ ...environment(context), plan: context.drill.plan }),
  restoringStaging: (context) => {
    if (context.drill.plan === null) throw new Error(`run ${context.runId} has no drill to restore`);
    const { settings, world } = environment(context);
    // The repository's own script rolls back once more: it belongs to a drill that was proven, not to cleaning up.
    const isCleaningUp = context.abandoning || context.results.drillingAppRollback === undefined;
    return { settings: isCleaningUp ? { ...settings, rollbackDrillScript: null } : settings, world, plan: context.drill.plan };
  },
  preparingCheckpoint: ({ startedAt, evidenceDir, request }) => ({
    createdAt: `${startedAt.slice(0, 19)}Z`,
    runDirectory: evidenceDir,
    site: request.site,
  }),
  'sealing.scanning': () => ({}),
  'sealing.archiving': (context) => ({ upToSeq: sealOf(context).upToSeq, signedFiles: context.signOff?.files ?? null }),
  'sealing.hashing': (context) => ({ archive: proven(context, 'sealing.archiving') }),
  'sealing.retention': (context) => ({ settings: environment(context).settings }),
  'sealing.uploading': upload,
  'sealing.verifying': verification,
  summarizing: (context) => {
    const { summary } = context;
    if (summary === null) throw new Error(`run ${context.runId} has no frozen summary`);
    return {
      ...verification(context),
      verified: proven(context, 'sealing.verifying'),
      uploadLogSha256: uploadLogSha256(context),
      summary: summary.document,
      attested: summary.attested,
      signer: proven(context, 'preflight').signer,
      tail: { after: sealOf(context).upToSeq, upTo: summary.upToSeq },
    };
  },
};

/** What the scan of a step's files is told besides: what was accepted, and the outcome that an earlier scan held back. */
export function scanInput(context: PilotContext, step: StepName): Scanned {
  const accepted = acceptedFindings(context);
  const failure = context.failures[step];
  const held = failure === undefined ? null : heldOutcome(failure);
  return accepted.length === 0 && held === null ? {} : { scan: { accepted, held } };
}

/** Source: design section 6, "S3 key". */
export function archiveKey(context: PilotContext): string {
  const { prefix, keyFolder } = environment(context).settings;
  return `${prefix}/${keyFolder}/${context.runId}/${EVIDENCE.archive}`;
}

function environment(context: PilotContext) {
  return { settings: proven(context, 'preflight').settings, world: worldOf(context) };
}

function upload(context: PilotContext) {
  return {
    ...bucketOf(context),
    key: archiveKey(context),
    archive: proven(context, 'sealing.archiving'),
    retainUntil: proven(context, 'sealing.retention').retainUntil,
    uploads: sealOf(context).uploads ?? {},
  };
}

function verification(context: PilotContext) {
  return {
    ...upload(context),
    upload: proven(context, 'sealing.uploading'),
    upToSeq: sealOf(context).upToSeq,
    generatedAt: proven(context, 'sealing.retention').generatedAt,
    verdict: sealOf(context).verdict,
  };
}

/** Of the upload's log, as its verification left it; null where none is on record. */
export function uploadLogSha256({ results }: PilotContext): string | null {
  return results['sealing.verifying']?.logs.find(({ file }) => file === EVIDENCE.uploadLog)?.sha256 ?? null;
}

function bucketOf(context: PilotContext) {
  const { settings, world } = environment(context);
  return { settings, bucketOwner: settings.bucketOwner ?? world.awsAccount };
}

function sealOf(context: PilotContext) {
  if (context.seal === null) throw new Error(`run ${context.runId} is not being sealed`);
  return context.seal;
}

/** Who started the run, as the scope shows it. */
export function operatorOf({ operator }: PilotContext): string {
  return `${operator.user}@${operator.host}${operator.email === null ? '' : ` <${operator.email}>`} (${operator.level})`;
}
