import type { Settings, World } from '../../src/config/settings.js';

/** Valid settings of a run for tests; none of what they name exists. */
export function testSettings(changes: Partial<Settings> = {}): Settings {
  return {
    directory: '/repository',
    evidenceRoot: '/repository/dpp/evidence/phase6_4_cutover',
    branches: ['phase6-preflight', 'main'],
    requiredCommits: [],
    commitsOk: null,
    contextOk: null,
    awsProfile: null,
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
    rcRunner: '/repository/dpp/tools/rc_double_then_ci_then_archive.sh',
    deployments: ['dpp-api', 'dpp-worker', 'dpp-reaper'],
    stagingDryRunScript: null,
    rollbackDrillScript: null,
    signWith: null,
    tsaUrl: null,
    changeTicket: null,
    ...changes,
  };
}

export function testWorld(changes: Partial<World> = {}): World {
  return {
    gitHead: 'a'.repeat(40),
    gitBranch: 'phase6-preflight',
    gitStatus: 'clean',
    rcRunnerSha256: 'b'.repeat(64),
    kubeContext: 'dpp-staging',
    kubeServer: 'https://k8s.staging.example.com',
    awsAccount: '000000000000',
    awsArn: 'arn:aws:sts::000000000000:assumed-role/dpp-admin/operator',
    awsRegion: 'ap-northeast-2',
    bucket: 'dpp-audit-worm-staging',
    awsEndpointUrl: null,
    awsEndpointUrlS3: null,
    awsEndpointUrlSts: null,
    signerKeyId: null,
    settingsSha256: '0'.repeat(64),
    ...changes,
  };
}
