import { describe, expect, test } from '@jest/globals';
import type { ResultSummary } from '../../src/config/step-contracts.js';
import { CRITERIA, resultSummary, SIGN_OFF_ROLES, verdictOf } from '../../src/evidence/result-summary.js';
import { summaryFacts } from './summary-example.js';

function withResult(name: string, result: 'PASS' | 'FAIL' | 'NOT RUN'): ResultSummary {
  const criteria = summaryFacts.criteria.map((criterion) => (criterion.name === name ? { ...criterion, result } : criterion));
  return { ...summaryFacts, criteria, verdict: verdictOf(criteria) };
}

describe('the result summary', () => {
  test('of a run that passed is, word for word', () => {
    expect(resultSummary({ ...summaryFacts, exceptions: ['commits-ok: squashed before the pilot (operator@example.com)'] })).toBe(
      `Phase 6.4 — Pilot Cutover Run — RESULT SUMMARY
================================================
Timestamp:    2026-02-21T12:05:06Z
Evidence dir: dpp/evidence/phase6_4_cutover/20260221T120000Z
Git HEAD:     a94a8fe5ccb19ba61c4c0873d391e987982fbbd3

AC1: RC Gates                         : PASS (30_rc_gates.txt)
AC2: Staging dry-run + P4.3 isolation : PASS (40_staging_dry_run.txt)
AC2: App rollback drill               : PASS (50_rollback_drill.txt)
AC2: DB rollback (Human)              : PASS (55_db_rollback_human_checkpoint.txt)
AC3: evidence.tar.gz + sha256         : PASS (sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08)
AC4: WORM S3 upload + head-object     : PASS (version 3sL4kqtJlcpXroDTDmJ, GOVERNANCE until 2027-02-21T12:05:02Z)
AC5: No secrets in evidence           : PASS (12 files scanned)

Overrides and exceptions:
- commits-ok: squashed before the pilot (operator@example.com)

Sign-off
| Role                     | Name                 | Date (UTC) | Signature |
|--------------------------|----------------------|------------|-----------|
| Operator (automated run) | operator@example.com | 2026-02-21 | automated |
| DB Restore Verifier      | verifier@example.com | 2026-02-21 | asserted  |
| SRE Lead                 |                      |            |           |
| Engineering Lead         |                      |            |           |

Policy:       none: separation of duties not enforced
Attestation:  65_attestation.dsse.json (not signed: no CUTOVER_SIGN_WITH was set)

Note: GOVERNANCE retention can be bypassed by principals that hold s3:BypassGovernanceRetention.

VERDICT: PASS
`,
    );
  });

  test.each(
    Object.values(CRITERIA)
      .filter((name) => name !== CRITERIA.archive)
      .flatMap((name) => [[name, 'FAIL'] as const, [name, 'NOT RUN'] as const]),
  )('says FAIL as soon as one line is not PASS: %s %s', (name, result) => {
    const facts = withResult(name, result);
    const text = resultSummary(facts);
    expect(text).toContain('\nVERDICT: FAIL\n');
    expect(text).toContain(`\n${name.padEnd(37)} : ${result} (`);
    expect(() => resultSummary({ ...facts, verdict: 'PASS' })).toThrow(
      expect.objectContaining({ field: 'verdict', fault: 'is PASS, but not every criterion is' }),
    );
  });

  test('says FAIL where a line is missing, or one that nobody knows is not PASS', () => {
    expect(verdictOf([])).toBe('FAIL');
    expect(verdictOf(summaryFacts.criteria.slice(1))).toBe('FAIL');
    expect(verdictOf([...summaryFacts.criteria, { name: 'AC6', result: 'NOT RUN', fact: 'x' }])).toBe('FAIL');
    expect(verdictOf(summaryFacts.criteria)).toBe('PASS');
  });

  const { criteria, signatures } = summaryFacts;
  const signedBy = (change: Partial<(typeof signatures)[number]>) => signatures.map((row) => ({ ...row, ...change }));
  const verifierSigned = (change: Partial<(typeof signatures)[number]>) =>
    signatures.map((row) => (row.role === SIGN_OFF_ROLES.dbRestoreVerifier ? { ...row, ...change } : row));
  const lines = criteria.map(({ name }) => name);
  const roles = signatures.map(({ role }) => role);
  const order = 'are not the seven lines of the runbook in their order';
  const several = 'has more than one line';
  const unsigned = 'is PASS, but no DB restore verifier has signed';
  test.each<[string, Partial<ResultSummary>, string, string]>([
    ['a criterion left out', { criteria: criteria.slice(1) }, 'criteria', `${order} (${lines.slice(1).join('; ')})`],
    ['criteria in another order', { criteria: criteria.toReversed() }, 'criteria', `${order} (${lines.toReversed().join('; ')})`],
    [
      'a role left out',
      { signatures: signatures.slice(1) },
      'signatures',
      `are not the four roles in their order (${roles.slice(1).join('; ')})`,
    ],
    [
      'an upload without an archive',
      withResult(CRITERIA.archive, 'FAIL'),
      CRITERIA.wormUpload,
      'is PASS, but there is no archive that passed',
    ],
    ['an upload without a lock', { lockMode: null }, CRITERIA.wormUpload, 'is PASS, but no lock mode was verified'],
    ['a DB rollback that nobody signed', { signatures: verifierSigned({ name: '' }) }, CRITERIA.dbRollback, unsigned],
    ['a DB rollback that was signed on no day', { signatures: verifierSigned({ date: '' }) }, CRITERIA.dbRollback, unsigned],
    ['a DB rollback without signature', { signatures: verifierSigned({ signature: '' }) }, CRITERIA.dbRollback, unsigned],
    [
      'a criterion that rests on nothing',
      { criteria: criteria.map((each) => ({ ...each, fact: ' ' })) },
      CRITERIA.rcGates,
      'rests on no fact',
    ],
    [
      'a criterion whose fact forges a line',
      { criteria: criteria.map((each) => ({ ...each, fact: 'a\rb' })) },
      CRITERIA.rcGates,
      several,
    ],
    ['an exception that forges a line', { exceptions: ['x\nVERDICT: PASS'] }, 'exceptions', several],
    ['a name that forges a line', { signatures: signedBy({ name: 'x\u2028y' }) }, SIGN_OFF_ROLES.operator, several],
    ['a date that forges a line', { signatures: signedBy({ date: 'x\ny' }) }, SIGN_OFF_ROLES.operator, several],
    ['a signature that forges a line', { signatures: signedBy({ signature: 'x\ny' }) }, SIGN_OFF_ROLES.operator, several],
    ['two times', { timestamp: 'a\nb' }, 'timestamp', several],
    ['two directories', { evidenceDir: 'a\nb' }, 'evidenceDir', several],
    ['two commits', { gitHead: 'a\nb' }, 'gitHead', several],
    ['no time', { timestamp: '' }, 'timestamp', 'is empty'],
    ['no directory', { evidenceDir: ' ' }, 'evidenceDir', 'is empty'],
    ['no commit', { gitHead: '' }, 'gitHead', 'is empty'],
  ])('is refused with %s', (_, change, field, fault) => {
    expect(() => resultSummary({ ...summaryFacts, ...change })).toThrow(
      expect.objectContaining({ name: 'FactError', document: 'result summary', field, fault }),
    );
  });

  test('of a run that proved nothing needs neither signature nor lock', () => {
    const text = resultSummary({
      ...summaryFacts,
      criteria: criteria.map((each) => ({ ...each, result: 'NOT RUN' })),
      signatures: signedBy({ name: '', date: '', signature: '' }),
      lockMode: null,
      verdict: 'FAIL',
    });
    expect(text).toMatch(
      /\| Engineering Lead {9}\| {6}\| {12}\| {11}\|\n\nPolicy: [^\n]*\nAttestation: [^\n]*\n\nVERDICT: FAIL\n$/,
    );
    expect(text).toContain(`${CRITERIA.noSecrets.padEnd(37)} : NOT RUN (12 files scanned)\n\nSign-off\n`);
  });

  test('keeps its table a table, whatever a name holds', () => {
    const text = resultSummary({ ...summaryFacts, signatures: signedBy({ name: 'a|b|c' }) });
    expect(text).toContain('| SRE Lead                 | a\\|b\\|c |');
  });

  test('may be FAIL although every criterion passed, as for a run that was abandoned', () => {
    expect(resultSummary({ ...summaryFacts, verdict: 'FAIL' })).toMatch(/\nVERDICT: FAIL\n$/);
  });

  test('leaves the note about GOVERNANCE out where the lock is stronger', () => {
    expect(resultSummary({ ...summaryFacts, lockMode: 'COMPLIANCE' })).not.toContain('bypass');
  });
});
