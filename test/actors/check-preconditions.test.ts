import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { NO_POLICY } from '../../src/config/policy.js';
import { ActorError } from '../../src/actors/actor.js';
import { checkPreconditions } from '../../src/actors/check-preconditions.js';
import { observeWorld, worldDifferences } from '../../src/actors/observe-world.js';
import type { RunRequest } from '../../src/config/settings.js';
import type { Check } from '../../src/config/step-contracts.js';
import { QUICK_KUBECTL, stagingCluster, type StagingCluster } from '../services/kubernetes/kubectl.js';
import { startS3, type RunningS3 } from '../services/s3/server.js';
import { createTestContext, type TestContext } from './actor-context.js';
import { createTestRepository, type TestRepository } from './test-repository.js';

const REPORT = '10_preflight.json';
const BUCKET = 'dpp-audit-worm-staging';

let cluster: StagingCluster;
let bucket: RunningS3;
let data: TestContext;
beforeAll(async () => {
  data = await createTestContext();
  cluster = await stagingCluster('kubectl');
  bucket = await startS3({
    bucket: BUCKET,
    dataDir: join(data.folder, 'data'),
    region: 'ap-northeast-2',
    account: '000000000000',
  });
});
afterAll(async () => {
  await bucket.stop();
  await cluster.remove();
  await data.remove();
});

let context: TestContext;
let repository: TestRepository;
let request: RunRequest;
beforeEach(async () => {
  context = await createTestContext({
    env: {
      PATH: process.env['PATH'],
      ...QUICK_KUBECTL,
      HOME: cluster.directory,
      KUBECONFIG: join(cluster.directory, 'kubeconfig'),
      AWS_ENDPOINT_URL: bucket.url,
      AWS_ACCESS_KEY_ID: bucket.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bucket.credentials.secretAccessKey,
    },
  });
  repository = createTestRepository(join(context.folder, 'repository'));
  repository.write('dpp/tools/rc_double_then_ci_then_archive.sh', '#!/bin/sh\n', 0o755);
  repository.commit('feat: phase 6.1');
  repository.git('tag', 'phase6.1');
  request = {
    directory: repository.directory,
    evidenceRoot: join(context.folder, 'evidence'),
    variables: {
      AWS_REGION: 'ap-northeast-2',
      DPP_WORM_BUCKET: BUCKET,
      DPP_WORM_PREFIX: 'evidence/cutover',
      DPP_WORM_RETENTION_DAYS: '365',
      DPP_STAGING_BASE_URL: 'https://staging.api.dpp.example.com',
      AWS_ENDPOINT_URL: bucket.url,
      CUTOVER_REQUIRED_COMMITS: 'phase6.1,first commit',
    },
    contextOk: null,
    commitsOk: null,
    again: null,
    policyFile: '/srv/platform/cutover.policy.yaml',
    policy: NO_POLICY,
    channels: [],
    site: PILOT_SITE,
    configFile: null,
    origins: {},
  };
});
afterEach(async () => {
  await cluster.control([{ clearFaults: true }, { crd: true }]);
  bucket.control({ clearFaults: true, deny: [], credentials: 'valid', bucket: { versioning: 'Enabled' } });
  await context.remove();
});

type Changes = Omit<Partial<RunRequest>, 'variables'> & { readonly variables?: Record<string, string | undefined> };

function check({ variables = {}, ...changes }: Changes = {}, on: TestContext = context) {
  const all = Object.entries({ ...request.variables, ...variables }).filter(([, value]) => value !== undefined);
  return checkPreconditions({ request: { ...request, ...changes, variables: Object.fromEntries(all) } }, on);
}

/** The checks that failed; fails itself when the preflight passes. */
async function failures(changes: Changes = {}, on: TestContext = context): Promise<Check[]> {
  const error = await check(changes, on).then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ActorError);
  const { code, message, options } = error as ActorError;
  expect(code).toBe('PREFLIGHT_FAILED');
  const failed = (options.details?.['checks'] as Check[]).filter(({ ok }) => !ok);
  for (const { name, advice } of failed) {
    expect(message).toContain(name);
    expect(message).toContain(advice ?? 'every failed check has advice');
  }
  return failed;
}

const names = (checks: readonly Check[]) => checks.map(({ name }) => name);

