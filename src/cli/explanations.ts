import type { Place } from '../machine/steps.js';

/** What a place does and what to do when it fails, for whoever stands before it at night. */
export interface Explanation {
  readonly does: string;
  readonly onFailure: string;
}

/** Source: the runbook, its execution order and "Failure scenarios". */
export const PLACE_EXPLANATIONS: Readonly<Record<Place, Explanation>> = {
  preflight: {
    does: 'Checks pre-conditions 1-8 and the Required ENV, all of them, and reports all findings at once. Freezes settings and world (git HEAD, kube context and server, AWS account, bucket).',
    onFailure:
      'Nothing was touched. Mend what the checks name (cutover preflight shows them without a run), then: cutover start.',
  },
  capturingScope: {
    does: 'Writes who runs what, where, on which commit. Never an environment dump.',
    onFailure: 'Read the message: it is the disk or git. Then start anew.',
  },
  runningRcGates: {
    does: 'Runs the RC runner (DPP_RC_RUNNER, else the repository’s own); exit code 0 passes, anything else fails. All of its output is evidence.',
    onFailure:
      'Check 30_rc_gates.txt, fix the failing gate, then re-run from scratch: cutover start. A supervisor may have it judged again on the record: cutover override <run> --reason "...".',
  },
  runningStagingDryRun: {
    does: 'GET /healthz and /readyz of staging; P4.3: no ConfigMap and no SecretProviderClass of the namespace refers to production.',
    onFailure:
      'Check 40_staging_dry_run.txt: a finding names object and key. If staging refers to prod, fix it before anything else, then: cutover start.',
  },
  drillingAppRollback: {
    does: 'Rolls each deployment back to its previous ReplicaSet and sees it run. What ran before is recorded first, so that the drill can be gone on with after a crash.',
    onFailure:
      'Staging is restored by the next step in any case. Check 50_rollback_drill.txt, mend the cause, then a supervisor: cutover replay <run> --reason "...".',
  },
  restoringStaging: {
    does: 'Rolls each deployment forward again to what ran before the drill, and sees it run.',
    onFailure:
      'Deployments may still be rolled back. Look with kubectl rollout status; then: cutover replay <run> --from restoringStaging --reason "...". To leave them so: cutover abandon <run> --acknowledge-left-behind --reason "...".',
  },
  preparingCheckpoint: {
    does: 'Writes the form for the human DB restore verification and the folder for the screenshots.',
    onFailure: 'Read the message: it is the disk. Then: cutover replay <run> --reason "...".',
  },
  awaitingDbVerification: {
    does: 'The human pause (exit code 2, not a failure). A person restores the database into a target that is not production, runs the smoke queries, completes the form and signs; then whoever else the policy wants (cutover status <run>). Staging is free meanwhile.',
    onFailure:
      'When the restore failed: cutover sign-off <run> --reject --reason "...". After mending, a supervisor: cutover replay <run> --from awaitingDbVerification --reason "...".',
  },
  'sealing.scanning': {
    does: 'Looks for secrets in every file that will be archived (AC5), as after each step, but in all of them.',
    onFailure:
      'The message names file and line, never the secret. Make the secret invalid where it is used; a file that was signed must be signed again: cutover replay.',
  },
  'sealing.archiving': {
    does: 'Writes the history, the index and evidence.tar.gz; the signed files must be what was signed. The same evidence gives the same bytes.',
    onFailure:
      'SIGN_OFF_INVALIDATED goes back to the pause by itself: restore the file, or sign again. Otherwise mend the disk, then: cutover retry <run>.',
  },
  'sealing.hashing': {
    does: 'Computes the SHA-256 of the archive from the disk and compares it with the one of its writing.',
    onFailure: 'The archive on disk is not what was written: look at the disk, then: cutover retry <run>.',
  },
  'sealing.retention': {
    does: 'Computes retain-until once, in UTC: the same on every retry.',
    onFailure: 'Read the message, then: cutover retry <run>.',
  },
  'sealing.uploading': {
    does: 'Puts the archive into the WORM bucket with its lock. An upload of an earlier attempt is found and taken over: there is exactly one locked version.',
    onFailure:
      'Check 70_worm_upload_stdout.txt; verify bucket name, region, IAM permissions (s3:PutObject, s3:GetObjectVersion); then: cutover retry <run>. Expired credentials: log in again first.',
  },
  'sealing.verifying': {
    does: 'Reads back version, lock, retention and content, and writes the manifest.',
    onFailure:
      'Check 70_worm_upload_stdout.txt. A permission to read the lock that is missing fails as well. Then: cutover retry <run>.',
  },
  summarizing: {
    does: 'Derives 90_result_summary.txt from recorded facts and locks summary, manifest and the rest of the history beside the archive.',
    onFailure: 'The archive is locked already. Mend what the message names, then: cutover retry <run>.',
  },
};

