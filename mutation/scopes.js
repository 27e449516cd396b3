/**
 * What is mutated together, and the tests that have to notice: those nearest to the sources, and no others. Tests further away
 * would notice more, but a mutant that only they notice is a promise that stands in no test of its own. A scope whose mutants
 * could end other processes of this machine is `alone`.
 */
export const SCOPES = {
  config: { mutate: ['src/config/*.ts'], tests: ['test/config/*.test.ts'] },
  checkpoint: {
    mutate: ['src/evidence/checkpoint*.ts'],
    tests: ['test/evidence/checkpoint{,-answers,-findings,-form,-parser,-template}.test.ts'],
  },
  'sign-off': {
    mutate: ['src/evidence/picture-type.ts', 'src/evidence/sign-off/*.ts'],
    tests: ['test/evidence/{picture-type,sign-off/statement}.test.ts', 'test/evidence/verify/history-reader.test.ts'],
  },
  // Who may do what: of the machine's files those that judge people.
  people: {
    mutate: ['src/machine/{permissions,drivers,signatures,human-gate,pause}.ts', 'src/evidence/person.ts'],
    tests: ['test/machine/{permissions,human-gate,pause}.test.ts', 'test/evidence/person.test.ts'],
  },
  documents: {
    mutate: ['src/evidence/{canonical-json,fact-line,hash-chain,index-file,layout,manifest,result-summary,scope}.ts'],
    tests: ['test/evidence/{canonical-json,fact-line,hash-chain,index-file,layout,manifest,result-summary,scope}.test.ts'],
  },
  secrets: {
    mutate: ['src/evidence/{find-secrets,known-secrets,private-key-block,secret-patterns}.ts'],
    tests: ['test/evidence/{find-secrets,known-secrets,private-key-block,secret-patterns}.test.ts'],
  },
  redaction: {
    mutate: ['src/evidence/{redact-json,redaction,secret-scan}.ts'],
    tests: ['test/evidence/{redact-json,redaction,secret-scan}.test.ts'],
  },
  // Without secret-scan.memory.test.ts and secret-scan.archives.test.ts, which take a quarter of a minute each.
  scan: {
    mutate: [
      'src/evidence/{accepted-findings,container,content-scanner,digest-of,lint-scanner,opened,secret-data,secretlint}.ts',
    ],
    tests: [
      'test/evidence/{secret-data,secret-scan,secret-scan.rules}.test.ts',
      'test/actors/{scan-evidence,scanned-step}.test.ts',
    ],
  },
  attestation: {
    mutate: ['src/evidence/attestation/*.ts'],
    tests: [
      'test/evidence/attestation/{envelope,public-key,statement}.test.ts',
      'test/actors/attestation/timestamp-authority.test.ts',
    ],
  },
  directory: {
    mutate: ['src/evidence/{evidence-dir,evidence-error,local-evidence-dir,local-evidence-log,safe-path}.ts'],
    tests: ['test/evidence/{evidence-error,local-evidence-dir,local-evidence-log,safe-path}.test.ts'],
  },
  archive: { mutate: ['src/evidence/archive.ts'], tests: ['test/evidence/archive.test.ts'] },
  // Without test/evidence/verify/tamper.test.ts, whose 239 cases every mutant would have to go through.
  'verify-reader': {
    mutate: ['src/evidence/verify/{archive-reader,history-reader}.ts'],
    tests: ['test/evidence/verify/{archive-reader,history-reader}.test.ts'],
  },
  'verify-checks': {
    mutate: [
      'src/evidence/verify/{archive-checks,check,directory-checks,history-checks,readable,recorded-checks,sealed-archive}.ts',
      'src/evidence/verify/{sealed-state,verify-evidence}.ts',
    ],
    tests: ['test/evidence/verify/verify-evidence.test.ts'],
  },
  'verify-signatures': {
    mutate: ['src/evidence/verify/{attestation-checks,expiry-checks,sign-off-checks,signature-checks,timestamp-checks}.ts'],
    tests: ['test/evidence/verify/{verify-evidence,sign-off-checks,expiry-checks}.test.ts'],
  },
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
  upload: {
    mutate: [
      'src/actors/s3/{list-folder,lock-checks,locked-folder,mismatch,multipart-upload,parts,retention,uploads-at-key,version-pages}.ts',
    ],
    tests: ['test/actors/s3/{locked-object,locked-object-answers,parts,list-versions}.test.ts'],
  },
  signing: {
    mutate: ['src/actors/attest.ts', 'src/actors/attestation/*.ts', 'src/actors/sign-off/*.ts'],
    tests: [
      'test/actors/attest.test.ts',
      'test/actors/attestation/{signing-key,timestamp-authority}.test.ts',
      'test/actors/sign-off/ssh-keys.test.ts',
    ],
  },
  messages: { mutate: ['src/actors/notify/*.ts'], tests: ['test/actors/notify/post-message.test.ts'] },
  's3-service': {
    mutate: ['src/actors/s3/{client,probe-bucket}.ts', 'src/actors/sts.ts'],
    tests: ['test/actors/s3/{client,probe-bucket}.test.ts', 'test/actors/sts.test.ts'],
  },
  output: {
    mutate: ['src/actors/process/{find-command,last-line,quote-output,read-output}.ts'],
    tests: ['test/actors/process/{find-command,last-line,quote-output,read-output}.test.ts'],
  },
  // On a pretended /proc; test/actors/process/{process-group,orphans}.test.ts show the same with real processes.
  'process-group': {
    mutate: ['src/actors/process/{process-group,process-identity}.ts'],
    tests: ['test/actors/process/{pretended-proc,process-identity}.test.ts'],
  },
  process: {
    alone: true,
    mutate: ['src/actors/process/{run-process,watchdog}.ts'],
    tests: ['test/actors/process/{run-process,run-process-answers,orphans}.test.ts'],
  },
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
      'src/actors/{actor,scan-evidence,scanned-step,refuse-secrets,create-archive,ensure-archive,hash-archive,compute-retention,write-history}.ts',
    ],
    tests: [
      'test/actors/{actor,scan-evidence,scanned-step,refuse-secrets,create-archive,archive-on-disk,compute-retention,write-history}.test.ts',
    ],
  },
  worm: {
    mutate: ['src/actors/{upload-to-worm,verify-upload,publish-summary}.ts'],
    tests: ['test/actors/sealing.test.ts'],
  },
  gates: {
    mutate: ['src/actors/{run-rc-gates,rc-runner,capture-scope,prepare-checkpoint}.ts'],
    tests: ['test/actors/{run-rc-gates,capture-scope,prepare-checkpoint}.test.ts'],
  },
  // What only the doctor and the scripts of the repository need.
  tools: {
    mutate: ['src/actors/{clock-offset,git-version,scratch-directory}.ts', 'src/actors/s3/service-urls.ts'],
    tests: ['test/actors/{clock-offset,git-version,scratch-directory}.test.ts', 'test/actors/s3/service-urls.test.ts'],
  },
};

/** Nothing in them can be mutated: types, and names that are passed on. */
export const WITHOUT_MUTANTS = ['src/actors/index.ts', 'src/evidence/history-record.ts'];
