/**
 * What is mutated together, and the tests that have to notice: those nearest to the sources, and no others. Tests further away
 * would notice more, but a mutant that only they notice is a promise that stands in no test of its own.
 */
export const SCOPES = {
  config: { mutate: ['src/config/*.ts'], tests: ['test/config/*.test.ts'] },
  evidence: { mutate: ['src/evidence/*.ts'], tests: ['test/evidence/*.test.ts'] },
  s3: { mutate: ['src/actors/s3/*.ts', 'src/actors/sts.ts'], tests: ['test/actors/s3/*.test.ts', 'test/actors/sts.test.ts'] },
  process: { mutate: ['src/actors/process/*.ts'], tests: ['test/actors/process/*.test.ts'] },
  // What staging's objects say, read from lists in memory; then what asks the cluster and the service for them.
  'staging-objects': {
    mutate: ['src/actors/staging/{config-maps,object-names,production-in-text,secret-provider-classes}.ts'],
    tests: ['test/actors/staging/{config-maps,object-names,production-in-text,secret-provider-classes}.test.ts'],
  },
  staging: {
    mutate: ['src/actors/staging/{health,repository-script,single-context-kubeconfig}.ts', 'src/actors/run-staging-dry-run.ts'],
    tests: ['test/actors/staging/{health,repository-script,single-context-kubeconfig,dry-run}.test.ts'],
  },
  // On a cluster in memory, and with a pretended kubectl; test/actors/drill-and-restore.test.ts shows the same with the real one.
  drill: {
    mutate: ['src/actors/drill/*.ts'],
    tests: ['test/actors/drill/{deployments,plan,roll-to}.test.ts'],
  },
  'drill-steps': {
    mutate: ['src/actors/{drill-app-rollback,restore-staging}.ts'],
    tests: ['test/actors/drill/{drill-app-rollback,restore-staging}.test.ts'],
  },
  // Without test/actors/kubectl.test.ts, which shows that the real kubectl on a cluster behaves so.
  kubectl: {
    mutate: ['src/actors/{kubectl,kubectl-call,kubeconfig}.ts'],
    tests: ['test/actors/{kubectl-call,kubeconfig}.test.ts'],
  },
  'kubectl-error': { mutate: ['src/actors/kubectl-error.ts'], tests: ['test/actors/kubectl-error.test.ts'] },
  // With a pretended git; test/actors/git.test.ts shows that the real one answers so.
  git: { mutate: ['src/actors/git.ts'], tests: ['test/actors/git-answers.test.ts'] },
  preconditions: {
    mutate: ['src/actors/preconditions/*.ts'],
    tests: ['test/actors/preconditions/{aws,files,kube-context,precondition,repository}.test.ts'],
  },
  // On a pretended world; test/actors/check-preconditions.test.ts shows the same with the real tools.
  world: {
    mutate: ['src/actors/{check-preconditions,observe-world}.ts'],
    tests: ['test/actors/preconditions/all.test.ts', 'test/actors/observe-world.test.ts'],
  },
  sealing: {
    mutate: [
      'src/actors/{actor,scan-evidence,refuse-secrets,create-archive,ensure-archive,hash-archive,compute-retention}.ts',
      'src/actors/{upload-to-worm,verify-upload,publish-summary,write-history}.ts',
    ],
    tests: ['test/actors/create-archive.test.ts', 'test/actors/sealing*.test.ts'],
  },
  gates: {
    mutate: ['src/actors/{run-rc-gates,rc-runner,capture-scope,prepare-checkpoint}.ts'],
    tests: ['test/actors/{run-rc-gates,capture-scope,prepare-checkpoint}.test.ts'],
  },
};
