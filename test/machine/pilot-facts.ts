import { NO_POLICY, type Policy } from '../../src/config/policy.js';
import { PILOT_SITE } from '../../src/config/site.js';
import type { RunRequest, Settings, World } from '../../src/config/settings.js';
import type { AttemptFailure, DrillPlan } from '../../src/config/step-contracts.js';
import type { Identity } from '../../src/evidence/history-record.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import type { PilotInput, SignOff, StepFacts } from '../../src/machine/context.js';
import type { Countersignature } from '../../src/machine/signatures.js';
import type { StepName } from '../../src/machine/steps.js';

export const RUN = '20260221T120000Z';
export const STARTED_AT = '2026-02-21T12:00:00.250Z';

export const operator: Identity = {
  user: 'operator',
  host: 'ops.example.com',
  email: 'operator@example.com',
  level: 'asserted',
};
export const supervisor: Identity = { ...operator, user: 'supervisor', email: 'supervisor@example.com' };
export const engine: Identity = { ...operator, level: 'engine' };

const pause = { expiresAfterHours: 48, remindAfterHours: [12, 24] };

export const request: RunRequest = {
  directory: '/srv/platform',
  evidenceRoot: '/srv/platform/dpp/evidence/phase6_4_cutover',
  variables: { DPP_WORM_BUCKET: 'dpp-audit-worm-staging', DPP_STAGING_BASE_URL: 'https://staging.api.dpp.example.com' },
  contextOk: null,
  commitsOk: null,
  again: null,
  policyFile: '/srv/platform/cutover.policy.yaml',
  policy: { ...NO_POLICY, pause },
  channels: ['webhook'],
  site: PILOT_SITE,
  configFile: null,
  origins: {},
};

export function pilotInput(changes: Partial<RunRequest> = {}): PilotInput {
  return {
    runId: RUN,
    at: STARTED_AT,
    operator,
    evidenceDir: `${request.evidenceRoot}/${RUN}`,
    request: { ...request, ...changes },
  };
}

export const settings: Settings = {
  directory: request.directory,
  evidenceRoot: request.evidenceRoot,
  branches: ['phase6-preflight', 'main'],
  requiredCommits: ['phase-6.3'],
  commitsOk: null,
  contextOk: null,
  awsProfile: 'dpp-admin',
  awsRegion: 'ap-northeast-2',
  bucket: 'dpp-audit-worm-staging',
  bucketOwner: null,
  prefix: 'evidence/cutover',
  keyFolder: 'phase6_4_cutover',
  lockMode: 'GOVERNANCE',
  retentionDays: 365,
  stagingBaseUrl: 'https://staging.api.dpp.example.com',
  namespace: 'dpp-staging',
  binaryConfigMapKeys: [],
  rcRunner: '/srv/platform/dpp/tools/rc_double_then_ci_then_archive.sh',
  deployments: ['dpp-api', 'dpp-worker', 'dpp-reaper'],
  stagingDryRunScript: null,
  rollbackDrillScript: null,
  signWith: null,
  tsaUrl: null,
  changeTicket: null,
};

export const world: World = {
  gitHead: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
  gitBranch: 'phase6-preflight',
  gitStatus: 'clean',
  rcRunnerSha256: 'b'.repeat(64),
  kubeContext: 'dpp-staging',
  kubeServer: 'https://k8s.staging.example.com:6443',
  awsAccount: '123456789012',
  awsArn: 'arn:aws:sts::123456789012:assumed-role/dpp-admin/operator',
  awsRegion: 'ap-northeast-2',
  bucket: 'dpp-audit-worm-staging',
  awsEndpointUrl: null,
  awsEndpointUrlS3: null,
  awsEndpointUrlSts: null,
  signerKeyId: null,
  settingsSha256: 'a'.repeat(64),
};

export const driftedWorld: World = { ...world, kubeServer: 'https://k8s-2.staging.example.com:6443' };

export const plan: DrillPlan = {
  deployments: settings.deployments.map((name) => ({
    name,
    original: { uid: `${name}-uid-8`, name: `${name}-8`, podTemplateHash: '8', images: [`${name}:8`], revision: 8 },
    target: { uid: `${name}-uid-7`, name: `${name}-7`, podTemplateHash: '7', images: [`${name}:7`], revision: 7 },
  })),
};

const retainUntil = '2027-02-21T12:05:02Z';
const drilled = (end: 'original' | 'target') => ({
  deployments: plan.deployments.map(({ name, [end]: replicaSet }) => ({
    name,
    uid: replicaSet.uid,
    podTemplateHash: replicaSet.podTemplateHash,
    revision: 9,
    undone: true,
  })),
});

/** What each step would have proven in a run that goes well. */
export const facts: { readonly [S in StepName]: StepFacts<S> } = {
  preflight: {
    checks: [{ name: 'kubectl', ok: true, message: 'context dpp-staging', advice: null }],
    settings,
    world,
    environment: `${world.kubeServer}/${settings.namespace}`,
    signer: null,
  },
  capturingScope: { file: EVIDENCE.scope },
  runningRcGates: { runner: settings.rcRunner, exitCode: 0, durationMs: 44_000, outputBytes: 18_000 },
  runningStagingDryRun: { checks: [], configMaps: 4, secretProviderClasses: 2 },
  drillingAppRollback: drilled('target'),
  restoringStaging: drilled('original'),
  preparingCheckpoint: { file: EVIDENCE.checkpoint, directory: EVIDENCE.screenshots },
  'sealing.scanning': { filesScanned: 12, bytesScanned: 48_000 },
  'sealing.archiving': {
    sha256: 'b'.repeat(64),
    size: 24_000,
    files: 12,
    chainHead: 'c'.repeat(64),
  },
  'sealing.hashing': { sha256: 'b'.repeat(64), size: 24_000 },
  'sealing.retention': { retainUntil, generatedAt: '2026-02-21T12:05:02Z' },
  'sealing.uploading': {
    versionId: '3sL4kqtJlcpXroDTDmJ',
    etag: '"b1946ac92492d2347c6235b4d2611184"',
    adopted: false,
    checksum: 'nEUH4MB9t/tg3v3VKWCDG3jgzhV4sfqSRjtPP3rHAbI=-1',
  },
  'sealing.verifying': { lockMode: 'GOVERNANCE', retainUntil, contentVerifiedBy: 'checksum-sha256' },
  summarizing: { verdict: 'PASS', objects: [] },
};

export const signOff: SignOff = {
  runId: RUN,
  role: 'db-restore-verifier',
  meaning: 'The database was restored into a target that is not production.',
  seq: 8,
  signer: 'verifier@example.com',
  date: '2026-02-21',
  level: 'asserted',
  files: { [EVIDENCE.scope]: 'd'.repeat(64), [EVIDENCE.checkpoint]: 'e'.repeat(64) },
};

export const countersignature: Countersignature = { ...signOff, role: 'sre-lead', signer: 'sre@example.com', seq: 9 };

/** A policy that wants a lead's signature, too, and lets everyone do everything. */
export const LEAD_SIGNS: Policy = {
  ...NO_POLICY,
  pause,
  sha256: 'c'.repeat(64),
  roles: { ...NO_POLICY.roles, 'sre-lead': { members: null, minimumLevel: 'asserted', quorum: 1 } },
};

export function attemptFailure(code: string, transient = false): AttemptFailure {
  return { code, message: `${code}: what happened and what to do`, details: null, transient };
}
