import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../../src/config/site.js';
import { NO_POLICY } from '../../../src/config/policy.js';
import type { ActorContext, ActorError } from '../../../src/actors/actor.js';
import { checkPreconditions } from '../../../src/actors/check-preconditions.js';
import type { RunVariable } from '../../../src/config/settings.js';
import type { Check } from '../../../src/config/step-contracts.js';
import type { RunningS3 } from '../../services/s3/server.js';
import { createTestContext, type TestContext } from '../actor-context.js';
import { BUCKET, HEAD, pretendWorld, RUNNER, RUNNER_SHA256, SERVER, startAws } from '../pretended-world.js';

const REPORT = '10_preflight.json';

let data: TestContext;
let aws: RunningS3;
beforeAll(async () => {
  data = await createTestContext();
  aws = await startAws(data.folder);
});
afterAll(async () => {
  await aws.stop();
  await data.remove();
});

let context: TestContext;
beforeEach(async () => {
  context = await createTestContext();
});
afterEach(async () => {
  aws.control({ credentials: 'valid' });
  await context.remove();
});

interface Changes {
  readonly world?: Parameters<typeof pretendWorld>[2];
  readonly env?: NodeJS.ProcessEnv;
  readonly variables?: Partial<Record<RunVariable, string>>;
  readonly on?: Partial<ActorContext>;
  readonly commitsOk?: string | null;
  /** Called when the world is there. */
  readonly arrange?: () => void;
}

function check({ world, env = {}, variables = {}, on = {}, commitsOk = null, arrange }: Changes = {}) {
  const all = { ...pretendWorld(context.folder, aws, world), ...env };
  arrange?.();
  const request = {
    directory: context.folder,
    evidenceRoot: join(context.folder, 'evidence'),
    variables: {
      AWS_REGION: 'ap-northeast-2',
      DPP_WORM_BUCKET: BUCKET,
      DPP_WORM_PREFIX: 'evidence/cutover',
      DPP_WORM_RETENTION_DAYS: '365',
      DPP_STAGING_BASE_URL: 'https://staging.api.dpp.example.com',
      CUTOVER_REQUIRED_COMMITS: 'v1',
      ...variables,
    },
    contextOk: null,
    again: null,
    policyFile: '/srv/platform/cutover.policy.yaml',
    policy: NO_POLICY,
    channels: [],
    site: PILOT_SITE,
    configFile: null,
    origins: {},
    commitsOk,
  };
  return checkPreconditions({ request }, { ...context, env: all, ...on });
}

async function failure(changes: Changes): Promise<{ error: ActorError; checks: Check[]; failed: string[] }> {
  const error = await check(changes).then(
    () => {
      throw new Error('the preflight passed');
    },
    (thrown: ActorError) => thrown,
  );
  expect(error.code).toBe('PREFLIGHT_FAILED');
  const checks = error.options.details?.['checks'] as Check[];
  return { error, checks, failed: checks.filter(({ ok }) => !ok).map(({ name }) => name) };
}

const report = async () => JSON.parse(await context.text(REPORT)) as Record<string, unknown>;

const ORDER = [
  ...['1. branch', '2. required commits', '3. AWS identity', '4. kubectl', '4. kube context'],
  ...['deployments.apps', 'replicasets.apps', 'configmaps', 'secretproviderclasses.secrets-store.csi.x-k8s.io'].map(
    (resource) => `4. may list ${resource}`,
  ),
  ...['get', 'patch', 'watch'].map((verb) => `4. may ${verb} deployments.apps`),
];
const VARIABLES = [
  'ENV AWS_PROFILE',
  'ENV AWS_REGION',
  '6. DPP_WORM_BUCKET',
  'ENV CUTOVER_BUCKET_OWNER',
  '6. DPP_WORM_PREFIX',
  '6. DPP_WORM_OBJECT_LOCK_MODE',
  '6. DPP_WORM_RETENTION_DAYS',
  '7. DPP_STAGING_BASE_URL',
  '7. DPP_K8S_NAMESPACE',
  'ENV CUTOVER_BINARY_CONFIGMAP_KEYS',
  'ENV DPP_RC_RUNNER',
  'ENV CUTOVER_STAGING_DRY_RUN_SCRIPT',
  'ENV CUTOVER_ROLLBACK_DRILL_SCRIPT',
  'ENV CUTOVER_SIGN_WITH',
  'ENV CUTOVER_TSA_URL',
  'ENV CUTOVER_CHANGE_TICKET',
];

