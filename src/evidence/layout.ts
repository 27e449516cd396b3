/** The id of a run, which its directory is named after: `YYYYMMDDTHHMMSSZ`. Source: the runbook. */
export const RUN_ID = /^\d{8}T\d{6}Z$/;

/**
 * The names of a run's evidence files. Source: the runbook, "Evidence Structure"; the files it does not name
 * (10, 57, 58, 59, 65, 80) are ours.
 */
export const EVIDENCE = {
  scope: '00_scope.txt',
  preflight: '10_preflight.json',
  rcGates: '30_rc_gates.txt',
  stagingDryRun: '40_staging_dry_run.txt',
  rollbackDrill: '50_rollback_drill.txt',
  checkpoint: '55_db_rollback_human_checkpoint.txt',
  screenshots: '56_db_restore_screenshots',
  secretScan: '57_secret_scan.json',
  history: '58_history.ndjson',
  index: '59_index.sha256',
  manifest: '60_evidence_seal_manifest.json',
  attestation: '65_attestation.dsse.json',
  timestamp: '65_attestation.tsr',
  uploadLog: '70_worm_upload_stdout.txt',
  historyTail: '80_history_after_seal.ndjson',
  summary: '90_result_summary.txt',
  archive: 'evidence.tar.gz',
  archiveDigest: 'evidence.tar.gz.sha256',
} as const;

/** The name under which the log of an earlier attempt is kept: `30_rc_gates.txt` -> `30_rc_gates.attempt-1.txt`. */
export function attemptLogName(name: string, attempt: number): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? `${name}.attempt-${attempt}` : `${name.slice(0, dot)}.attempt-${attempt}${name.slice(dot)}`;
}

/**
 * The name under which a log is kept when an attempt of `step` begins it anew. `writers`: all attempts that wrote to it before. Several
 * steps may have: then only the attempts of that step count.
 */
export function keptLogName(
  name: string,
  writers: readonly { readonly step: string; readonly attempt: number }[],
  step: string,
): string {
  const ofOneStep = writers.every((writer) => writer.step === writers[0]?.step);
  const numbers = writers.filter((writer) => ofOneStep || writer.step === step).map(({ attempt }) => attempt);
  return attemptLogName(name, Math.max(0, ...numbers));
}

/**
 * Whether a file belongs to the archive. The archive never holds itself, its digest, nor what is written after it
 * (60, 65, 70, 80, 90 and their earlier attempts), nor a file of an unfinished write.
 */
export function isArchived(name: string): boolean {
  return !/^(60_|65_|70_|80_|90_|evidence\.tar\.gz)/.test(name) && !name.endsWith('.partial');
}

/**
 * Whether a sign-off binds a file: 00, 10, 30, 40, 50 with their earlier attempts, the checkpoint and every file beside it in 56. One that
 * is added later was not signed.
 */
export function isSigned(name: string): boolean {
  if (name.endsWith('.partial')) return false;
  return /^(?:00|10|30|40|50)_/.test(name) || name === EVIDENCE.checkpoint || name.startsWith(`${EVIDENCE.screenshots}/`);
}

/** Whether a file is locked beside the archive and named in the attestation: all of them but the attestation itself and its timestamp. */
export function isAttested(name: string): boolean {
  return /^(?:60_|70_|80_|90_)[^/]*$/.test(name) && !name.endsWith('.partial');
}
