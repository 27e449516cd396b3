import type { ScopeFacts } from '../../src/evidence/scope.js';
import type { ResultSummary } from '../../src/config/step-contracts.js';
import { CRITERIA, SIGN_OFF_ROLES } from '../../src/evidence/result-summary.js';

const passed = (name: string, fact: string) => ({ name, result: 'PASS' as const, fact });

/** Facts of a run that passed, consistent with each other. */
export const summaryFacts: ResultSummary = {
  title: 'Phase 6.4 — Pilot Cutover Run',
  changeTicket: null,
  timestamp: '2026-02-21T12:05:06Z',
  evidenceDir: 'dpp/evidence/phase6_4_cutover/20260221T120000Z',
  gitHead: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
  criteria: [
    passed(CRITERIA.rcGates, '30_rc_gates.txt'),
    passed(CRITERIA.stagingDryRun, '40_staging_dry_run.txt'),
    passed(CRITERIA.rollbackDrill, '50_rollback_drill.txt'),
    passed(CRITERIA.dbRollback, '55_db_rollback_human_checkpoint.txt'),
    passed(CRITERIA.archive, 'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'),
    passed(CRITERIA.wormUpload, 'version 3sL4kqtJlcpXroDTDmJ, GOVERNANCE until 2027-02-21T12:05:02Z'),
    passed(CRITERIA.noSecrets, '12 files scanned'),
  ],
  exceptions: [],
  signatures: [
    { role: SIGN_OFF_ROLES.operator, name: 'operator@example.com', date: '2026-02-21', signature: 'automated' },
    { role: SIGN_OFF_ROLES.dbRestoreVerifier, name: 'verifier@example.com', date: '2026-02-21', signature: 'asserted' },
    { role: SIGN_OFF_ROLES.sreLead, name: '', date: '', signature: '' },
    { role: SIGN_OFF_ROLES.engineeringLead, name: '', date: '', signature: '' },
  ],
  lockMode: 'GOVERNANCE',
  policy: 'none: separation of duties not enforced',
  attestation: '65_attestation.dsse.json (not signed: no CUTOVER_SIGN_WITH was set)',
  verdict: 'PASS',
};

export const scopeFacts: ScopeFacts = {
  title: 'Phase 6.4 — Pilot Cutover Run',
  service: 'dpp',
  changeTicket: null,
  timestamp: '2026-02-21T12:00:01Z',
  hostname: 'ops.example.com',
  gitHead: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
  gitBranch: 'phase6-preflight',
  gitStatus: '',
  runner: 'cutover 0.1.0',
  rcRunner: 'dpp/tools/rc_double_then_ci_then_archive.sh',
  stagingUrl: 'https://staging.api.dpp.example.com',
  kubeContext: 'dpp-staging',
  kubeServer: 'https://k8s.staging.example.com:6443',
  namespace: 'dpp-staging',
  operator: 'operator@example.com',
  awsAccount: '123456789012',
  awsRegion: 'ap-northeast-2',
  chainId: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
};
