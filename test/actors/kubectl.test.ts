import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createKubectl, currentTarget, kubectlVersion } from '../../src/actors/kubectl.js';
import { unrecordedOwner } from '../../src/actors/process/run-process.js';
import { stagingCluster, type StagingCluster } from '../services/kubernetes/kubectl.js';
import { createTestContext } from './actor-context.js';

const LIST = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });
const STAGING = { context: 'dpp-staging', server: 'http://127.0.0.1:9', namespace: 'dpp-staging' };
const PATH = process.env['PATH'] ?? '';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-kubectl-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ownerWith = (env: NodeJS.ProcessEnv) => unrecordedOwner(new AbortController().signal, { PATH, HOME: folder, ...env });

describe('against a cluster', () => {
  let cluster: StagingCluster;
  beforeEach(async () => {
    cluster = await stagingCluster('kubectl');
  });
  afterEach(() => cluster.remove());
  const staging = () => ({ ...STAGING, server: cluster.url });
  const owner = () => ownerWith({ HOME: cluster.directory, KUBECONFIG: join(cluster.directory, 'kubeconfig') });

  test('objects are read as JSON and checked', async () => {
    const { items } = await createKubectl(owner(), staging()).get(['get', 'configmaps'], LIST);
    expect(items.map(({ metadata }) => metadata.name)).toContain('dpp-config');
  });

  test('an answer of another form is not believed', async () => {
    const schema = z.object({ items: z.array(z.object({ spec: z.object({ replicas: z.number() }) })) });
    await expect(createKubectl(owner(), staging()).get(['get', 'configmaps'], schema)).rejects.toMatchObject({
      code: 'KUBECTL_BAD_OUTPUT',
      message: expect.stringContaining('items.0.spec'),
    });
  });

  test('context and namespace are those given, not those that the kubeconfig calls current', async () => {
    const kubeconfig = join(cluster.directory, 'kubeconfig');
    const env = { HOME: cluster.directory, KUBECONFIG: kubeconfig };
    await expect(createKubectl(ownerWith(env), { ...staging(), context: 'another' }).run(['get', 'pods'])).rejects.toMatchObject({
      code: 'KUBECTL_FAILED',
      message: expect.stringContaining('another'),
    });
    expect(
      (await createKubectl(ownerWith(env), { ...staging(), namespace: 'empty' }).get(['get', 'configmaps'], LIST)).items,
    ).toEqual([]);
  });

  test('the server is the one given, wherever the context leads by now', async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    await cluster.writeKubeconfig(kubeconfig);
    writeFileSync(kubeconfig, readFileSync(kubeconfig, 'utf8').replace(cluster.url, 'http://127.0.0.1:9'));
    const { items } = await createKubectl(ownerWith({ KUBECONFIG: kubeconfig }), staging()).get(['get', 'configmaps'], LIST);
    expect(items).toHaveLength(2);
  });

  test.each<[{ do: 'status'; status: number; resource: string }, string]>([
    [{ do: 'status', status: 403, resource: 'configmaps' }, 'KUBECTL_FORBIDDEN'],
    [{ do: 'status', status: 401, resource: 'configmaps' }, 'KUBECTL_UNAUTHORIZED'],
    [{ do: 'status', status: 503, resource: 'configmaps' }, 'KUBECTL_UNREACHABLE'],
    [{ do: 'status', status: 500, resource: 'configmaps' }, 'KUBECTL_FAILED'],
  ])('%j is %s, in a message that names the command and what to do', async (fault, code) => {
    await cluster.control({ fault });
    const error = await createKubectl(owner(), staging())
      .run(['get', 'configmaps', '-o', 'name'])
      .then(
        () => null,
        (caught: unknown) => caught as Error,
      );
    expect(error).toMatchObject({ code });
    expect(error?.message).toContain(
      `kubectl get configmaps -o name --context dpp-staging --server ${cluster.url} -n dpp-staging`,
    );
    expect(error?.message.split('. ').length).toBeGreaterThan(1);
  });

  test.each(['empty', 'garbage'] as const)('an %s answer of the server is an error, and never an empty list', async (kind) => {
    await cluster.control({ fault: { do: kind, resource: 'configmaps' } });
    await expect(createKubectl(owner(), staging()).get(['get', 'configmaps'], LIST)).rejects.toMatchObject({
      code: expect.stringMatching(/^KUBECTL_/),
    });
  });

  test('a server that hangs is a time-out', async () => {
    await cluster.control({ fault: { do: 'hang', resource: 'configmaps' } });
    const kubectl = createKubectl(owner(), staging());
    await expect(kubectl.run(['get', 'configmaps'], { timeoutMs: 2_500 })).rejects.toMatchObject({ code: 'KUBECTL_TIMEOUT' });
  });

  test('an object and a kind that are not there are not found', async () => {
    const kubectl = createKubectl(owner(), staging());
    await expect(kubectl.run(['get', 'configmap', 'absent'])).rejects.toMatchObject({ code: 'KUBECTL_NOT_FOUND' });
    await expect(kubectl.run(['get', 'unicorns'])).rejects.toMatchObject({ code: 'KUBECTL_NOT_FOUND' });
  });

  test('a server that is gone is unreachable', async () => {
    cluster.stop();
    await expect(createKubectl(owner(), staging()).run(['get', 'pods'])).rejects.toMatchObject({ code: 'KUBECTL_UNREACHABLE' });
  });

  test('calls are logged with what they printed and their exit code', async () => {
    const context = await createTestContext();
    try {
      const log = await context.openLog('40_staging_dry_run.txt');
      const kubectl = createKubectl(owner(), staging());
      await kubectl.get(['get', 'configmaps'], LIST);
      await kubectl.run(['get', 'configmaps', '-o', 'name'], { log });
      await expect(kubectl.run(['get', 'configmap', 'absent'], { log })).rejects.toThrow();
      await log.close();
      const tail = `--context dpp-staging --server ${cluster.url} -n dpp-staging --request-timeout=29s`;
      expect(await context.text('40_staging_dry_run.txt')).toBe(
        [
          `$ kubectl get configmaps -o name ${tail}`,
          'configmap/dpp-config',
          'configmap/dpp-feature-flags',
          '[exit code 0]',
          `$ kubectl get configmap absent ${tail}`,
          'Error from server (NotFound): configmaps "absent" not found',
          '[exit code 1]',
          '',
        ].join('\n'),
      );
    } finally {
      await context.remove();
    }
  });

  test('context and server come from the kubeconfig', async () => {
    expect(await currentTarget(owner())).toEqual({ kubeContext: 'dpp-staging', kubeServer: cluster.url });
    expect(await kubectlVersion(owner())).toMatch(/^v1\.\d+/);
  });
});

