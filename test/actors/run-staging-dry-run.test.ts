import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActorError } from '../../src/actors/actor.js';
import { runStagingDryRun } from '../../src/actors/run-staging-dry-run.js';
import type { Settings } from '../../src/config/settings.js';
import type { Check } from '../../src/config/step-contracts.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { startStaging, type RunningStaging } from '../services/staging/server.js';
import { startStagingEnvironment, type StagingEnvironment } from './staging/staging-environment.js';

let staging: RunningStaging;
let environment: StagingEnvironment;
beforeEach(async () => {
  staging = await startStaging();
  environment = await startStagingEnvironment();
});
afterEach(async () => {
  await environment.stop();
  await staging.stop();
});

const run = (settings: Partial<Settings> = {}) =>
  runStagingDryRun(environment.input({ stagingBaseUrl: staging.url, ...settings }), environment.context);
const log = () => environment.context.text(EVIDENCE.stagingDryRun);

/** The names of the checks that failed, and the error's message. */
async function failure(settings: Partial<Settings> = {}): Promise<{ failed: string[]; message: string }> {
  const error = await run(settings).then(
    () => {
      throw new Error('the step passed');
    },
    (thrown: ActorError) => thrown,
  );
  expect(error.code).toBe('STAGING_CHECK_FAILED');
  const checks = error.options.details?.['checks'] as Check[];
  return { failed: checks.filter(({ ok }) => !ok).map(({ name }) => name), message: error.message };
}

const CONFIG_MAPS = 'P4.3 ConfigMaps';
const SECRET_CLASSES = 'P4.3 SecretProviderClasses';

const configMap = (fields: object) => ({
  put: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dpp-extra', namespace: 'dpp-staging' }, ...fields },
});
const secretClass = (spec: object) => ({
  put: {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name: 'dpp-extra', namespace: 'dpp-staging' },
    spec: { provider: 'aws', ...spec },
  },
});
const objects = (text: string) => secretClass({ parameters: { objects: text } });

function script(lines: string): string {
  const file = join(environment.context.folder, 'dry-run.sh');
  writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return file;
}