describe('the pre-conditions', () => {
  test('pass with settings, world and environment; all is in the report, and told line by line', async () => {
    const facts = await check();
    expect(facts.checks.every(({ ok }) => ok)).toBe(true);
    const names = facts.checks.map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith('5. '))).toEqual([
      ...ORDER,
      'ENV signer of the attestation',
      'ENV timestamp authority',
      'ENV policy',
      ...VARIABLES,
      '8. clean worktree',
    ]);
    expect(names.findIndex((name) => name.startsWith('5. '))).toBe(ORDER.length);
    expect(facts.environment).toBe(`${SERVER}/dpp-staging`);
    expect(facts.settings).toMatchObject({ bucket: BUCKET, rcRunner: join(context.folder, RUNNER), requiredCommits: ['v1'] });
    expect(facts.world).toMatchObject({
      gitHead: HEAD,
      gitBranch: 'main',
      gitStatus: 'clean',
      rcRunnerSha256: RUNNER_SHA256,
      kubeContext: 'dpp-staging',
      kubeServer: SERVER,
      awsAccount: '000000000000',
      awsArn: 'arn:aws:sts::000000000000:assumed-role/dpp-admin/operator',
      awsEndpointUrl: aws.url,
    });
    const text = await context.text(REPORT);
    expect(JSON.parse(text)).toEqual({
      schema_version: 1,
      run_id: '20260221T120000Z',
      attempt: 1,
      checked_at: '2026-02-21T12:00:01.000Z',
      result: 'PASS',
      ...facts,
    });
    expect(text).toMatch(/^\{\n {2}"schema_version": 1,\n[^]*\n\}\n$/);
    expect([...context.lines].sort()).toEqual(facts.checks.map(({ name, message }) => `[PASS] ${name}: ${message}`).sort());
    expect(context.lines.slice(0, VARIABLES.length).map((line) => line.split(': ')[0])).toEqual(
      VARIABLES.map((name) => `[PASS] ${name}`),
    );
  });

  test('fail together, each with what to do, and then there is no world', async () => {
    const { error, checks, failed } = await failure({
      world: { git: "'symbolic-ref '*) echo feature ;;\n'status '*) printf '## main\\n?? new\\n' ;;" },
      variables: { DPP_STAGING_BASE_URL: '' },
    });
    expect(failed).toEqual(['1. branch', '7. DPP_STAGING_BASE_URL', '8. clean worktree']);
    const list = checks.filter(({ ok }) => !ok).map(({ name, message, advice }) => `- ${name}: ${message} -> ${advice}`);
    expect(error.message).toBe(
      `3 of ${checks.length} checks of the pre-conditions failed, see 10_preflight.json:\n${list.join('\n')}`,
    );
    expect(await report()).toEqual({
      schema_version: 1,
      run_id: '20260221T120000Z',
      attempt: 1,
      checked_at: '2026-02-21T12:00:01.000Z',
      result: 'FAIL',
      checks,
    });
    expect(context.lines.filter((line) => line.startsWith('[FAIL] '))).toHaveLength(3);
  });

  test.each<[string, Changes, string[]]>([
    ['git can not tell HEAD', { world: { git: "'rev-parse --verify '*) exit 1 ;;" } }, ['2. required commits']],
    ['HEAD is detached', { world: { git: "'symbolic-ref '*) exit 1 ;;" } }, ['1. branch']],
    ['the worktree is not clean', { world: { git: "'status '*) printf '## main\\n?? new\\n' ;;" } }, ['8. clean worktree']],
    [
      'the kubeconfig can not be read',
      { world: { kubectl: "'config '*) exit 1 ;;" } },
      ['4. kube context', '4. kube permissions'],
    ],
    [
      'no key is there, and the namespace is not valid',
      { env: { AWS_ACCESS_KEY_ID: ' ' }, variables: { DPP_K8S_NAMESPACE: 'A' } },
      ['3. AWS identity', '4. kube permissions', '5. WORM bucket', 'ENV AWS_PROFILE', '7. DPP_K8S_NAMESPACE'],
    ],
    [
      'the runner is not there, and the lock mode is not valid',
      { arrange: () => rmSync(join(context.folder, RUNNER)), variables: { DPP_WORM_OBJECT_LOCK_MODE: 'none' } },
      ['5. WORM bucket', '6. DPP_WORM_OBJECT_LOCK_MODE', 'ENV DPP_RC_RUNNER'],
    ],
  ])('fail when %s, and there is no world', async (_why, changes, expected) => {
    const { failed, checks } = await failure(changes);
    expect(failed).toEqual(expected);
    expect(await report()).toMatchObject({ result: 'FAIL', checks });
    expect(await report()).not.toHaveProperty('world');
  });

  test('fail with expired credentials, and there is no world', async () => {
    aws.control({ credentials: 'expired' });
    const { failed } = await failure({});
    expect(failed.every((name) => /^[35]\. /.test(name))).toBe(true);
    expect(await report()).not.toHaveProperty('world');
  });

  test('are about a world even when one of them has failed that is none of its facts', async () => {
    await failure({ world: { git: "'symbolic-ref '*) echo feature ;;" } });
    expect(await report()).toMatchObject({ result: 'FAIL', world: { gitBranch: 'feature' } });
  });

  test('may do without commits when the operator says why', async () => {
    const { settings } = await check({ variables: { CUTOVER_REQUIRED_COMMITS: '' }, commitsOk: 'no phase tags' });
    expect(settings).toMatchObject({ requiredCommits: [], commitsOk: 'no phase tags' });
  });
});

describe('a preflight that is stopped', () => {
  test('has no result, and leaves no process', async () => {
    const controller = new AbortController();
    const progress = () => controller.abort(new Error('stopped'));
    await expect(check({ on: { signal: controller.signal, progress } })).rejects.toThrow('stopped');
    expect(await context.evidence.exists(REPORT)).toBe(false);
    expect(context.ended).toEqual(context.started);
  });

  test('at the end of its last check has no result either', async () => {
    const controller = new AbortController();
    const progress = (line: string) => {
      if (line.includes('may watch')) controller.abort(new Error('stopped'));
    };
    await expect(check({ on: { signal: controller.signal, progress } })).rejects.toThrow('stopped');
    expect(await context.evidence.exists(REPORT)).toBe(false);
  });

  test('by a fault of ours waits for all that it has begun', async () => {
    let refused = false;
    const childStarted: ActorContext['childStarted'] = async (child) => {
      if (!refused) {
        refused = true;
        throw new Error('the lease is lost');
      }
      await context.childStarted(child);
    };
    await expect(check({ on: { childStarted } })).rejects.toThrow('the lease is lost');
    expect(context.ended).toHaveLength(context.started.length);
    expect(context.started.length).toBeGreaterThan(0);
  });
});
