import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const RUNNER = 'dpp/tools/rc_double_then_ci_then_archive.sh';
const ACCEPT = ['run', '--seal-only', '--accept-drift', 'the docs have a typo'];

/** What is said of facts that are not as they were at start. */
function drifted(...facts: string[]): string {
  return `was started: ${facts.join(', ')}. Nothing was done. Put it back as it was, or go on with it on the record: --accept-drift`;
}

function variable(name: string, was: string, now: string): FaultCase {
  return {
    what: `\`${name}\``,
    how: now === '' ? 'empty now' : `\`${now}\` now`,
    inject: (pilot) => pilot.setVariable(name, now),
    says: [drifted(name), `${name}  ${was}  ${now === '' ? '(empty)' : now}`],
  };
}

/** An endpoint of the SDK. Nothing is sent to another one than at start, so it need not answer. */
function endpoint(name: string, fact: string, now: string | undefined): FaultCase {
  return {
    what: `\`${name}\``,
    how: now === undefined ? 'unset now' : `\`${now}\` now`,
    inject: (pilot) => pilot.setVariable(name, now),
    says: [drifted(fact)],
    shows: ({ site }) => [`${fact}  ${site.env[name] ?? '(none)'}  ${now ?? '(none)'}`],
  };
}

function git(how: string, inject: FaultCase['inject'], mend: FaultCase['mend'] & {}, says: FaultCase['says']): FaultCase {
  return { what: 'git', how, inject, mend, says };
}

const commit = (pilot: FaultPilot) => pilot.git('commit', '--quiet', '--allow-empty', '--message', 'after the gates');
const uncommit = (pilot: FaultPilot) => pilot.git('reset', '--quiet', '--hard', 'HEAD~1');
const reset = (pilot: FaultPilot) => pilot.git('reset', '--quiet', '--hard');

async function heads(pilot: FaultPilot): Promise<string[]> {
  const { stdout } = await pilot.git('log', '--max-count=2', '--format=%H');
  const [now, was] = stdout.trim().split('\n');
  return [`gitHead  ${was}  ${now}`];
}

/** The kubeconfig, with one thing in it changed. */
function kubeconfig(how: string, was: RegExp, now: string, says: FaultCase['says'], shows?: FaultCase['shows']): FaultCase {
  let before = '';
  const file = (pilot: FaultPilot) => join(pilot.home, 'kubeconfig');
  return {
    what: 'kubeconfig',
    how,
    inject: async (pilot) => {
      before = await readFile(file(pilot), 'utf8');
      await pilot.write(file(pilot), before.replace(was, now));
    },
    mend: (pilot) => pilot.write(file(pilot), before),
    says,
    ...(shows === undefined ? {} : { shows }),
  };
}

/** STS says that the credentials belong to somebody else. */
function caller(how: string, elements: Readonly<Record<string, string>>, says: FaultCase['says']): FaultCase {
  return {
    what: 'AWS identity',
    how,
    inject: ({ site }) => site.s3.control({ faults: [{ operation: 'GetCallerIdentity', times: 'always', lie: { elements } }] }),
    says,
  };
}

const ROLE = 'arn:aws:sts::123456789012:assumed-role/dpp-admin/operator';

