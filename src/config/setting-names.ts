import type { RunVariable, Settings } from './settings.js';
import type { Site } from './site.js';

/** A setting that a variable says. */
export interface VariableSetting {
  /** In the configuration file; of one that the file cannot have, the variable's name. */
  readonly name: string;
  readonly variable: RunVariable;
  /** What it becomes; null: the AWS SDK reads it by itself. */
  readonly key: keyof Settings | null;
}

export const VARIABLE_SETTINGS: readonly VariableSetting[] = [
  { name: 'change_ticket', variable: 'CUTOVER_CHANGE_TICKET', key: 'changeTicket' },
  { name: 'branches', variable: 'CUTOVER_BRANCHES', key: 'branches' },
  { name: 'required_commits', variable: 'CUTOVER_REQUIRED_COMMITS', key: 'requiredCommits' },
  { name: 'rc_runner', variable: 'DPP_RC_RUNNER', key: 'rcRunner' },
  { name: 'staging_dry_run_script', variable: 'CUTOVER_STAGING_DRY_RUN_SCRIPT', key: 'stagingDryRunScript' },
  { name: 'rollback_drill_script', variable: 'CUTOVER_ROLLBACK_DRILL_SCRIPT', key: 'rollbackDrillScript' },
  { name: 'sign_with', variable: 'CUTOVER_SIGN_WITH', key: 'signWith' },
  { name: 'tsa_url', variable: 'CUTOVER_TSA_URL', key: 'tsaUrl' },
  { name: 'aws.profile', variable: 'AWS_PROFILE', key: 'awsProfile' },
  { name: 'aws.region', variable: 'AWS_REGION', key: 'awsRegion' },
  { name: 'worm.bucket', variable: 'DPP_WORM_BUCKET', key: 'bucket' },
  { name: 'worm.bucket_owner', variable: 'CUTOVER_BUCKET_OWNER', key: 'bucketOwner' },
  { name: 'worm.prefix', variable: 'DPP_WORM_PREFIX', key: 'prefix' },
  { name: 'worm.object_lock_mode', variable: 'DPP_WORM_OBJECT_LOCK_MODE', key: 'lockMode' },
  { name: 'worm.retention_days', variable: 'DPP_WORM_RETENTION_DAYS', key: 'retentionDays' },
  { name: 'staging.base_url', variable: 'DPP_STAGING_BASE_URL', key: 'stagingBaseUrl' },
  { name: 'staging.namespace', variable: 'DPP_K8S_NAMESPACE', key: 'namespace' },
  { name: 'staging.binary_configmap_keys', variable: 'CUTOVER_BINARY_CONFIGMAP_KEYS', key: 'binaryConfigMapKeys' },
  { name: 'AWS_ENDPOINT_URL', variable: 'AWS_ENDPOINT_URL', key: null },
  { name: 'AWS_ENDPOINT_URL_S3', variable: 'AWS_ENDPOINT_URL_S3', key: null },
  { name: 'AWS_ENDPOINT_URL_STS', variable: 'AWS_ENDPOINT_URL_STS', key: null },
];

/** The site's own settings, by their name in the configuration file. */
export const SITE_SETTINGS: readonly { readonly name: string; readonly key: keyof Site }[] = [
  { name: 'service', key: 'service' },
  { name: 'title', key: 'title' },
  { name: 'key_folder', key: 'keyFolder' },
  { name: 'deployments', key: 'deployments' },
  { name: 'rc_runners', key: 'rcRunners' },
  { name: 'smoke_queries', key: 'smokeQueries' },
  { name: 'verification_guide', key: 'verificationGuide' },
  { name: 'change_ticket_required', key: 'changeTicketRequired' },
];

/** The one setting that is neither: the folder of all runs on disk. */
export const EVIDENCE_ROOT_SETTING = 'evidence_root';

/** The setting that a variable says. */
export function settingOf(variable: RunVariable): VariableSetting {
  const setting = VARIABLE_SETTINGS.find((candidate) => candidate.variable === variable);
  if (setting === undefined) throw new Error(`${variable} is no setting`);
  return setting;
}
