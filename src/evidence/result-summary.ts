import type { Criterion, ResultSummary, SignatureRow, Verdict } from '../config/step-contracts.js';
import { FactError, LINE_BREAKS } from './fact-line.js';

/** The lines of the acceptance criteria, in this order and wording. Source: the runbook, "Expected output". */
export const CRITERIA = {
  rcGates: 'AC1: RC Gates',
  stagingDryRun: 'AC2: Staging dry-run + P4.3 isolation',
  rollbackDrill: 'AC2: App rollback drill',
  dbRollback: 'AC2: DB rollback (Human)',
  archive: 'AC3: evidence.tar.gz + sha256',
  wormUpload: 'AC4: WORM S3 upload + head-object',
  noSecrets: 'AC5: No secrets in evidence',
} as const;

/** The rows of the sign-off table. Source: the runbook, "Sign-off". */
export const SIGN_OFF_ROLES = {
  operator: 'Operator (automated run)',
  dbRestoreVerifier: 'DB Restore Verifier',
  sreLead: 'SRE Lead',
  engineeringLead: 'Engineering Lead',
} as const;

const RULE = '='.repeat(48);

/**
 * 90_result_summary.txt; its last line is the verdict, as in the runbook. PASS needs every criterion, and the facts must agree:
 * throws `FactError` otherwise, so that no summary can say more than is on record.
 */
export function resultSummary(facts: ResultSummary): string {
  checkFacts(facts);
  const governance = 'Note: GOVERNANCE retention can be bypassed by principals that hold s3:BypassGovernanceRetention.';
  return [
    `${facts.title} — RESULT SUMMARY`,
    RULE,
    `Timestamp:    ${facts.timestamp}`,
    `Evidence dir: ${facts.evidenceDir}`,
    `Git HEAD:     ${facts.gitHead}`,
    ...(facts.changeTicket === null ? [] : [`Change ticket: ${facts.changeTicket}`]),
    '',
    ...facts.criteria.map(({ name, result, fact }) => `${name.padEnd(37)} : ${result} (${fact})`),
    '',
    ...(facts.exceptions.length === 0 ? [] : ['Overrides and exceptions:', ...facts.exceptions.map((line) => `- ${line}`), '']),
    'Sign-off',
    ...signOffTable(facts.signatures),
    '',
    `Policy:       ${facts.policy}`,
    `Attestation:  ${facts.attestation}`,
    '',
    ...(facts.lockMode === 'GOVERNANCE' ? [governance, ''] : []),
    `VERDICT: ${facts.verdict}`,
    '',
  ].join('\n');
}

/** PASS only if every one of the seven lines is there and is PASS. */
export function verdictOf(criteria: readonly Criterion[]): Verdict {
  const isThere = (name: string) => criteria.some((criterion) => criterion.name === name);
  return Object.values(CRITERIA).every(isThere) && criteria.every(({ result }) => result === 'PASS') ? 'PASS' : 'FAIL';
}

function checkFacts(facts: ResultSummary): void {
  const refuse = (field: string, fault: string): never => {
    throw new FactError('result summary', field, fault);
  };
  const names: readonly string[] = Object.values(CRITERIA);
  if (facts.criteria.map(({ name }) => name).join('\n') !== names.join('\n')) {
    refuse(
      'criteria',
      `are not the seven lines of the runbook in their order (${facts.criteria.map(({ name }) => name).join('; ')})`,
    );
  }
  const roles: readonly string[] = Object.values(SIGN_OFF_ROLES);
  const signed = facts.signatures.map(({ role }) => role);
  // A quorum of one role has a row for each who signed.
  if (signed.filter((role, row) => role !== signed[row - 1]).join('\n') !== roles.join('\n')) {
    refuse('signatures', `are not the four roles in their order (${signed.join('; ')})`);
  }
  for (const [field, value] of oneLineFacts(facts)) {
    if (LINE_BREAKS.test(value)) refuse(field, 'has more than one line');
  }
  for (const field of ['title', 'timestamp', 'evidenceDir', 'gitHead', 'policy', 'attestation'] as const) {
    if (facts[field].trim() === '') refuse(field, 'is empty');
  }
  for (const { name, fact } of facts.criteria) {
    if (fact.trim() === '') refuse(name, 'rests on no fact');
  }
  // The other way round is possible: an abandoned run may have proven every line and still is sealed as FAIL.
  if (facts.verdict === 'PASS' && verdictOf(facts.criteria) !== 'PASS') refuse('verdict', 'is PASS, but not every criterion is');
  checkAgreement(facts, refuse);
}

/** What must be true together, whichever way each fact was found. */
function checkAgreement(facts: ResultSummary, refuse: (field: string, fault: string) => never): void {
  const result = (name: string) => facts.criteria.find((criterion) => criterion.name === name)?.result;
  const verifiers = facts.signatures.filter(({ role }) => role === SIGN_OFF_ROLES.dbRestoreVerifier);
  if (result(CRITERIA.dbRollback) === 'PASS' && verifiers.some(({ name, date, signature }) => !name || !date || !signature)) {
    refuse(CRITERIA.dbRollback, 'is PASS, but no DB restore verifier has signed');
  }
  if (result(CRITERIA.wormUpload) === 'PASS' && result(CRITERIA.archive) !== 'PASS') {
    refuse(CRITERIA.wormUpload, 'is PASS, but there is no archive that passed');
  }
  if (result(CRITERIA.wormUpload) === 'PASS' && facts.lockMode === null) {
    refuse(CRITERIA.wormUpload, 'is PASS, but no lock mode was verified');
  }
}

function oneLineFacts(facts: ResultSummary): [string, string][] {
  return [
    ['title', facts.title],
    ['changeTicket', facts.changeTicket ?? ''],
    ['timestamp', facts.timestamp],
    ['evidenceDir', facts.evidenceDir],
    ['gitHead', facts.gitHead],
    ['policy', facts.policy],
    ['attestation', facts.attestation],
    ...facts.criteria.map(({ name, fact }): [string, string] => [name, fact]),
    ...facts.exceptions.map((line): [string, string] => ['exceptions', line]),
    ...facts.signatures.flatMap(({ role, name, date, signature }): [string, string][] => [
      [role, name],
      [role, date],
      [role, signature],
    ]),
  ];
}

function signOffTable(signatures: readonly SignatureRow[]): string[] {
  const header = ['Role', 'Name', 'Date (UTC)', 'Signature'];
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = signatures.map(({ role, name, date, signature }) => [role, name, date, signature].map(cell));
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const padded = (row: readonly string[]) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [padded(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(padded)];
}
