import type { Criterion, ResultSummary } from '../config/step-contracts.js';
import { EVIDENCE } from '../evidence/layout.js';
import { proven, type PilotContext } from './context.js';
import type { Place, StepName } from './steps.js';

/** The result summary, derived from recorded facts alone (design: 90_result_summary.txt). PASS only if every criterion is. */
export function summarize(context: PilotContext, at: string): ResultSummary {
  const criteria = criteriaOf(context);
  const passed = context.seal?.verdict === 'PASS' && criteria.every(({ result }) => result === 'PASS');
  const settings = context.results.preflight === undefined ? null : proven(context, 'preflight').settings;
  return {
    timestamp: at,
    evidenceDir: context.evidenceDir,
    gitHead: context.results.preflight === undefined ? 'unknown' : proven(context, 'preflight').world.gitHead,
    criteria,
    exceptions: context.exceptions.map(({ at: when, by, what, reason }) => oneLine(`${when} ${by}: ${what}: ${reason}`)),
    signatures: [
      {
        role: 'Operator (automated run)',
        name: context.operator.user,
        date: context.startedAt.slice(0, 10),
        signature: 'automated',
      },
      {
        role: 'DB Restore Verifier',
        name: context.signOff?.signer ?? '',
        date: context.signOff?.date ?? '',
        signature: context.signOff?.level ?? '',
      },
      { role: 'SRE Lead', name: '', date: '', signature: '' },
      { role: 'Engineering Lead', name: '', date: '', signature: '' },
    ],
    lockMode: settings?.lockMode ?? null,
    verdict: passed ? 'PASS' : 'FAIL',
  };
}

function criteriaOf(context: PilotContext): Criterion[] {
  return [
    {
      name: 'AC1: RC Gates',
      ...judged(context, ['runningRcGates'], () => `${EVIDENCE.rcGates} (exit code 0)`),
    },
    {
      name: 'AC2: Staging dry-run + P4.3 isolation',
      ...judged(context, ['runningStagingDryRun'], () => {
        const { configMaps, secretProviderClasses } = proven(context, 'runningStagingDryRun');
        return `${EVIDENCE.stagingDryRun} (${configMaps} ConfigMaps, ${secretProviderClasses} SecretProviderClasses)`;
      }),
    },
    {
      name: 'AC2: App rollback drill',
      ...judged(context, ['drillingAppRollback', 'restoringStaging'], () => {
        const { deployments } = proven(context, 'restoringStaging');
        return `${EVIDENCE.rollbackDrill} (${deployments.map(({ name }) => name).join(', ')}: undone and restored)`;
      }),
    },
    { name: 'AC2: DB rollback (Human)', ...signed(context) },
    {
      name: 'AC3: evidence.tar.gz + sha256',
      ...judged(context, ['sealing.archiving', 'sealing.hashing'], () => `sha256 ${proven(context, 'sealing.hashing').sha256}`),
    },
    {
      name: 'AC4: WORM S3 upload + head-object',
      ...judged(context, ['sealing.uploading', 'sealing.verifying'], () => {
        const { lockMode, retainUntil } = proven(context, 'sealing.verifying');
        return `version ${proven(context, 'sealing.uploading').versionId}, ${lockMode} until ${retainUntil}`;
      }),
    },
    {
      name: 'AC5: No secrets in evidence',
      ...judged(context, ['sealing.scanning'], () => {
        return `${EVIDENCE.secretScan} (${proven(context, 'sealing.scanning').filesScanned} files, no finding)`;
      }),
    },
  ];
}

function judged(context: PilotContext, steps: readonly StepName[], fact: () => string): Omit<Criterion, 'name'> {
  if (steps.every((step) => context.results[step] !== undefined)) return { result: 'PASS', fact: fact() };
  return unproven(context, steps);
}

function signed(context: PilotContext): Omit<Criterion, 'name'> {
  const { signOff } = context;
  if (signOff === null) return unproven(context, ['awaitingDbVerification']);
  return { result: 'PASS', fact: `${EVIDENCE.checkpoint} (signed by ${signOff.signer}, ${signOff.date}, ${signOff.level})` };
}

function unproven({ failures }: PilotContext, places: readonly Place[]): Omit<Criterion, 'name'> {
  const failed = places.find((place) => failures[place] !== undefined);
  if (failed === undefined) return { result: 'NOT RUN', fact: 'not proven' };
  return { result: 'FAIL', fact: `${failed}: ${failures[failed]?.code}` };
}

/** A reason is free text: in the summary it takes one line. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
