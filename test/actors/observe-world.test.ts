import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CLEAN, composeWorld, observeWorld, worldDifferences } from '../../src/actors/observe-world.js';
import type { World } from '../../src/config/settings.js';
import { canonicalSha256 } from '../../src/evidence/canonical-json.js';
import type { RunningS3 } from '../services/s3/server.js';
import { createTestContext, type TestContext } from './actor-context.js';
import { BUCKET, HEAD, pretendWorld, RUNNER, RUNNER_SHA256, SERVER, startAws } from './pretended-world.js';
import { testSettings, testWorld } from './settings.js';

let context: TestContext;
let aws: RunningS3;
beforeAll(async () => {
  context = await createTestContext();
  aws = await startAws(context.folder);
});
afterAll(async () => {
  await aws.stop();
  await context.remove();
});

let env: NodeJS.ProcessEnv;
beforeEach(() => {
  env = pretendWorld(context.folder, aws);
});
afterEach(() => aws.control({ credentials: 'valid' }));

const settings = () => testSettings({ directory: context.folder, rcRunner: join(context.folder, RUNNER) });
const observe = (on = env) => observeWorld(settings(), on, context.signal);

describe('the world', () => {
  test('is what git, the RC runner, the kubeconfig, STS and the environment say', async () => {
    expect(await observe()).toEqual({
      gitHead: HEAD,
      gitBranch: 'main',
      gitStatus: 'clean',
      rcRunnerSha256: RUNNER_SHA256,
      signerKeyId: null,
      kubeContext: 'dpp-staging',
      kubeServer: SERVER,
      awsAccount: '000000000000',
      awsArn: 'arn:aws:sts::000000000000:assumed-role/dpp-admin/operator',
      awsRegion: 'ap-northeast-2',
      bucket: BUCKET,
      awsEndpointUrl: aws.url,
      awsEndpointUrlS3: null,
      awsEndpointUrlSts: null,
      settingsSha256: canonicalSha256(settings()),
    });
  });

  test('has a worktree that is told by the digest of its changes', async () => {
    const on = pretendWorld(context.folder, aws, { git: "'status '*) printf '## main\\n?? new\\n' ;;" });
    const digest = createHash('sha256').update('?? new\n').digest('hex');
    expect((await observe(on)).gitStatus).toBe(`dirty (sha256 ${digest})`);
  });

  test.each<[string, string, () => NodeJS.ProcessEnv]>([
    ['git', 'GIT_DETACHED', () => pretendWorld(context.folder, aws, { git: "'symbolic-ref '*) exit 1 ;;" })],
    ['kubectl', 'KUBECTL_FAILED', () => pretendWorld(context.folder, aws, { kubectl: "'config '*) exit 1 ;;" })],
    [
      'STS',
      'AWS_CREDENTIALS_EXPIRED',
      () => {
        aws.control({ credentials: 'expired' });
        return env;
      },
    ],
    [
      'the RC runner',
      'RC_RUNNER_MISSING',
      () => {
        rmSync(join(context.folder, RUNNER));
        return env;
      },
    ],
  ])('is not known without %s', async (_what, code, arrange) => {
    await expect(observe(arrange())).rejects.toMatchObject({ code });
  });

  test('takes the key of the attestation as it is known, where it is not to be opened', async () => {
    const on = { ...settings(), signWith: join(context.folder, 'unreadable.pem') };
    await expect(observeWorld(on, env, context.signal)).rejects.toMatchObject({ code: 'SIGNING_KEY_UNUSABLE' });
    const known = { signerKeyId: 'SHA256:known' };
    expect(await observeWorld(on, env, context.signal, known)).toMatchObject({ signerKeyId: 'SHA256:known', gitHead: HEAD });
  });

  test('leaves no command running when another look has failed, and tells the same failure each time', async () => {
    const mark = join(context.folder, 'kubectl-ended');
    const git = "'symbolic-ref '*) exit 1 ;;";
    const kubectl = `'config '*) sleep 0.3; touch '${mark}'; exit 1 ;;`;
    await expect(observe(pretendWorld(context.folder, aws, { git, kubectl }))).rejects.toMatchObject({ code: 'GIT_DETACHED' });
    expect(existsSync(mark)).toBe(true);
  });

  test('has the endpoints that are given, and none that is blank', () => {
    const endpoints = { AWS_ENDPOINT_URL: ' ', AWS_ENDPOINT_URL_S3: 'http://s3', AWS_ENDPOINT_URL_STS: 'http://sts' };
    expect(composeWorld(testSettings(), endpoints, testWorld())).toMatchObject({
      awsEndpointUrl: null,
      awsEndpointUrlS3: 'http://s3',
      awsEndpointUrlSts: 'http://sts',
    });
    expect(composeWorld(testSettings(), { AWS_ENDPOINT_URL: 'http://aws', AWS_ENDPOINT_URL_S3: '' }, testWorld())).toMatchObject({
      awsEndpointUrl: 'http://aws',
      awsEndpointUrlS3: null,
      awsEndpointUrlSts: null,
    });
    expect(CLEAN).toBe('clean');
  });
});

describe('differences between two worlds', () => {
  test('name each fact with both values, in order, also one that an older version did not know', () => {
    const older = { ...testWorld(), awsEndpointUrlSts: undefined } as unknown as World;
    expect(worldDifferences(testWorld(), testWorld())).toEqual([]);
    expect(worldDifferences(older, testWorld())).toEqual([]);
    const changed = testWorld({ kubeContext: 'moved', awsAccount: '111111111111', awsEndpointUrlSts: 'http://sts' });
    expect(worldDifferences(older, changed)).toEqual([
      { fact: 'awsAccount', before: '000000000000', after: '111111111111' },
      { fact: 'awsEndpointUrlSts', before: null, after: 'http://sts' },
      { fact: 'kubeContext', before: 'dpp-staging', after: 'moved' },
    ]);
    expect(worldDifferences(changed, older)[1]).toEqual({
      fact: 'awsEndpointUrlSts',
      before: 'http://sts',
      after: null,
    });
  });
});
