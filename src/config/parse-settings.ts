import { resolve } from 'node:path';
import {
  judgeBinaryConfigMapKeys,
  judgeBucket,
  judgeChangeTicket,
  judgeEndpoint,
  judgeNamespace,
  judgePrefix,
  judgeRegion,
  judgeRetentionDays,
  judgeStagingUrl,
  judgeTsaUrl,
  quoted,
  type Judged,
} from './setting-rules.js';
import { settingOf } from './setting-names.js';
import type { LockMode, RunRequest, RunVariable, Settings } from './settings.js';
import type { Check } from './step-contracts.js';

/** What is asked of the file system. Paths are absolute. */
export interface FileFacts {
  exists(path: string): boolean;
  isExecutable(path: string): boolean;
}

export interface ParsedSettings {
  /** Null when any check failed. */
  readonly settings: Settings | null;
  /** What could be told of the settings, for checks that need only a part of them. */
  readonly valid: Partial<Settings>;
  /** One for each variable that matters. */
  readonly checks: readonly Check[];
}

export interface ParseOptions {
  /** AWS_ACCESS_KEY_ID is set: then no profile is needed. */
  readonly accessKeyInEnvironment?: boolean;
}

/**
 * Judges every variable and reports all of them at once. A variable that is empty or blank counts as not set. Never throws.
 * Source: the runbook, "Required ENV" and pre-conditions 1, 2, 6 and 7; defaults: design section 7.
 */
export function parseSettings(request: RunRequest, files: FileFacts, options: ParseOptions = {}): ParsedSettings {
  const judge = new Judge(request);
  const valid: Partial<Settings> = {
    ...judge.optional('AWS_PROFILE', 'awsProfile', { unset: null, required: options.accessKeyInEnvironment !== true }, anyText),
    ...judge.required('AWS_REGION', 'awsRegion', judgeRegion),
    ...judge.required('DPP_WORM_BUCKET', 'bucket', judgeBucket),
    ...judge.optional('CUTOVER_BUCKET_OWNER', 'bucketOwner', { unset: null }, judgeAccount),
    ...judge.required('DPP_WORM_PREFIX', 'prefix', judgePrefix),
    ...judge.optional('DPP_WORM_OBJECT_LOCK_MODE', 'lockMode', { unset: 'GOVERNANCE' }, judgeLockMode),
    ...judge.required('DPP_WORM_RETENTION_DAYS', 'retentionDays', judgeRetentionDays),
    ...judge.required('DPP_STAGING_BASE_URL', 'stagingBaseUrl', judgeStagingUrl),
    ...judge.optional('DPP_K8S_NAMESPACE', 'namespace', { unset: 'dpp-staging' }, judgeNamespace),
    ...judge.optional('CUTOVER_BINARY_CONFIGMAP_KEYS', 'binaryConfigMapKeys', { unset: [] }, judgeBinaryConfigMapKeys),
    ...judge.found('DPP_RC_RUNNER', 'rcRunner', findRcRunner(request, files)),
    ...judge.script('CUTOVER_STAGING_DRY_RUN_SCRIPT', 'stagingDryRunScript', files),
    ...judge.script('CUTOVER_ROLLBACK_DRILL_SCRIPT', 'rollbackDrillScript', files),
    ...judge.optional('CUTOVER_SIGN_WITH', 'signWith', { unset: null }, (text) => {
      return keyFile(resolve(request.directory, text.trim()), files);
    }),
    ...judge.optional('CUTOVER_TSA_URL', 'tsaUrl', { unset: null }, (text) =>
      given(request.variables.CUTOVER_SIGN_WITH) === null ? NOTHING_TO_STAMP : judgeTsaUrl(text),
    ),
    ...judge.found('CUTOVER_CHANGE_TICKET', 'changeTicket', findChangeTicket(request)),
    branches: names(request.variables.CUTOVER_BRANCHES, /,/) ?? ['phase6-preflight', 'main'],
    requiredCommits: names(request.variables.CUTOVER_REQUIRED_COMMITS, /[\n,]/) ?? [],
    deployments: request.site.deployments,
    keyFolder: request.site.keyFolder,
    directory: request.directory,
    evidenceRoot: request.evidenceRoot,
    commitsOk: request.commitsOk,
    contextOk: request.contextOk,
  };
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_STS'] as const) judge.endpoint(name);
  const settings = judge.checks.every(({ ok }) => ok) && isComplete(valid) ? valid : null;
  return { settings, valid, checks: judge.checks };
}

type Part<K extends keyof Settings> = Partial<Pick<Settings, K>>;

/** Collects a check for each variable; gives the settings' part that it stands for, or nothing when it is not valid. */
class Judge {
  readonly checks: Check[] = [];

  constructor(private readonly request: RunRequest) {}

  required<K extends keyof Settings>(name: RunVariable, key: K, judge: (text: string) => Judged<Settings[K]>): Part<K> {
    const text = given(this.request.variables[name]);
    if (text === null) return this.#missing(name);
    return this.found(name, key, judge(text));
  }

  optional<K extends keyof Settings>(
    name: RunVariable,
    key: K,
    { unset, required = false }: { readonly unset: Settings[K]; readonly required?: boolean },
    judge: (text: string) => Judged<Settings[K]>,
  ): Part<K> {
    const text = given(this.request.variables[name]);
    if (text !== null) return this.found(name, key, judge(text));
    return required ? this.#missing(name) : this.found(name, key, { value: unset });
  }

  /** A script of the repository: not run when not set, an error when it cannot be run. */
  script(name: RunVariable, key: 'stagingDryRunScript' | 'rollbackDrillScript', files: FileFacts): Part<typeof key> {
    return this.optional(name, key, { unset: null }, (text) =>
      runnable(name, resolve(this.request.directory, text.trim()), files),
    );
  }

