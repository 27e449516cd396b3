import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CRITERIA, resultSummary, verdictOf, type SummaryFacts } from '../../src/evidence/result-summary.js';
import { summaryFacts } from './summary-example.js';

function withResult(name: string, result: 'PASS' | 'FAIL' | 'NOT RUN'): SummaryFacts {
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

Note: GOVERNANCE retention can be bypassed by principals that hold s3:BypassGovernanceRetention.

VERDICT: PASS
`,
    );
  });

  test('says FAIL as soon as any line is not PASS', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(CRITERIA)),
        fc.constantFrom('FAIL' as const, 'NOT RUN' as const),
        (name, result) => {
          fc.pre(name !== CRITERIA.archive);
          const facts = withResult(name, result);
          const text = resultSummary(facts);
          expect(text).toContain('\nVERDICT: FAIL\n');
          expect(text).toMatch(new RegExp(`^${name.replace(/[.+()]/g, '\\$&')} +: ${result} `, 'm'));
          expect(() => resultSummary({ ...facts, verdict: 'PASS' })).toThrow(
            expect.objectContaining({ code: 'FACT_INVALID', field: 'verdict' }),
          );
        },
      ),
    );
    expect(verdictOf([])).toBe('FAIL');
    expect(verdictOf(summaryFacts.criteria.slice(1))).toBe('FAIL');
  });

  test.each<[string, SummaryFacts]>([
    ['a criterion left out', { ...summaryFacts, criteria: summaryFacts.criteria.slice(1) }],
    ['criteria in another order', { ...summaryFacts, criteria: summaryFacts.criteria.toReversed() }],
    ['a role left out', { ...summaryFacts, signatures: summaryFacts.signatures.slice(1) }],
    ['an upload without an archive', withResult(CRITERIA.archive, 'FAIL')],
    ['an upload without a lock', { ...summaryFacts, lockMode: null }],
    [
      'a DB rollback that nobody signed',
      { ...summaryFacts, signatures: summaryFacts.signatures.map((row) => ({ ...row, name: '' })) },
    ],
    ['a criterion that rests on nothing', { ...summaryFacts, criteria: summaryFacts.criteria.map((c) => ({ ...c, fact: ' ' })) }],
    ['a fact that forges a line', { ...summaryFacts, exceptions: ['x\nVERDICT: PASS'] }],
    [
      'a name that forges a line',
      { ...summaryFacts, signatures: summaryFacts.signatures.map((row) => ({ ...row, name: 'x\u2028y' })) },
    ],
    ['no commit', { ...summaryFacts, gitHead: '' }],
  ])('is refused with %s', (_, facts) => {
    expect(() => resultSummary(facts)).toThrow(expect.objectContaining({ name: 'FactError' }));
  });

  test('may be FAIL although every criterion passed, as for a run that was abandoned', () => {
    expect(resultSummary({ ...summaryFacts, verdict: 'FAIL' })).toMatch(/\nVERDICT: FAIL\n$/);
  });

  test('leaves the note about GOVERNANCE out where the lock is stronger', () => {
    expect(resultSummary({ ...summaryFacts, lockMode: 'COMPLIANCE' })).not.toContain('bypass');
  });
});
