import { SIGNING_ROLES, type SigningRole } from '../config/policy.js';
import type { Criterion, ResultSummary, SignatureRow } from '../config/step-contracts.js';
import { LINE_BREAKS } from '../evidence/fact-line.js';
import { EVIDENCE } from '../evidence/layout.js';
import { CRITERIA, SIGN_OFF_ROLES } from '../evidence/result-summary.js';
import { exceptionText } from './exceptions.js';
import { gatedWorld, proven, type PilotContext } from './context.js';
import { levelOf, missingSignatures, signaturesOf } from './signatures.js';
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
      ...SIGNING_ROLES.flatMap((role) => signatureRows(context, role)),
    ],
    policy: policyOf(context),
    lockMode: settings?.lockMode ?? null,
    attestation: attestationOf(context),
    verdict: passed ? 'PASS' : 'FAIL',
  };
}

/** A row for each who signed in this role, an empty one where nobody has. */
function signatureRows(context: PilotContext, role: SigningRole): SignatureRow[] {
  const rows = signaturesOf(context)
    .map((signature, index) => ({ signature, by: context.signers[index]?.givenBy ?? null }))
    .filter(({ signature }) => signature.role === role)
    .map(({ signature, by }) => ({
      role: ROWS[role],
      name: oneLine(signature.signer),
      date: signature.date,
      signature: `${levelOf(signature)}${by === null ? '' : `, given by ${oneLine(by)}`}`,
    }));
  return rows.length === 0 ? [{ role: ROWS[role], name: '', date: '', signature: '' }] : rows;
}

const ROWS: Readonly<Record<SigningRole, string>> = {
  'db-restore-verifier': SIGN_OFF_ROLES.dbRestoreVerifier,
  'sre-lead': SIGN_OFF_ROLES.sreLead,
  'engineering-lead': SIGN_OFF_ROLES.engineeringLead,
};

function policyOf({ request: { policy, policyFile, directory } }: PilotContext): string {
  if (policy.sha256 === null) return 'none: separation of duties not enforced';
  const file = policyFile.startsWith(`${directory}/`) ? policyFile.slice(directory.length + 1) : policyFile;
  return `${oneLine(file)}, sha256 ${policy.sha256}, separation of duties ${policy.separation ? 'enforced' : 'not enforced'}`;
}

function attestationOf(context: PilotContext): string {
  const facts = context.results.preflight === undefined ? null : proven(context, 'preflight');
  if (facts === null || facts.signer === null) return `${EVIDENCE.attestation} (not signed: no CUTOVER_SIGN_WITH was set)`;
  const { signer, settings } = facts;
  const stamped = settings.tsaUrl === null ? '' : `, timestamped by ${settings.tsaUrl}`;
  return `${EVIDENCE.attestation} (signed, key ${signer.keyId}${stamped})`;
}

/** The commit that the gates ran on. */
function gatedHead(context: PilotContext): string {
  if (context.results.preflight === undefined) return 'unknown';
  return gatedWorld(context).gitHead;
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
  const signed = signaturesOf(context).filter(({ role }) => role === 'db-restore-verifier');
  const missing = missingSignatures(context);
  if (signed.length === 0) return unproven(context, ['awaitingDbVerification']);
  if (missing.length > 0)
    return { result: 'NOT RUN', fact: `signatures are missing: ${missing.map(({ role }) => role).join(', ')}` };
  const by = signed.map((one) => `${oneLine(one.signer)}, ${one.date}, ${levelOf(one)}`).join('; ');
  return { result: 'PASS', fact: `${EVIDENCE.checkpoint} (signed by ${by})` };
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