  /** A blank one is not taken for unset, as the SDK does not. */
  endpoint(name: RunVariable): void {
    const text = this.request.variables[name];
    if (text !== undefined && text !== '') this.#record(name, judgeEndpoint(text));
  }

  found<K extends keyof Settings>(name: RunVariable, key: K, judged: Judged<Settings[K]>): Part<K> {
    this.#record(name, judged);
    return 'value' in judged ? ({ [key]: judged.value } as unknown as Part<K>) : {};
  }

  #record(name: RunVariable, judged: Judged<unknown>): void {
    const isSet = given(this.request.variables[name]) !== null;
    this.checks.push(
      'value' in judged
        ? { name, ok: true, message: isSet ? shown(judged.value) : `not set: ${shown(judged.value)}`, advice: null }
        : { name, ok: false, message: judged.fault, advice: judged.advice },
    );
  }

  #missing(name: RunVariable): Record<never, never> {
    const text = this.request.variables[name];
    const message = text === undefined || text === '' ? 'is not set' : `is blank (${quoted(text)})`;
    const advice = `Export ${name}, or have ${settingOf(name).name} in the configuration file; see the runbook, "Required ENV".`;
    this.checks.push({ name, ok: false, message, advice });
    return {};
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) return value.join(', ');
  return value === null || Array.isArray(value) ? 'nothing' : String(value);
}

function given(text: string | undefined): string | null {
  return text === undefined || text.trim() === '' ? null : text;
}

function names(text: string | undefined, separator: RegExp): readonly string[] | null {
  const all = (text ?? '').split(separator).map((name) => name.trim());
  const named = all.filter((name) => name !== '');
  return named.length === 0 ? null : named;
}

function anyText(text: string): Judged<string> {
  return { value: text };
}

/** Exact words: whoever wrote another one meant something that a guess may miss, and a lock cannot be taken back. */
function judgeLockMode(text: string): Judged<LockMode> {
  if (text === 'GOVERNANCE' || text === 'COMPLIANCE') return { value: text };
  return {
    fault: `${quoted(text)} is neither "GOVERNANCE" nor "COMPLIANCE"`,
    advice: 'Set DPP_WORM_OBJECT_LOCK_MODE to one of the two words exactly (the pilot uses GOVERNANCE), or leave it unset.',
  };
}

function judgeAccount(text: string): Judged<string> {
  if (/^\d{12}$/.test(text)) return { value: text };
  return {
    fault: `${quoted(text)} is not an AWS account id`,
    advice: 'Set CUTOVER_BUCKET_OWNER to the 12 digits of the account that has the bucket, or leave it unset if it is your own.',
  };
}

/** Source: design section 7: the runner that is named, and no other; only when none is named the first of the site's that exists. */
function findRcRunner({ directory, variables, site }: RunRequest, files: FileFacts): Judged<string> {
  const named = given(variables.DPP_RC_RUNNER);
  if (named !== null) return runnable('DPP_RC_RUNNER', resolve(directory, named.trim()), files);
  const found = site.rcRunners.map((name) => resolve(directory, name)).find((path) => files.exists(path));
  if (found !== undefined) return runnable('DPP_RC_RUNNER', found, files);
  return {
    fault: `is not set, and none of ${site.rcRunners.join(', ')} exists in ${directory}`,
    advice: 'Run this in the repository, or set DPP_RC_RUNNER to the runner of the RC gates.',
  };
}

function findChangeTicket({ variables, site }: RunRequest): Judged<string | null> {
  const text = given(variables.CUTOVER_CHANGE_TICKET);
  if (text !== null) return judgeChangeTicket(text);
  if (!site.changeTicketRequired) return { value: null };
  return {
    fault: 'is not set, and the configuration says that there is no cutover without one (change_ticket_required)',
    advice: 'Name it: --ticket TICKET, or CUTOVER_CHANGE_TICKET.',
  };
}

function runnable(name: RunVariable, path: string, files: FileFacts): Judged<string> {
  if (!files.exists(path)) {
    return { fault: `${path} does not exist, or is not a file`, advice: `Restore it, or correct ${name}.` };
  }
  // The RC runner, if a Python file without permission to run, is given to python3.
  if (files.isExecutable(path) || (name === 'DPP_RC_RUNNER' && path.endsWith('.py'))) return { value: path };
  return { fault: `${path} is not executable`, advice: `Run chmod +x ${path}, and commit it.` };
}

function keyFile(path: string, files: FileFacts): Judged<string> {
  if (files.exists(path)) return { value: path };
  return { fault: `${path} does not exist, or is not a file`, advice: 'Name the key that signs the attestation, or unset it.' };
}

const NOTHING_TO_STAMP: Judged<never> = {
  fault: 'is set, but CUTOVER_SIGN_WITH is not: there is no signature to stamp',
  advice: 'Name the key that signs the attestation in CUTOVER_SIGN_WITH, or unset CUTOVER_TSA_URL.',
};

const KEYS: readonly (keyof Settings)[] = [
  'directory',
  'evidenceRoot',
  'branches',
  'requiredCommits',
  'commitsOk',
  'contextOk',
  'awsProfile',
  'awsRegion',
  'bucket',
  'bucketOwner',
  'prefix',
  'keyFolder',
  'lockMode',
  'retentionDays',
  'stagingBaseUrl',
  'namespace',
  'binaryConfigMapKeys',
  'rcRunner',
  'deployments',
  'stagingDryRunScript',
  'rollbackDrillScript',
  'signWith',
  'tsaUrl',
  'changeTicket',
];

function isComplete(valid: Partial<Settings>): valid is Settings {
  return KEYS.every((key) => valid[key] !== undefined);
}
