import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { stagingCluster, type StagingCluster } from './kubectl.js';

const RBAC = 'rbac.authorization.k8s.io';
const SUBJECT = { kind: 'ServiceAccount', name: 'robot', namespace: 'dpp-staging' };
const AS = ['--as', 'system:serviceaccount:dpp-staging:robot'];

const role = (...rules: object[]) => ({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'robot' }, rules });
const binding = (name = 'robot', roleRef: object = { apiGroup: RBAC, kind: 'Role', name: 'robot' }) => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'RoleBinding',
  metadata: { name },
  roleRef,
  subjects: [SUBJECT],
});
const rule = (resources: string[], verbs: string[], more: object = {}) => ({ apiGroups: ['apps'], resources, verbs, ...more });

describe('access by Role and RoleBinding', () => {
  let cluster: StagingCluster;
  beforeEach(async () => {
    cluster = await stagingCluster('kubectl');
  });
  afterEach(() => cluster.remove());

  const asRobot = (...args: string[]) => cluster.kubectl(...args, ...AS);
  const bound = (...rules: object[]) => cluster.control([{ put: role(...rules) }, { put: binding() }]);

  test('nobody but the administrator may do anything that no binding grants, and is told so in the words of the API server', async () => {
    expect((await cluster.kubectl('get', 'deployments')).exitCode).toBe(0);
    await cluster.control({ put: role(rule(['deployments'], ['list'])) });
    const { exitCode, stderr } = await asRobot('get', 'deployments');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      'Error from server (Forbidden): deployments.apps is forbidden: User "system:serviceaccount:dpp-staging:robot" cannot list resource "deployments" in API group "apps" in the namespace "dpp-staging"',
    );
  });

  test('a verb is granted for its resource and group, not for others', async () => {
    await bound(rule(['deployments'], ['get']));
    expect((await asRobot('get', 'deployment', 'dpp-api')).exitCode).toBe(0);
    for (const args of [
      ['get', 'deployments'],
      ['delete', 'deployment', 'dpp-api'],
      ['get', 'configmap', 'dpp-config'],
    ]) {
      expect(await asRobot(...args)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(Forbidden)') });
    }
  });

  test('a rule with names is for these, and for a watch that pins one of them, not for the collection', async () => {
    await bound(rule(['deployments'], ['get', 'list', 'watch'], { resourceNames: ['dpp-api'] }));
    expect((await asRobot('rollout', 'status', 'deployment/dpp-api')).exitCode).toBe(0);
    expect((await asRobot('rollout', 'status', 'deployment/dpp-worker')).stderr).toContain('(Forbidden)');
    expect((await asRobot('get', 'deployments')).stderr).toContain('(Forbidden)');
  });

  test('a subresource is not its resource', async () => {
    await bound(rule(['deployments'], ['get', 'patch']));
    expect((await asRobot('scale', 'deployment/dpp-api', '--replicas=3')).stderr).toContain('deployments/scale');
    await bound(rule(['deployments', 'deployments/scale'], ['get', 'patch']));
    expect((await asRobot('scale', 'deployment/dpp-api', '--replicas=3')).exitCode).toBe(0);
  });

  test('auth can-i says what a request would be answered', async () => {
    await bound(rule(['deployments'], ['patch']));
    expect(await asRobot('auth', 'can-i', 'patch', 'deployments.apps')).toMatchObject({ exitCode: 0, stdout: 'yes\n' });
    expect(await asRobot('auth', 'can-i', 'delete', 'deployments.apps')).toMatchObject({ exitCode: 1 });
    await bound(rule(['deployments'], ['patch'], { resourceNames: ['dpp-api'] }));
    expect(await asRobot('auth', 'can-i', 'patch', 'deployments.apps')).toMatchObject({ exitCode: 1 });
    expect(await asRobot('auth', 'can-i', 'patch', 'deployments.apps/dpp-api')).toMatchObject({ exitCode: 0 });
  });

  test('a binding of a role of the cluster grants nothing: there is none', async () => {
    await cluster.control({ put: binding('view', { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' }) });
    expect((await asRobot('get', 'deployments')).exitCode).toBe(1);
  });

  test('a manifest is applied by kubectl, field by field: a slip is refused', async () => {
    const file = join(cluster.directory, 'role.json');
    const apply = async (object: object) => {
      await writeFile(file, JSON.stringify(object));
      return cluster.kubectl('apply', '-f', file);
    };
    expect(await apply(role(rule(['deployments'], ['get'])))).toMatchObject({ exitCode: 0 });
    expect(await apply(role(rule(['deployments'], ['get', 'list'])))).toMatchObject({
      stdout: expect.stringContaining('configured'),
    });
    expect(await apply(role(rule(['deployments'], ['get'], { verb: ['list'] })))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('unknown field "rules.0.verb"'),
    });
    expect(await apply({ ...binding(), subjects: [{ ...SUBJECT, kind: 'Robot' }] })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('subjects.0.kind'),
    });
  });

  test('a token is issued for a service account that there is', async () => {
    const token = () => cluster.kubectl('create', 'token', 'robot', '--duration=1h');
    expect((await token()).stderr).toContain('serviceaccounts "robot" not found');
    await cluster.control({ put: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } } });
    expect(await token()).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^stand-in\.\S{32}\n?$/) });
  });
});
