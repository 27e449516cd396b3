import type { Channel } from './channels.js';
import type { Policy } from './policy.js';
import type { Origin, Site } from './site.js';

/** Object Lock modes that S3 knows; the runbook's pilot uses GOVERNANCE. */
export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

/** The runbook's environment variables ("Required ENV"), and those of ours that change what a run does. */
export const RUN_VARIABLES = [
  'AWS_PROFILE',
  'AWS_REGION',
  'DPP_WORM_BUCKET',
  'DPP_WORM_PREFIX',
  'DPP_WORM_OBJECT_LOCK_MODE',
  'DPP_WORM_RETENTION_DAYS',
  'DPP_STAGING_BASE_URL',
  'DPP_K8S_NAMESPACE',
  'DPP_RC_RUNNER',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_STS',
  'CUTOVER_BUCKET_OWNER',
  'CUTOVER_REQUIRED_COMMITS',
  'CUTOVER_BRANCHES',
  'CUTOVER_BINARY_CONFIGMAP_KEYS',
  'CUTOVER_STAGING_DRY_RUN_SCRIPT',
  'CUTOVER_ROLLBACK_DRILL_SCRIPT',
  'CUTOVER_SIGN_WITH',
  'CUTOVER_TSA_URL',
  'CUTOVER_CHANGE_TICKET',
] as const;
export type RunVariable = (typeof RUN_VARIABLES)[number];

/** What a run was asked to do, exactly as given (strings not yet judged): frozen when the run is created. Holds no secret. */
export interface RunRequest {
  /** The repository's directory, absolute. */
  readonly directory: string;
  /** The evidence root, absolute (default `<directory>/dpp/evidence/<key folder>`). */
  readonly evidenceRoot: string;
  /** What the configuration file says in a variable's stead is in here too, as if the variable had been set. */
  readonly variables: Readonly<Partial<Record<RunVariable, string>>>;
  readonly site: Site;
  /** The configuration file that was read, absolute; null: there was none. */
  readonly configFile: string | null;
  /** Of each setting that is not the default, by its name in the configuration file. */
  readonly origins: Readonly<Record<string, Origin>>;
  /** `--context-ok NAME`: the kube context without a staging marker that the operator vouches for. */
  readonly contextOk: string | null;
  /** `--commits-ok REASON`: why the required commits need not be named. */
  readonly commitsOk: string | null;
  /** `--again --reason REASON`: why the deployment cycle is executed once more. */
  readonly again: string | null;
  /** Where the policy was looked for, absolute: there it is looked for again. */
  readonly policyFile: string;
  readonly policy: Policy;
  /** Where people are told what happens to the run: names only, where they lead is a secret of the environment. */
  readonly channels: readonly Channel[];
}

/** A valid request, typed. Made from `RunRequest` by `parseSettings`, recorded with the preflight's result. */
export interface Settings {
  readonly directory: string;
  readonly evidenceRoot: string;
  readonly branches: readonly string[];
  readonly requiredCommits: readonly string[];
  readonly commitsOk: string | null;
  readonly contextOk: string | null;
  readonly awsProfile: string | null;
  readonly awsRegion: string;
  readonly bucket: string;
  /** The account that has the bucket, 12 digits; null: the caller's own. */
  readonly bucketOwner: string | null;
  /** Without a trailing slash. */
  readonly prefix: string;
  /** The folder of all runs below the prefix. */
  readonly keyFolder: string;
  readonly lockMode: LockMode;
  /** Days, a positive integer. */
  readonly retentionDays: number;
  /** Without a trailing slash; http or https, without credentials in it. */
  readonly stagingBaseUrl: string;
  readonly namespace: string;
  /** `CONFIGMAP/KEY` of the values that are no text: the site vouches for what they refer to. */
  readonly binaryConfigMapKeys: readonly string[];
  /** Absolute path of the RC runner. */
  readonly rcRunner: string;
  readonly deployments: readonly string[];
  readonly stagingDryRunScript: string | null;
  readonly rollbackDrillScript: string | null;
  /** Absolute path of the key that signs the attestation; null: it is not signed. */
  readonly signWith: string | null;
  /** Of the authority that stamps the attestation's signature (RFC 3161), without credentials; null: it is not stamped. */
  readonly tsaUrl: string | null;
  /** One line; null: none was given. */
  readonly changeTicket: string | null;
}

/** What must be the same when a run goes on (design: the world must not drift across the pause). All strings, null = there is none. */
export interface World {
  readonly gitHead: string;
  readonly gitBranch: string;
  /** `clean`, or `dirty (sha256 <hex of git status --porcelain>)`: HEAD alone does not say what the files are. */
  readonly gitStatus: string;
  /** SHA-256 (hex) of the RC runner's bytes: it may be outside the repository, or ignored by it. */
  readonly rcRunnerSha256: string;
  readonly kubeContext: string;
  readonly kubeServer: string;
  readonly awsAccount: string;
  readonly awsArn: string;
  readonly awsRegion: string;
  readonly bucket: string;
  readonly awsEndpointUrl: string | null;
  readonly awsEndpointUrlS3: string | null;
  readonly awsEndpointUrlSts: string | null;
  /** Of the key that signs the attestation. */
  readonly signerKeyId: string | null;
  /** SHA-256 (hex) of the canonical JSON of the effective `Settings`. */
  readonly settingsSha256: string;
}
