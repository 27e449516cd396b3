import { join } from 'node:path';
import type { Settings, World } from '../../../src/config/settings.js';
import type { StagingInput } from '../../../src/config/step-contracts.js';
import { QUICK_KUBECTL } from '../../services/kubernetes/kubectl.js';
import { startKubernetes, type KubernetesOptions, type RunningKubernetes } from '../../services/kubernetes/start.js';
import { createTestContext, type TestContext, type TestContextOverrides } from '../actor-context.js';

/** A stand-in cluster, and what an actor is given to work on it. */
export interface StagingEnvironment {
  readonly kubernetes: RunningKubernetes;
  readonly context: TestContext;
  /** Another attempt's context on the same cluster. */
  nextContext(overrides?: TestContextOverrides): Promise<TestContext>;
  input(settings?: Partial<Settings>): StagingInput;
  stop(): Promise<void>;
}

export async function startStagingEnvironment(options: KubernetesOptions = {}): Promise<StagingEnvironment> {
  const kubernetes = await startKubernetes({ timing: { observeMs: 10, rolloutMs: 60 }, ...options });
  const contexts: TestContext[] = [];
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] ?? '', ...QUICK_KUBECTL };
  const nextContext = async (overrides: TestContextOverrides = {}) => {
    const context = await createTestContext({ env, ...overrides });
    contexts.push(context);
    return context;
  };
  const context = await nextContext();
  const kubeconfig = join(context.folder, 'kubeconfig');
  await kubernetes.writeKubeconfig(kubeconfig);
  env['KUBECONFIG'] = kubeconfig;
  env['HOME'] = context.folder;
  return {
    kubernetes,
    context,
    nextContext,
    input: (settings) => ({ settings: { ...baseSettings(context.folder), ...settings }, world: worldOf(kubernetes.url) }),
    stop: async () => {
      kubernetes.stop();
      for (const each of contexts) await each.remove();
    },
  };
}

function baseSettings(directory: string): Settings {
  return {
    directory,
    evidenceRoot: join(directory, 'evidence'),
    branches: ['main'],
    requiredCommits: [],
    commitsOk: 'a test',
    contextOk: null,
    awsProfile: null,
    awsRegion: 'ap-northeast-2',
    bucket: 'dpp-audit-worm-test',
    bucketOwner: null,
    prefix: 'evidence/cutover',
    keyFolder: 'phase6_4_cutover',
    lockMode: 'GOVERNANCE',
    retentionDays: 365,
    stagingBaseUrl: 'http://127.0.0.1:9',
    namespace: 'dpp-staging',
    binaryConfigMapKeys: [],
    rcRunner: join(directory, 'rc.sh'),
    deployments: ['dpp-api', 'dpp-worker', 'dpp-reaper'],
    stagingDryRunScript: null,
    rollbackDrillScript: null,
    signWith: null,
    tsaUrl: null,
    changeTicket: null,
  };
}

function worldOf(kubeServer: string): World {
  return {
    gitHead: '0'.repeat(40),
    gitBranch: 'main',
    gitStatus: 'clean',
    rcRunnerSha256: 'b'.repeat(64),
    kubeContext: 'dpp-staging',
    kubeServer,
    awsAccount: '000000000000',
    awsArn: 'arn:aws:iam::000000000000:user/operator',
    awsRegion: 'ap-northeast-2',
    bucket: 'dpp-audit-worm-test',
    awsEndpointUrl: null,
    awsEndpointUrlS3: null,
    awsEndpointUrlSts: null,
    signerKeyId: null,
    settingsSha256: '0'.repeat(64),
  };
}