describe('a world in which all is as it should be', () => {
  test('passes, with settings, world and environment', async () => {
    const facts = await check();
    expect(facts.checks.every(({ ok }) => ok)).toBe(true);
    expect(facts.environment).toBe(`${cluster.url}/dpp-staging`);
    expect(facts.settings).toMatchObject({ bucket: BUCKET, awsProfile: null, lockMode: 'GOVERNANCE' });
    expect(facts.world).toEqual({
      gitHead: repository.git('rev-parse', 'HEAD'),
      gitBranch: 'phase6-preflight',
      gitStatus: 'clean',
      rcRunnerSha256: createHash('sha256').update('#!/bin/sh\n').digest('hex'),
      signerKeyId: null,
      kubeContext: 'dpp-staging',
      kubeServer: cluster.url,
      awsAccount: '000000000000',
      awsArn: 'arn:aws:sts::000000000000:assumed-role/dpp-admin/operator',
      awsRegion: 'ap-northeast-2',
      bucket: BUCKET,
      awsEndpointUrl: bucket.url,
      awsEndpointUrlS3: null,
      awsEndpointUrlSts: null,
      settingsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('is the same when it is observed again', async () => {
    const { settings, world } = await check();
    const again = await observeWorld(settings, context.env, context.signal);
    expect(worldDifferences(world, again)).toEqual([]);
  });

  test('is observed to differ after a commit, a branch and another context', async () => {
    const { settings, world } = await check();
    repository.git('checkout', '--quiet', '-b', 'another');
    const head = repository.commit('another');
    const kubeconfig = join(context.folder, 'kubeconfig');
    writeFileSync(kubeconfig, '');
    await cluster.writeKubeconfig(kubeconfig);
    await cluster.kubectl('--kubeconfig', kubeconfig, 'config', 'rename-context', 'dpp-staging', 'moved');
    const again = await observeWorld(settings, { ...context.env, KUBECONFIG: kubeconfig }, context.signal);
    expect(worldDifferences(world, again)).toEqual([
      { fact: 'gitBranch', before: 'phase6-preflight', after: 'another' },
      { fact: 'gitHead', before: world.gitHead, after: head },
      { fact: 'kubeContext', before: 'dpp-staging', after: 'moved' },
    ]);
  });

  test('is observed to differ after an uncommitted edit of the RC runner', async () => {
    const { settings, world } = await check();
    writeFileSync(settings.rcRunner, '#!/bin/sh\nexit 0\n');
    const again = await observeWorld(settings, context.env, context.signal);
    expect(worldDifferences(world, again)).toEqual([
      { fact: 'gitStatus', before: 'clean', after: expect.stringMatching(/^dirty \(sha256 [0-9a-f]{64}\)$/) },
      { fact: 'rcRunnerSha256', before: world.rcRunnerSha256, after: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  test('cannot be observed without the RC runner', async () => {
    const { settings } = await check();
    rmSync(settings.rcRunner);
    await expect(observeWorld(settings, context.env, context.signal)).rejects.toMatchObject({ code: 'RC_RUNNER_MISSING' });
  });

  test('is reported in 10_preflight.json, with every check, and line by line', async () => {
    const { checks } = await check();
    const report = JSON.parse(await context.text(REPORT)) as { result: string; checks: Check[] };
    expect(report).toMatchObject({ schema_version: 1, run_id: '20260221T120000Z', result: 'PASS', attempt: 1 });
    expect(report.checks).toEqual(checks);
    expect(context.lines).toHaveLength(checks.length);
  });

  test('is left as it was: nothing is written but the report, and no child is left', async () => {
    await check();
    expect(names((await context.evidence.list()) as never)).toEqual([REPORT]);
    expect(repository.git('status', '--porcelain')).toBe('');
    expect(bucket.state().versions).toEqual([]);
    expect(cluster.effects()).toEqual([]);
    expect(context.ended).toHaveLength(context.started.length);
  });
});

describe('when only one thing is wrong, only that fails', () => {
  test('1. the branch', async () => {
    repository.git('checkout', '--quiet', '-b', 'feature');
    expect(names(await failures())).toEqual(['1. branch']);
    expect((await check({ variables: { CUTOVER_BRANCHES: 'feature' } })).world.gitBranch).toBe('feature');
  });

  test('2. a required commit that is missing, or is not an ancestor', async () => {
    repository.git('checkout', '--quiet', '-b', 'side');
    repository.commit('phase 6.2');
    repository.git('tag', 'phase6.2');
    repository.git('checkout', '--quiet', 'phase6-preflight');
    const failed = await failures({ variables: { CUTOVER_REQUIRED_COMMITS: 'phase6.1,phase6.2\nphase6.3' } });
    expect(failed).toMatchObject([
      { name: '2. required commits', message: expect.stringContaining('phase6.2') },
      { name: '2. required commits', message: expect.stringContaining('phase6.3') },
    ]);
  });

  test('3. expired credentials', async () => {
    bucket.control({ credentials: 'expired' });
    const failed = await failures();
    expect(failed).toContainEqual(
      expect.objectContaining({ name: '3. AWS identity', message: expect.stringContaining('AWS_CREDENTIALS_EXPIRED') }),
    );
    expect(failed.every(({ name }) => name.startsWith('3.') || name.startsWith('5.'))).toBe(true);
  });

  test('4. a kubectl that is missing', async () => {
    const on = await createTestContext({ env: { ...context.env, PATH: pathWithoutKubectl() } });
    try {
      expect(names(await failures({}, on))).toEqual(['4. kubectl', '4. kube context', '4. kube permissions']);
    } finally {
      await on.remove();
    }
  });

  test('4. a context that is production’s, of which nothing is asked then', async () => {
    const kubeconfig = join(context.folder, 'kubeconfig');
    await cluster.writeKubeconfig(kubeconfig);
    await cluster.kubectl('--kubeconfig', kubeconfig, 'config', 'rename-context', 'dpp-staging', 'dpp-prod');
    const on = await createTestContext({ env: { ...context.env, KUBECONFIG: kubeconfig } });
    try {
      const failed = await failures({ contextOk: 'dpp-prod' }, on);
      expect(names(failed)).toEqual(['4. kube context', '4. kube permissions']);
    } finally {
      await on.remove();
    }
  });

  test.each<[string, { do: 'status'; status: number; verb: 'patch' | 'watch' | 'list'; resource: string }]>([
    ['4. may patch deployments.apps', { do: 'status', status: 403, verb: 'patch', resource: 'deployments' }],
    ['4. may watch deployments.apps', { do: 'status', status: 403, verb: 'watch', resource: 'deployments' }],
    ['4. may list configmaps', { do: 'status', status: 403, verb: 'list', resource: 'configmaps' }],
    ['4. may list replicasets.apps', { do: 'status', status: 403, verb: 'list', resource: 'replicasets' }],
  ])('%s: forbidden', async (name, fault) => {
    await cluster.control({ fault });
    expect(names(await failures())).toEqual([name]);
  });

  test('4. a cluster without SecretProviderClasses', async () => {
    await cluster.control({ crd: false });
    expect(await failures()).toMatchObject([
      { name: expect.stringContaining('secretproviderclasses'), message: expect.stringContaining('KUBECTL_NOT_FOUND') },
    ]);
  });

  test('5. a bucket without versioning', async () => {
    bucket.control({ bucket: { versioning: 'Suspended' } });
    const failed = names(await failures());
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every((name) => name.startsWith('5. '))).toBe(true);
  });

  test('5. a permission on the bucket that sealing will need', async () => {
    bucket.control({ deny: ['s3:GetObjectRetention'] });
    expect((await failures()).every(({ name }) => name.startsWith('5. '))).toBe(true);
  });

  test('8. a worktree that is not clean', async () => {
    repository.write('forgotten.txt', '');
    expect(await failures()).toMatchObject([{ name: '8. clean worktree', message: expect.stringContaining('?? forgotten.txt') }]);
  });
});

describe('when much is wrong', () => {
  test('everything is reported at once, and in the file', async () => {
    repository.git('checkout', '--quiet', '-b', 'feature');
    repository.write('forgotten.txt', '');
    bucket.control({ credentials: 'expired' });
    await cluster.control({ fault: { do: 'status', status: 403, resource: 'configmaps' } });
    const failed = names(await failures({ variables: { DPP_STAGING_BASE_URL: '', CUTOVER_REQUIRED_COMMITS: 'phase9' } }));
    const numbers = new Set(failed.map((name) => name.slice(0, 2)));
    expect([...numbers].sort()).toEqual(['1.', '2.', '3.', '4.', '5.', '7.', '8.']);
    const report = JSON.parse(await context.text(REPORT)) as { result: string; checks: Check[]; world?: unknown };
    expect(report.result).toBe('FAIL');
    expect(report).not.toHaveProperty('world');
    expect(names(report.checks.filter(({ ok }) => !ok))).toEqual(failed);
  });

  test('with nothing set and no repository, the report is complete all the same', async () => {
    const on = await createTestContext({ env: { PATH: '' } });
    try {
      const failed = names(
        await failures(
          {
            directory: on.folder,
            variables: Object.fromEntries(Object.keys(request.variables).map((name) => [name, undefined])),
          },
          on,
        ),
      );
      for (const number of ['1.', '2.', '3.', '4.', '5.', '6.', '7.', '8.', 'EN']) {
        expect(failed.some((name) => name.startsWith(number))).toBe(true);
      }
    } finally {
      await on.remove();
    }
  });

  test('the report of an earlier attempt is kept', async () => {
    repository.write('forgotten.txt', '');
    await failures();
    repository.git('clean', '-fq');
    await check();
    expect(await context.text('10_preflight.attempt-1.json')).toContain('"FAIL"');
    expect(await context.text(REPORT)).toContain('"PASS"');
  });

  test('an abort is no failed check', async () => {
    const abort = new AbortController();
    const on = await createTestContext({
      env: context.env,
      signal: abort.signal,
      progress: () => abort.abort(new Error('stopped')),
    });
    try {
      await expect(check({}, on)).rejects.toThrow('stopped');
      expect(await on.evidence.exists(REPORT)).toBe(false);
      expect(on.ended).toHaveLength(on.started.length);
    } finally {
      await on.remove();
    }
  });
});

/** A folder with git alone. */
function pathWithoutKubectl(): string {
  const script = `#!/bin/sh\nPATH='${process.env['PATH']}' exec git "$@"\n`;
  repository.git('config', 'core.excludesFile', '/dev/null');
  writeFileSync(join(context.folder, 'git'), script, { mode: 0o755 });
  return context.folder;
}