test('a closed port is unreachable', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const owner = kubeconfig({ clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }] });
  await expect(
    createKubectl(owner, { ...STAGING, context: 'x', server: `http://127.0.0.1:${port}` }).run(['get', 'pods']),
  ).rejects.toMatchObject({
    code: 'KUBECTL_UNREACHABLE',
  });
});

/** An owner whose kubeconfig is this one, with a context `x` that leads to cluster `c`. */
function kubeconfig(parts: object) {
  const file = join(folder, 'config');
  const contexts = [{ name: 'x', context: { cluster: 'c', user: '' } }];
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'x', contexts, ...parts }));
  return ownerWith({ KUBECONFIG: file });
}

describe('a kubeconfig', () => {
  const cluster = { name: 'c', cluster: { server: 'https://k8s.staging.example.com' } };

  test('leads from the context to its server', async () => {
    expect(await currentTarget(kubeconfig({ clusters: [cluster] }))).toMatchObject({
      kubeServer: 'https://k8s.staging.example.com',
    });
  });

  test.each<[string, object]>([
    ['without the context', { contexts: [], clusters: [cluster] }],
    ['without the cluster', { clusters: [] }],
    ['without any list', {}],
    ['without a server', { clusters: [{ name: 'c', cluster: {} }] }],
    ['with a blank server', { clusters: [{ name: 'c', cluster: { server: ' ' } }] }],
  ])('%s is refused', async (_, parts) => {
    await expect(currentTarget(kubeconfig(parts))).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID' });
  });

  test('with two entries of one name is refused', async () => {
    const twice = kubeconfig({ clusters: [cluster, { ...cluster, cluster: { server: 'https://other.example.com' } }] });
    await expect(currentTarget(twice)).rejects.toMatchObject({ code: expect.stringMatching(/^KUBE/) });
  });

  test('without a current context is refused', async () => {
    await expect(currentTarget(kubeconfig({ 'current-context': '' }))).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID' });
    await expect(currentTarget(ownerWith({ KUBECONFIG: join(folder, 'absent') }))).rejects.toMatchObject({
      code: 'KUBECONFIG_INVALID',
    });
  });
});
