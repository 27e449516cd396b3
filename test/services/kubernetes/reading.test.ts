import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KUBECTLS, stagingCluster, type StagingCluster } from './kubectl.js';
import type { Deployment, KubernetesObject, ReplicaSet } from './objects.js';

interface List<T> {
  items: T[];
}

describe.each(KUBECTLS)('reading with %s', (binary) => {
  let cluster: StagingCluster;
  beforeEach(async () => {
    cluster = await stagingCluster(binary);
  });
  afterEach(() => cluster.remove());

  test('the version names client and server', async () => {
    const version: { clientVersion: object; serverVersion: { gitVersion: string } } = await cluster.read('version');
    expect(version.serverVersion.gitVersion).toBe('v1.32.4');
  });

  test('the kubeconfig names the one context and its server', async () => {
    const config: Record<string, unknown> = await cluster.read('config', 'view');
    expect(config).toMatchObject({
      'current-context': 'dpp-staging',
      clusters: [{ cluster: { server: cluster.url } }],
      contexts: [{ name: 'dpp-staging', context: { namespace: 'dpp-staging' } }],
    });
  });

  test('the namespace is there, another one is not', async () => {
    expect(await cluster.read('get', 'namespace', 'dpp-staging')).toMatchObject({ status: { phase: 'Active' } });
    const { exitCode, stderr } = await cluster.kubectl('get', 'namespace', 'dpp-production', '-o', 'json');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Error from server (NotFound): namespaces "dpp-production" not found');
  });

  test('ConfigMaps and secret provider classes are read whole', async () => {
    const maps: List<KubernetesObject> = await cluster.read('get', 'configmaps');
    expect(maps.items.map((map) => map.metadata.name)).toEqual(['dpp-config', 'dpp-feature-flags']);
    expect(maps.items[0]!.data).toMatchObject({ DPP_PUBLIC_URL: 'https://staging.api.dpp.example.com' });
    const classes: List<KubernetesObject> = await cluster.read('get', 'secretproviderclasses.secrets-store.csi.x-k8s.io');
    expect(classes.items).toMatchObject([
      {
        metadata: { name: 'dpp-secrets' },
        spec: { parameters: { objects: expect.stringContaining('"staging/dpp/database-url"') } },
      },
    ]);
  });

  test('an empty namespace answers with an empty list', async () => {
    await cluster.control({ put: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'empty' } } });
    expect(await cluster.read('get', 'configmaps', '-n', 'empty')).toMatchObject({ items: [] });
  });

  test('a missing CRD is a kind that the server does not have', async () => {
    await cluster.control({ crd: false });
    const { exitCode, stderr } = await cluster.kubectl('get', 'secretproviderclasses.secrets-store.csi.x-k8s.io', '-o', 'json');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`the server doesn't have a resource type "secretproviderclasses"`);
  });

  test('a deployment is settled, and its ReplicaSets are owned by it, hashed and numbered', async () => {
    const deployment: Deployment = await cluster.read('get', 'deployment', 'dpp-api');
    expect(deployment.metadata.generation).toBe(deployment.status.observedGeneration);
    expect(deployment.status).toMatchObject({ replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 });
    expect(deployment.status.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Available=True',
      'Progressing=True',
    ]);

    const { items }: List<ReplicaSet> = await cluster.read('get', 'replicasets', '-l', 'app=dpp-api');
    const known = items.map(({ metadata, spec }) => ({
      revision: metadata.annotations?.['deployment.kubernetes.io/revision'],
      image: spec.template.spec.containers[0]!.image,
      replicas: spec.replicas,
    }));
    expect(known).toContainEqual({ revision: '1', image: 'registry.example.com/dpp-api:1.0.0', replicas: 0 });
    expect(known).toContainEqual({ revision: '2', image: 'registry.example.com/dpp-api:1.1.0', replicas: 2 });
    for (const { metadata } of items) {
      expect(metadata.ownerReferences).toMatchObject([{ kind: 'Deployment', uid: deployment.metadata.uid, controller: true }]);
      expect(metadata.name).toBe(`dpp-api-${metadata.labels?.['pod-template-hash']}`);
    }
  });

  test('access reviews say yes, and no to what is forbidden', async () => {
    expect(await cluster.kubectl('auth', 'can-i', 'patch', 'deployments')).toMatchObject({ exitCode: 0, stdout: 'yes\n' });
    await cluster.control({ fault: { do: 'status', status: 403, verb: 'patch', resource: 'deployments' } });
    expect(await cluster.kubectl('auth', 'can-i', 'patch', 'deployments')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^no\b/),
    });
    expect(await cluster.kubectl('auth', 'can-i', 'get', 'deployments')).toMatchObject({ stdout: 'yes\n' });
  });

  test('an object that was put or deleted is seen so', async () => {
    const data = { DPP_PUBLIC_URL: 'https://api.dpp.example.com' };
    await cluster.control([
      { put: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dpp-config' }, data } },
      { delete: { resource: 'configmaps', name: 'dpp-feature-flags' } },
      { delete: { resource: 'deployments', name: 'dpp-reaper' } },
    ]);
    expect(await cluster.read('get', 'configmaps')).toMatchObject({ items: [{ metadata: { name: 'dpp-config' }, data }] });
    expect(await cluster.read('get', 'replicasets', '-l', 'app=dpp-reaper')).toMatchObject({ items: [] });
    expect((await cluster.kubectl('get', 'deployment', 'dpp-reaper')).stderr).toContain(
      'deployments.apps "dpp-reaper" not found',
    );
  });
});
