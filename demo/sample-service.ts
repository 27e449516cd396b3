import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PILOT_SERVICE, type SeededService } from '../test/services/kubernetes/pilot.js';
import type { RepositoryPlan } from './repository.js';

/** A service that is cut over on the stand-ins: its repository, its staging, and what its operator exports. */
export interface SampleService {
  readonly staging: SeededService & { readonly namespace: string };
  readonly repository: RepositoryPlan & { readonly name: string };
  /** From the repository. */
  readonly evidenceRoot: string;
  readonly profile: string;
  readonly region: string;
  readonly bucket: string;
  /** What is exported besides `DPP_STAGING_BASE_URL`, which is a stand-in's. */
  variables(bucket: string): Readonly<Record<string, string>>;
}

/** The commits that the pilot's pre-condition 2 asks for. */
const PHASE_COMMITS = ['Phase 6.1: data isolation', 'Phase 6.2: rollback scripts', 'Phase 6.3: release gates'];

const RC_RUNNER = `#!/bin/sh
# Stands for the platform's release-candidate gates.
set -eu
for gate in RC-1 RC-2 RC-3 RC-4 RC-5; do
  echo "[$gate] running"
  sleep 0.1
  echo "[$gate] PASS"
done
echo "All RC gates passed."
`;

/** The pilot, as the runbook has it: everything is exported. */
export const PILOT: SampleService = {
  staging: { ...PILOT_SERVICE, namespace: 'dpp-staging' },
  repository: {
    name: 'decisionwise_api_platform',
    branch: 'phase6-preflight',
    commits: PHASE_COMMITS,
    async addFiles(directory) {
      const runner = join(directory, 'dpp/tools/rc_double_then_ci_then_archive.sh');
      await mkdir(dirname(runner), { recursive: true });
      await writeFile(runner, RC_RUNNER);
      await chmod(runner, 0o755);
    },
  },
  evidenceRoot: 'dpp/evidence/phase6_4_cutover',
  profile: 'dpp-admin',
  region: 'ap-northeast-2',
  bucket: 'dpp-audit-worm-demo',
  variables: (bucket) => ({
    AWS_PROFILE: 'dpp-admin',
    AWS_REGION: 'ap-northeast-2',
    DPP_WORM_BUCKET: bucket,
    DPP_WORM_PREFIX: 'evidence/cutover',
    DPP_WORM_OBJECT_LOCK_MODE: 'GOVERNANCE',
    DPP_WORM_RETENTION_DAYS: '365',
    DPP_K8S_NAMESPACE: 'dpp-staging',
    CUTOVER_REQUIRED_COMMITS: PHASE_COMMITS.join('\n'),
  }),
};

/** Another service, out of examples/orders: its files say everything. `examples` is the folder of the samples. */
export function ordersService(examples: string): SampleService {
  return {
    staging: { name: 'orders', deployments: ['orders-web', 'orders-jobs'], namespace: 'orders-staging' },
    repository: {
      name: 'orders_platform',
      branch: 'release',
      commits: ['Orders: split the ledger by region', 'Orders: invoices are idempotent'],
      addFiles: (directory) => cp(join(examples, 'orders'), directory, { recursive: true }),
    },
    evidenceRoot: 'evidence/orders_cutover',
    profile: 'orders-release',
    region: 'eu-central-1',
    bucket: 'orders-audit-worm',
    variables: () => ({}),
  };
}
