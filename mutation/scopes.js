/**
 * What is mutated together, and the tests that have to notice: those nearest to the sources, and no others. Tests further away
 * would notice more, but a mutant that only they notice is a promise that stands in no test of its own. A scope whose mutants
 * could end other processes of this machine is `alone`.
 */
export const SCOPES = {
  config: { mutate: ['src/config/*.ts'], tests: ['test/config/*.test.ts'] },
  evidence: { mutate: ['src/evidence/*.ts'], tests: ['test/evidence/*.test.ts'] },
  s3: {
    mutate: [
      'src/actors/s3/{errors,credentials,session,list-versions,compare-version,locked-object}.ts',
      'src/actors/sts-error.ts',
    ],
    tests: [
      'test/actors/s3/{errors,credentials,session,list-versions,compare-version,locked-object-answers}.test.ts',
      'test/actors/sts-error.test.ts',
    ],
  },
  's3-service': {
    mutate: ['src/actors/s3/{client,probe-bucket}.ts', 'src/actors/sts.ts'],
    tests: ['test/actors/s3/{client,probe-bucket}.test.ts', 'test/actors/sts.test.ts'],
  },
  output: {
    mutate: ['src/actors/process/{find-command,last-line,quote-output,read-output}.ts'],
    tests: ['test/actors/process/{find-command,last-line,quote-output,read-output}.test.ts'],
  },
  process: {
    alone: true,
    mutate: ['src/actors/process/{process-group,process-identity,run-process,watchdog}.ts'],
    tests: ['test/actors/process/{orphans,process-group,process-identity,run-process}.test.ts'],
  },
  staging: {
    mutate: ['src/actors/staging/*.ts', 'src/actors/run-staging-dry-run.ts'],
    tests: ['test/actors/staging/*.test.ts', 'test/actors/run-staging-dry-run.test.ts'],
  },
  drill: {
    mutate: ['src/actors/drill/*.ts', 'src/actors/drill-app-rollback.ts', 'src/actors/restore-staging.ts'],
    tests: ['test/actors/drill/*.test.ts', 'test/actors/drill-and-restore.test.ts'],
  },
  kubectl: { mutate: ['src/actors/kube*.ts'], tests: ['test/actors/kube*.test.ts'] },
  preconditions: {
    mutate: [
      'src/actors/preconditions/*.ts',
      'src/actors/check-preconditions.ts',
      'src/actors/observe-world.ts',
      'src/actors/git.ts',
    ],
    tests: [
      'test/actors/check-preconditions.test.ts',
      'test/actors/preconditions/*.test.ts',
      'test/actors/observe-world.test.ts',
      'test/actors/git.test.ts',
    ],
  },
  sealing: {
    mutate: [
      'src/actors/{actor,scan-evidence,refuse-secrets,create-archive,ensure-archive,hash-archive,compute-retention,write-history}.ts',
    ],
    tests: [
      'test/actors/{actor,scan-evidence,refuse-secrets,create-archive,archive-on-disk,compute-retention,write-history}.test.ts',
    ],
  },
  worm: {
    mutate: ['src/actors/{upload-to-worm,verify-upload,publish-summary}.ts'],
    tests: ['test/actors/sealing.test.ts'],
  },
  gates: {
    mutate: ['src/actors/{run-rc-gates,capture-scope,prepare-checkpoint}.ts'],
    tests: ['test/actors/{run-rc-gates,capture-scope,prepare-checkpoint}.test.ts'],
  },
};