export const DRIFT: FaultGroup = {
  title: 'The pause: the world must not drift',
  stage: 'gate',
  cases: [
    { ...git('a new commit', commit, uncommit, [drifted('gitHead')]), shows: heads },
    git(
      'another branch',
      (pilot) => pilot.git('switch', '--quiet', '--create', 'main'),
      (pilot) => pilot.git('switch', '--quiet', 'phase6-preflight'),
      [drifted('gitBranch'), 'gitBranch  phase6-preflight  main'],
    ),
    git('a modified file', (pilot) => pilot.write('CHANGES', 'edited'), reset, [
      drifted('gitStatus'),
      'gitStatus  clean  dirty (sha256 ',
    ]),
    git(
      'not on the PATH',
      (pilot) => pilot.without('git'),
      () => undefined,
      ['git cannot be run: git is not on the PATH', 'Install it, or extend the PATH'],
    ),
    {
      what: 'RC runner',
      how: 'edited',
      inject: (pilot) => pilot.write(RUNNER, '#!/bin/sh\n'),
      mend: reset,
      says: [drifted('gitStatus', 'rcRunnerSha256'), 'rcRunnerSha256  '],
    },
    {
      what: 'RC runner',
      how: 'deleted',
      inject: (pilot) => rm(join(pilot.repository, RUNNER)),
      mend: reset,
      says: ['The RC runner ', `/${RUNNER} cannot be read`, 'Restore it (DPP_RC_RUNNER) and make it executable'],
    },
    kubeconfig('another context, to the same server', /dpp-staging\b/g, 'stg-2', [drifted('kubeContext'), 'kubeContext  ']),
    kubeconfig(
      'the same context, to another server',
      /server: .*/,
      'server: https://127.0.0.1:1',
      [drifted('kubeServer')],
      ({ site }) => [`kubeServer  ${site.kubernetes.url}  https://127.0.0.1:1`],
    ),
    kubeconfig('no current context', /current-context: .*/, 'current-context: ""', [
      'The kubeconfig has no current context',
      'kubectl config use-context NAME',
    ]),
    {
      what: 'kubectl',
      how: 'not on the PATH',
      inject: (pilot) => pilot.without('kubectl'),
      says: ['kubectl cannot be run: kubectl is not on the PATH', 'Install it, or extend the PATH'],
    },
    caller('another account', { 'GetCallerIdentityResult.Account': '999999999999' }, [drifted('awsAccount'), 'awsAccount  ']),
    caller('another role', { 'GetCallerIdentityResult.Arn': `${ROLE}-2` }, [drifted('awsArn'), `  ${ROLE}-2`]),
    variable('AWS_PROFILE', 'dpp-admin', 'dpp-reader'),
    variable('AWS_REGION', 'ap-northeast-2', 'us-east-1'),
    variable('DPP_WORM_BUCKET', 'dpp-audit-worm-demo', 'dpp-audit-worm-other'),
    variable('DPP_WORM_BUCKET', 'dpp-audit-worm-demo', ''),
    variable('CUTOVER_BUCKET_OWNER', '(not set)', '999999999999'),
    variable('DPP_WORM_PREFIX', 'evidence/cutover', 'evidence/other'),
    variable('DPP_WORM_OBJECT_LOCK_MODE', 'GOVERNANCE', 'COMPLIANCE'),
    variable('DPP_WORM_RETENTION_DAYS', '365', '1'),
    {
      ...variable('DPP_STAGING_BASE_URL', '', 'https://staging-2.example.com'),
      says: [drifted('DPP_STAGING_BASE_URL')],
      shows: ({ site }) => [`DPP_STAGING_BASE_URL  ${site.staging.url}  https://staging-2.example.com`],
    },
    variable('DPP_K8S_NAMESPACE', 'dpp-staging', 'dpp-staging-2'),
    variable('DPP_RC_RUNNER', '(not set)', 'dpp/tools/other.sh'),
    variable('CUTOVER_BINARY_CONFIGMAP_KEYS', '(not set)', 'dpp-trust/truststore.jks'),
    variable('CUTOVER_BRANCHES', '(not set)', 'main'),
    variable('CUTOVER_STAGING_DRY_RUN_SCRIPT', '(not set)', 'dpp/tools/staging_dry_run.sh'),
    variable('CUTOVER_ROLLBACK_DRILL_SCRIPT', '(not set)', 'dpp/tools/rollback_drill.sh'),
    variable('CUTOVER_SIGN_WITH', '(not set)', '/srv/signer.pem'),
    variable('CUTOVER_TSA_URL', '(not set)', 'https://tsa.example.com/tsr'),
    variable('CUTOVER_CHANGE_TICKET', '(not set)', 'CHG-2'),
    {
      what: '`cutover.config.yaml`',
      how: 'another `title` than at start',
      inject: async (pilot) => {
        await pilot.write(join(pilot.home, 'config.yaml'), 'version: 1\ntitle: Another Run\n');
        pilot.setVariable('CUTOVER_CONFIG', join(pilot.home, 'config.yaml'));
      },
      says: [drifted('title'), 'title  Phase 6.4 — Pilot Cutover Run  Another Run'],
    },
    {
      ...variable('CUTOVER_REQUIRED_COMMITS', '', 'Phase 6.1: data isolation'),
      says: [drifted('CUTOVER_REQUIRED_COMMITS'), '  Phase 6.1: data isolation'],
    },
    endpoint('AWS_ENDPOINT_URL', 'awsEndpointUrl', 'http://127.0.0.1:1'),
    endpoint('AWS_ENDPOINT_URL', 'awsEndpointUrl', undefined),
    endpoint('AWS_ENDPOINT_URL_S3', 'awsEndpointUrlS3', 'http://127.0.0.1:1'),
    endpoint('AWS_ENDPOINT_URL_STS', 'awsEndpointUrlSts', 'http://127.0.0.1:1'),
    {
      ...variable('DPP_WORM_BUCKET', 'dpp-audit-worm-demo', 'dpp-audit-worm-other'),
      args: ['sign-off', 'latest', '--as', 'verifier@example.com'],
    },
  ],
};

export const ACCEPTED_DRIFT: FaultGroup = {
  title: 'The pause: a drift that is accepted',
  stage: 'seal',
  cases: [
    {
      ...git('a new commit', commit, () => undefined, [drifted('gitHead')]),
      args: ['resume', 'latest'],
      goesOn: [{ args: ACCEPT, exitCode: 0, says: 'drift accepted (gitHead: ' }],
    },
  ],
};
