import type { Criterion, ResultSummary } from '../config/step-contracts.js';
import { LINE_BREAKS } from '../evidence/fact-line.js';
import { EVIDENCE } from '../evidence/layout.js';
import { CRITERIA, SIGN_OFF_ROLES } from '../evidence/result-summary.js';
import { exceptionText } from './exceptions.js';
import { proven, worldOf, type PilotContext, type SignOff } from './context.js';
import type { Place, StepName } from './steps.js';

/** The result summary, derived from recorded facts alone (design: 90_result_summary.txt). PASS only if every criterion is. */
export function summarize(context: PilotContext, at: string): ResultSummary {
  const criteria = criteriaOf(context);
  const passed = context.seal?.verdict === 'PASS' && criteria.every(({ result }) => result === 'PASS');
  const settings = context.results.preflight === undefined ? null : proven(context, 'preflight').settings;
  return {
    title: context.request.site.title,
    timestamp: at,
    evidenceDir: context.evidenceDir,
    gitHead: gatedHead(context),
    changeTicket: settings?.changeTicket ?? null,
    criteria,
    exceptions: context.exceptions.map((exception) => oneLine(exceptionText(exception))),
    signatures: [
      {
        role: SIGN_OFF_ROLES.operator,
        name: oneLine(context.operator.user),
        date: context.startedAt.slice(0, 10),
        signature: 'automated',
      },
      {
        role: SIGN_OFF_ROLES.dbRestoreVerifier,
        name: oneLine(context.signOff?.signer ?? ''),
        date: context.signOff?.date ?? '',
        signature: context.signOff === null ? '' : levelOf(context.signOff),
      },
      { role: SIGN_OFF_ROLES.sreLead, name: '', date: '', signature: '' },
      { role: SIGN_OFF_ROLES.engineeringLead, name: '', date: '', signature: '' },
    ],
    lockMode: settings?.lockMode ?? null,
    attestation: attestationOf(context),
    verdict: passed ? 'PASS' : 'FAIL',
  };
}

function attestationOf(context: PilotContext): string {
  const facts = context.results.preflight === undefined ? null : proven(context, 'preflight');
  if (facts === null || facts.signer === null) return `${EVIDENCE.attestation} (not signed: no CUTOVER_SIGN_WITH was set)`;
  const { signer, settings } = facts;
  const stamped = settings.tsaUrl === null ? '' : `, timestamped by ${settings.tsaUrl}`;
  return `${EVIDENCE.attestation} (signed, key ${signer.keyId}${stamped})`;
}

/** The commit that the gates ran on, whatever was accepted after them; before they ran, the one they would run on. */
function gatedHead(context: PilotContext): string {
  if (context.results.preflight === undefined) return 'unknown';
  return worldOf(context, context.results.runningRcGates?.seq).gitHead;
}

function criteriaOf(context: PilotContext): Criterion[] {
  return [
    {
      name: CRITERIA.rcGates,
      ...judged(context, ['runningRcGates'], () => `${EVIDENCE.rcGates} (exit code 0)`),
    },
    {
      name: CRITERIA.stagingDryRun,
      ...judged(context, ['runningStagingDryRun'], () => {
        const { configMaps, secretProviderClasses } = proven(context, 'runningStagingDryRun');
        return `${EVIDENCE.stagingDryRun} (${configMaps} ConfigMaps, ${secretProviderClasses} SecretProviderClasses)`;
      }),
    },
    {
      name: CRITERIA.rollbackDrill,
      ...judged(context, ['drillingAppRollback', 'restoringStaging'], () => {
        const { deployments } = proven(context, 'restoringStaging');
        return `${EVIDENCE.rollbackDrill} (${deployments.map(({ name }) => name).join(', ')}: undone and restored)`;
      }),
    },
    { name: CRITERIA.dbRollback, ...signed(context) },
    {
      name: CRITERIA.archive,
      ...judged(context, ['sealing.archiving', 'sealing.hashing'], () => `sha256 ${proven(context, 'sealing.hashing').sha256}`),
    },
    {
      name: CRITERIA.wormUpload,
      ...judged(context, ['sealing.uploading', 'sealing.verifying'], () => {
        const { lockMode, retainUntil } = proven(context, 'sealing.verifying');
        return `version ${proven(context, 'sealing.uploading').versionId}, ${lockMode} until ${retainUntil}`;
      }),
    },
    {
      name: CRITERIA.noSecrets,
      ...judged(context, ['sealing.scanning'], () => {
        const { filesScanned, accepted } = proven(context, 'sealing.scanning');
        const but = accepted === undefined ? '' : ` but ${accepted} accepted, see below`;
        return `${EVIDENCE.secretScan} (${filesScanned} files, no finding${but})`;
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
  return {
    result: 'PASS',
    fact: `${EVIDENCE.checkpoint} (signed by ${oneLine(signOff.signer)}, ${signOff.date}, ${levelOf(signOff)})`,
  };
}

/** `asserted`, or `ssh-verified` with the fingerprint of the key. */
export function levelOf({ level, signature }: Pick<SignOff, 'level' | 'signature'>): string {
  return signature === undefined ? level : `${level} ${signature.fingerprint}`;
}

function unproven({ failures }: PilotContext, places: readonly Place[]): Omit<Criterion, 'name'> {
  const failed = places.find((place) => failures[place] !== undefined);
  if (failed === undefined) return { result: 'NOT RUN', fact: 'not proven' };
  return { result: 'FAIL', fact: `${failed}: ${failures[failed]?.code}` };
}

/** Free text of people takes one line: one with more would make a summary that is refused when the archive is locked already. */
function oneLine(text: string): string {
  return text.replaceAll(new RegExp(`(?:${LINE_BREAKS.source}|\\s)+`, 'g'), ' ').trim();
}
