/** What of a cutover is the site's own and no variable says: frozen when a run is created. Plain JSON, no secret. */
export interface Site {
  /** The name of the service that is cut over: in the scope and the attestation. */
  readonly service: string;
  /** The heading of scope and summary. */
  readonly title: string;
  /** The folder of all runs: in the bucket below the prefix and, unless another evidence root is named, on disk. */
  readonly keyFolder: string;
  /** What the rollback drill rolls back, in this order. */
  readonly deployments: readonly string[];
  /** RC runners by their path from the directory: without a named one, the first of them that exists. */
  readonly rcRunners: readonly string[];
  /** What item D of the checkpoint asks for, besides the proof that the database is not production's: that one is always asked for. */
  readonly smokeQueries: readonly string[];
  /** Where the person who verifies the restore reads how. */
  readonly verificationGuide: string;
  /** Without a change ticket the preflight fails. */
  readonly changeTicketRequired: boolean;
}

/** The pilot's. Source: the runbook; RC runners: design section 7. */
export const PILOT_SITE: Site = {
  service: 'dpp',
  title: 'Phase 6.4 — Pilot Cutover Run',
  keyFolder: 'phase6_4_cutover',
  deployments: ['dpp-api', 'dpp-worker', 'dpp-reaper'],
  rcRunners: ['dpp/tools/rc_double_then_ci_then_archive.sh', 'dpp/tools/phase6_preflight.py'],
  smokeQueries: ['Tenant count', 'API-key count', 'Billing events spot check', 'Webhook dedup by status'],
  verificationGuide: 'dpp/ops/runbooks/db_rollback_verification_human.md',
  changeTicketRequired: false,
};

/** Where a setting's value is from, if it is not the default. */
export interface Origin {
  readonly from: 'file' | 'env' | 'flag';
  /** `FILE:LINE`, the variable, or the option. */
  readonly where: string;
}