/** Codes of this program that people meet, and what to do about them. */
export const CODE_EXPLANATIONS: Readonly<Record<string, string>> = {
  USAGE: 'The command line was not understood. The message names the word; cutover <command> --help has examples. Exit 64.',
  RUN_NOT_FOUND: 'No such run in this database. cutover list shows them; --db or CUTOVER_DB names another database. Exit 64.',
  RUN_FAILED: 'The run stands still for a person. cutover status <run> says why, and who may do what.',
  NOT_WAITING: 'Only a run at the human pause can be signed off or rejected.',
  NOT_SIGNED_OFF: 'The first DB restore verifier fixes what is signed: cutover sign-off <run>. Then the others: cutover sign.',
  SIGNED_OFF_ALREADY: 'A further signature that the policy wants is given with cutover sign <run> --role ROLE.',
  SIGNATURE_NOT_WANTED:
    'The frozen policy wants no further signature of that role. cutover status <run> shows whose are missing.',
  SIGNATURES_MISSING:
    'The run is signed off; by its policy others have to sign, too, before it is sealed: cutover sign <run> --role ROLE. Exit 2.',
  PERMISSION_REFUSED:
    'The policy that was frozen with the run does not let this person do that; the message names the rule and who may instead. With separation of duties one name, account or address in common is the same person, whatever --as says: everyone works under an account of their own, and the verifier gives the sign-off with cutover sign-off, not by the form that an operator resumes with.',
  NO_DRIFT: 'The world is what the run froze: cutover resume <run> goes on.',
  NOT_FAILED:
    'Only a run that failed while it was sealed, or at the scan of a step, is retried. cutover status <run> shows where it is.',
  LEASE_FREE: 'No process drives the run. Go on with cutover resume.',
  NOT_SEALED: 'What is handed to an auditor is what was sealed and locked; a run before that has nothing of it.',
  NOT_VERIFIED:
    'Evidence that does not verify is not packed for an auditor: the locked copies in the bucket are what counts then.',
  NOT_SEALABLE: 'Only a run that failed, was abandoned or superseded is sealed with the verdict FAIL.',
  CHECKPOINT_INCOMPLETE:
    'The human gate is closed: every finding has its file and line. Complete them, then cutover resume <run>. Exit 2.',
  SIGN_OFF_WITHDRAWN:
    'A signed file changed, or a replay went back behind the signature. The verifier signs again: cutover sign-off <run>. Exit 2.',
  CLAIMED:
    'Another verifier has taken the human gate upon himself. Agree with him, or release it on the record: cutover release <run> --reason "...". Exit 75.',
  NOT_CLAIMED: 'Nobody holds the human gate: there is nothing to give back. cutover claim <run> takes it.',
  SIGNATURE_REQUIRED:
    'The policy wants the signature of a listed key. cutover sign-off <run> --sign-with FILE, or --request and --response for a key elsewhere. Exit 2.',
  SIGNATURE_REFUSED:
    'The signature is not one of a listed key over a statement of this run as it is now. The message says what differs; have it signed anew.',
  SIGN_OFF_KEY_UNUSABLE:
    'The key of --sign-with cannot sign; ssh-keygen says why. A key with a passphrase: add it to ssh-agent, and name its .pub file.',
  SIGN_OFF_LEFT:
    'The questions were left half way; the answers are in the form. cutover sign-off <run> goes on with them. Exit 2.',
  SIGN_OFF_INVALIDATED:
    'Between signature and archive a signed file changed. The run went back to the pause; restore the file, or sign again.',
  DRIFT:
    'Commit, cluster, account, bucket, a variable, the configuration file or the policy is another one than at start. Put it back, or on the record: --accept-drift "<reason>", or a supervisor: cutover accept-drift <run>. A changed policy that is accepted does not come into force: the frozen one stays.',
  SETTINGS_FILE_INVALID:
    'The configuration or the policy cannot be taken as it is; each fault is named with its line. Mend it: nothing was changed. Exit 64.',
  REPLAY_REFUSED: 'The message says why this place cannot be replayed. cutover replay <run> --dry-run shows what could.',
  STAGING_DIRTY:
    'An older run may have left deployments rolled back. Restore staging with its replay, or abandon it with the acknowledgement.',
  EVENT_REFUSED: 'The run is in a state that does not take this decision. The message names those it takes.',
  LEASE_HELD: 'Another process drives the run; it is named. cutover watch <run> follows it. Exit 75.',
  LEASE_LOST: 'Another driver took the run over; this one wrote nothing more. cutover watch <run>. Exit 75.',
  ENVIRONMENT_HELD: 'Another run uses the same staging environment. Let it reach its pause, or end it. Exit 75.',
  CYCLE_TAKEN:
    'Another run of the same environment and commit is open or completed, and the runbook is executed once per deployment cycle. Go on with that one, or end it; once more on the record: cutover start --again --reason "...". A run that failed comes back only when the other one is ended.',
  INTERRUPTED: 'Stopped by a signal: no failure. cutover resume <run> goes on. Exit 129, 130 or 143.',
  STEP_TIMED_OUT: 'A step took longer than it may; its children were ended. Limits: cutover explain <step>.',
  SNAPSHOT_INCOMPATIBLE: 'The run was written by another version of the machine. Go on with that version.',
  STORE_UNAVAILABLE: 'The database cannot be used; the message says why. cutover doctor looks at it.',
  SECRET_FOUND:
    'A secret stands in evidence. File, line and rule are named; make it invalid where it is used, then replay the step. If it is none, a supervisor says so: cutover accept-finding; then cutover retry <run> makes the scan again, not the step.',
  VERDICT_LOCKED:
    'The run has a verdict that may be locked in the bucket already, so it is not abandoned. Finish it: cutover retry <run>, or cutover resume <run>.',
  FINDING_REFUSED:
    'The finding is not there as it was named, or it is the value of a variable, which is never accepted. The message lists what the scan finds.',
  PREFLIGHT_FAILED:
    'Pre-conditions do not hold; each is listed with its advice. Mend them (cutover preflight), then: cutover start.',
  RC_GATES_FAILED: 'A release gate failed. Check 30_rc_gates.txt, fix the gate, then a new run: cutover start.',
  STAGING_CHECK_FAILED:
    'Staging is not healthy, or refers to production. Check 40_staging_dry_run.txt, fix it, then: cutover start.',
  DRILL_NOT_POSSIBLE:
    'A deployment is missing, unsettled, paused, scaled to 0, or has nothing to go back to. Nothing was touched.',
  DRILL_THIRD_PARTY: 'Somebody else rolled out during the drill. Find out who; staging is restored where that is still possible.',
  DRILL_NOT_PROVEN: 'Staging is restored, but the rollback was not seen. Replay drillingAppRollback, or start a new run.',
  RESTORE_THIRD_PARTY:
    'A deployment runs somebody else’s release and was left so. Agree with them, then replay restoringStaging.',
  RESTORE_FAILED: 'A deployment could not be rolled forward. Look with kubectl rollout status, then replay restoringStaging.',
  VERIFICATION_REJECTED:
    'The verifier says that the database restore failed. Mend it; a supervisor then replays awaitingDbVerification.',
  GATE_EXPIRED:
    'Not all who must had signed when the time of the policy (pause.expires_after_hours) was over. A supervisor opens the gate again, for as long: cutover replay <run> --from awaitingDbVerification --reason "...".',
  EVIDENCE_CHANGED:
    'A file of evidence is not as its step left it, or changed while it was archived. Find out who writes there, restore it, then: cutover retry <run>.',
  WORM_VERIFY_FAILED:
    'What S3 returns is not what was asked for; field, expected and found are named. Do not trust the object before it is clear.',
  S3_ACCESS_DENIED: 'AWS refuses; the missing permission is named where it is known. Grant it, then go on as the run says.',
  S3_NO_SUCH_BUCKET: 'The bucket does not exist for these credentials. Check DPP_WORM_BUCKET, the region and the account.',
  S3_CREDENTIALS_EXPIRED: 'Log in again (aws sso login --profile <profile>), then go on as the run says.',
  S3_KEY_OCCUPIED:
    'Something else lies at the key, and nothing was uploaded. It is locked or not ours: look at its versions first.',
  KUBECTL_MISSING: 'kubectl is not on the PATH. Install 1.20 or newer.',
  KUBECTL_FORBIDDEN: 'The cluster refuses. See what you may do in the namespace: kubectl auth can-i --list.',
  KUBECTL_UNREACHABLE: 'The cluster does not answer. Check network, VPN, proxy and the server of the context.',
};
