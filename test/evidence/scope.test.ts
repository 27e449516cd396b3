import { describe, expect, test } from '@jest/globals';
import { scopeText } from '../../src/evidence/scope.js';
import { scopeFacts } from './summary-example.js';

describe('the scope', () => {
  test('is, word for word', () => {
    expect(scopeText(scopeFacts)).toBe(`Phase 6.4 — Pilot Cutover Run — SCOPE
================================================
Service:       dpp
Timestamp:     2026-02-21T12:00:01Z
Hostname:      ops.example.com
Git HEAD:      a94a8fe5ccb19ba61c4c0873d391e987982fbbd3
Git branch:    phase6-preflight
Runner:        cutover 0.1.0
RC_RUNNER:     dpp/tools/rc_double_then_ci_then_archive.sh
STAGING_URL:   https://staging.api.dpp.example.com
K8S context:   dpp-staging
K8S server:    https://k8s.staging.example.com:6443
K8S namespace: dpp-staging
Operator:      operator@example.com
AWS account:   123456789012
AWS region:    ap-northeast-2
Chain id:      60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
Git status (porcelain):
  (clean)
`);
  });

  test('names the change ticket where there is one', () => {
    expect(scopeText({ ...scopeFacts, changeTicket: 'CHG-1234' })).toContain('\nService:       dpp\nChange ticket: CHG-1234\n');
  });

  test('shows what git status said', () => {
    expect(scopeText({ ...scopeFacts, gitStatus: ' M a.txt\n?? b.txt\n' })).toMatch(
      /\(porcelain\):\n {3}M a\.txt\n {2}\?\? b\.txt\n$/,
    );
  });

  test.each(Object.keys(scopeFacts).filter((field) => field !== 'gitStatus'))(
    'is refused when %s is empty or has two lines',
    (field) => {
      const refused = (fault: string) => expect.objectContaining({ document: 'scope', field, fault });
      for (const blank of ['', ' ']) expect(() => scopeText({ ...scopeFacts, [field]: blank })).toThrow(refused('is empty'));
      expect(() => scopeText({ ...scopeFacts, [field]: 'a\nb' })).toThrow(refused('has more than one line'));
    },
  );
});