describe('the staging dry-run', () => {
  test('passes on a healthy staging that is isolated, with a line for each check', async () => {
    expect(await run()).toMatchObject({
      configMaps: 2,
      secretProviderClasses: 1,
      checks: [{ ok: true }, { ok: true }, { ok: true }, { ok: true }],
    });
    const text = await log();
    expect(text.match(/^\[PASS\] /gm)).toHaveLength(4);
    expect(text).toMatch(/RESULT: PASS \(4 of 4 checks passed\)\n$/);
    expect(text).not.toContain('db.staging.dpp.example.com');
  });

  test('does all checks even when several fail, and lists each with advice', async () => {
    staging.control({ faults: [{ path: '/readyz', status: 503 }] });
    await environment.kubernetes.control({ crd: false });
    const { failed, message } = await failure();
    expect(failed).toEqual([`GET ${staging.url}/readyz`, SECRET_CLASSES]);
    expect(message).toContain('503; expected 2xx');
    expect(message).toContain('Install the Secrets Store CSI driver');
    const text = await log();
    expect(text.match(/^\[(PASS|FAIL)\] /gm)).toHaveLength(4);
    expect(text).toMatch(/RESULT: FAIL \(2 of 4 checks passed\)\n$/);
  });

  test('fails when only /healthz redirects', async () => {
    staging.control({ faults: [{ path: '/healthz', redirect: 'https://login.example.com/' }] });
    expect((await failure()).failed).toEqual([`GET ${staging.url}/healthz`]);
  });

  test.each([
    ['a plain value', { data: { URL: 'https://api.prod.example.com' } }, 'URL'],
    ['JSON with escapes', { data: { 'app.json': '{"db":"\\u0070rod-db"}' } }, 'app.json'],
    ['binary data that is text', { binaryData: { blob: Buffer.from('host=prod-db').toString('base64') } }, 'blob'],
  ])('fails on a ConfigMap that refers to production in %s, and does not repeat the value', async (_where, fields, key) => {
    await environment.kubernetes.control(configMap(fields));
    const { failed, message } = await failure();
    expect(failed).toEqual([CONFIG_MAPS]);
    expect(message).toMatch(new RegExp(`ConfigMap dpp-extra, key ${key}: refers to production \\("prod(uction)?"\\)`, 'i'));
    expect(message).not.toContain('example.com');
  });

  test('names a value that it did not read, because the site vouches for it, with its digest', async () => {
    const jks = Buffer.from('feedfeed00000002', 'hex');
    await environment.kubernetes.control(configMap({ binaryData: { 'secret-key.jks': jks.toString('base64') } }));
    await run({ binaryConfigMapKeys: ['dpp-extra/secret-key.jks'] });
    const digest = createHash('sha256').update(jks).digest('hex');
    expect(await log()).toContain(`ConfigMap dpp-extra, key secret-key.jks (SHA-256 ${digest})`);
  });

  test('fails when there is no ConfigMap but the one that every namespace has', async () => {
    await environment.kubernetes.control([
      { delete: { resource: 'configmaps', name: 'dpp-config' } },
      { delete: { resource: 'configmaps', name: 'dpp-feature-flags' } },
      { put: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': 'x' } } },
    ]);
    const { failed, message } = await failure();
    expect(failed).toEqual([CONFIG_MAPS]);
    expect(message).toContain('nothing was proven');
  });

  test.each([
    ['forbidden', { do: 'status', status: 403 }, 'KUBECTL|kubectl get configmaps'],
    ['an empty answer', { do: 'empty' }, 'kubectl get configmaps'],
    ['no JSON', { do: 'garbage' }, 'kubectl get configmaps'],
  ] as const)('fails when reading the ConfigMaps is answered by %s', async (_what, fault, says) => {
    await environment.kubernetes.control({ fault: { resource: 'configmaps', ...fault } });
    const { failed, message } = await failure();
    expect(failed).toEqual([CONFIG_MAPS]);
    expect(message).toMatch(new RegExp(says));
  });

  test('fails when the SecretProviderClasses may not be read', async () => {
    await environment.kubernetes.control({ fault: { resource: 'secretproviderclasses', do: 'status', status: 403 } });
    expect((await failure()).failed).toEqual([SECRET_CLASSES]);
  });

  test('fails when the cluster is down, and still asks the service', async () => {
    await environment.kubernetes.control({ down: true });
    expect((await failure()).failed).toEqual([CONFIG_MAPS, SECRET_CLASSES]);
    expect(staging.state().requests).toHaveLength(2);
  });

  test('fails when there is no SecretProviderClass', async () => {
    await environment.kubernetes.control({ delete: { resource: 'secretproviderclasses', name: 'dpp-secrets' } });
    expect((await failure()).failed).toEqual([SECRET_CLASSES]);
  });

  test.each([
    [
      'an objectName',
      objects('- objectName: "prod/dpp/db"\n  objectType: secretsmanager'),
      'line 1, objectName: points at production',
    ],
    [
      'an objectName in an array of texts',
      objects('array:\n  - |\n    objectName: dpp/prod/db\n'),
      'line 3, objectName: points at production',
    ],
    [
      'secretObjects',
      secretClass({
        parameters: { objects: '- objectName: staging/db' },
        secretObjects: [{ secretName: 'db', type: 'Opaque', data: [{ objectName: 'prod/db', key: 'url' }] }],
      }),
      'secretObjects[0].data[0].objectName: points at production',
    ],
  ])('fails on a production path in %s', async (_where, put, says) => {
    await environment.kubernetes.control(put);
    const { failed, message } = await failure();
    expect(failed).toEqual([SECRET_CLASSES]);
    expect(message).toContain(`SecretProviderClass dpp-extra, `);
    expect(message).toContain(says);
  });

  test.each([['cannot be read', objects('- objectName: *db'), 'cannot be read for sure: line 1']])(
    'fails when the objects of a SecretProviderClass %s',
    async (_what, put, says) => {
      await environment.kubernetes.control(put);
      const { failed, message } = await failure();
      expect(failed).toEqual([SECRET_CLASSES]);
      expect(message).toContain(says);
    },
  );

  test('a comment about production is no finding', async () => {
    await environment.kubernetes.control(objects('# not the one of prod: prod/dpp/db\n- objectName: staging/db # was prod/db\n'));
    await run();
  });

  test("runs the repository's script in addition, with a kubeconfig that holds the one context and is gone afterwards", async () => {
    appendFileSync(
      environment.context.env['KUBECONFIG'] ?? '',
      '  - name: dpp-other\n    context:\n      cluster: dpp-staging\n      user: dpp-staging-operator\n',
    );
    const lines =
      'kubectl config get-contexts -o name; stat -c "mode %a" "$KUBECONFIG"; echo "file $KUBECONFIG"; kubectl get configmaps -o name';
    const facts = await run({ stagingDryRunScript: script(lines) });
    expect(facts.checks).toHaveLength(5);
    const text = await log();
    expect(text).toContain('dpp-staging\nmode 600\n');
    expect(text).not.toContain('dpp-other');
    expect(text).toContain('configmap/dpp-config');
    expect(text).not.toContain('stand-in-token');
    expect(readdirSync(tmpdir()).filter((name) => text.includes(`/${name}/config`))).toEqual([]);
  });

  test.each([
    ['exits with 3', () => script('echo broken >&2; exit 3'), 'ended with exit 3'],
    ['does not exist', () => join(environment.context.folder, 'nowhere.sh'), 'could not be run'],
  ])('fails when the script %s', async (_what, file, says) => {
    const { failed, message } = await failure({ stagingDryRunScript: file() });
    expect(failed).toHaveLength(1);
    expect(message).toContain(says);
  });

  test('does not run the script when the context leads to another server than the run was started on', async () => {
    const input = environment.input({ stagingBaseUrl: staging.url, stagingDryRunScript: script('echo it ran') });
    const elsewhere = { ...input, world: { ...input.world, kubeServer: 'https://k8s.example.com' } };
    await expect(runStagingDryRun(elsewhere, environment.context)).rejects.toMatchObject({
      message: expect.stringContaining('the run was started on https://k8s.example.com'),
    });
    expect(await log()).not.toContain('it ran\n');
  });
});
