import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startKubernetes, type RunningKubernetes } from './start.js';

describe('the control endpoint and the bare API', () => {
  let kubernetes: RunningKubernetes;
  beforeEach(async () => {
    kubernetes = await startKubernetes();
  });
  afterEach(() => kubernetes.stop());

  const post = (command: unknown) => fetch(`${kubernetes.url}/__control`, { method: 'POST', body: JSON.stringify(command) });
  const deployments = () => `${kubernetes.url}/apis/apps/v1/namespaces/dpp-staging/deployments`;

  test('tells its state and the effects', async () => {
    expect((await post([{ stuck: ['dpp-api'] }, { fault: { do: 'hang', verb: 'patch' } }])).status).toBe(200);
    expect(await (await fetch(`${kubernetes.url}/__control`)).json()).toMatchObject({
      up: true,
      crd: true,
      stuck: ['dpp-api'],
      faults: [{ do: 'hang', verb: 'patch' }],
      effects: [],
    });
  });

  test.each([
    [{ fualt: {} }, 'fualt'],
    [{ fault: { do: 'explode' } }, 'fault.do'],
    [{ delete: { resource: 'configmaps', name: 'nothing' } }, 'there is no configmaps nothing'],
    [{ setImage: { deployment: 'nothing', image: 'x' } }, 'there is no deployment nothing'],
    [{ put: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } } }, 'serves no resource of v1 Pod'],
  ])('refuses %j and says why', async (command, why) => {
    const response = await post(command);
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(why);
  });

  test('answers before it goes down, and comes back on the same port', async () => {
    expect((await post({ down: { forMs: 100 } })).status).toBe(200);
    await expect(fetch(deployments())).rejects.toThrow('fetch failed');
    for (;;) {
      const answer = await fetch(deployments()).catch((refused: Error) => refused);
      if (answer instanceof Response) break;
    }
  });

  test('is as at the start when it is reset, on the same port, and what was to come does not come', async () => {
    const names = async () =>
      ((await (await fetch(deployments())).json()) as { items: { metadata: { name: string } }[] }).items.map(
        ({ metadata }) => metadata.name,
      );
    const before = await names();
    await kubernetes.control([
      { timing: { observeMs: 1 } },
      { setImage: { deployment: 'dpp-worker', image: 'registry.example.com/dpp-worker:9.9.9' } },
      { delete: { resource: 'deployments', name: 'dpp-api' } },
      { stuck: ['dpp-reaper'] },
      { fault: { do: 'hang', verb: 'patch' } },
      { down: true },
    ]);
    await kubernetes.reset();
    expect(await names()).toEqual(before);
    const worker = JSON.stringify(await (await fetch(`${deployments()}/dpp-worker`)).json());
    expect(worker).toContain('dpp-worker:1.1.0');
    await post({ setImage: { deployment: 'dpp-api', image: 'registry.example.com/dpp-api:1.2.0' } });
    while (!kubernetes.effects().some(({ kind }) => kind === 'rollout')) await new Promise((done) => setTimeout(done, 5));
    expect(kubernetes.effects().map(({ kind, deployment }) => `${kind} ${deployment}`)).toEqual([
      'thirdParty dpp-api',
      'rollout dpp-api',
    ]);
    expect(await (await fetch(`${kubernetes.url}/__control`)).json()).toMatchObject({ up: true, stuck: [], faults: [] });
  });

  test('a write based on an old resource version is a conflict', async () => {
    const deployment = (await (await fetch(`${deployments()}/dpp-api`)).json()) as { metadata: object; spec: object };
    const body = JSON.stringify({ ...deployment, spec: { ...deployment.spec, replicas: 1 } });
    const put = () => fetch(`${deployments()}/dpp-api`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body });
    expect((await put()).status).toBe(200);
    const second = await put();
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Conflict', code: 409 });
  });

  test('a dry run is answered, changes nothing and leaves no record', async () => {
    const patch = () =>
      fetch(`${deployments()}/dpp-api?dryRun=All`, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/merge-patch+json' },
        body: JSON.stringify({ spec: { replicas: 5 } }),
      });
    expect(await (await patch()).json()).toMatchObject({ spec: { replicas: 5 } });
    expect(await (await fetch(`${deployments()}/dpp-api`)).json()).toMatchObject({ spec: { replicas: 2 } });
    expect(kubernetes.effects()).toEqual([]);
  });

  test('a watch from a forgotten version ends with 410 Expired', async () => {
    const watch = await fetch(`${deployments()}?watch=true&resourceVersion=7`);
    expect(JSON.parse(await watch.text())).toMatchObject({ type: 'ERROR', object: { reason: 'Expired', code: 410 } });
  });

  test('an unknown path is a Status 404', async () => {
    const answer = await fetch(`${kubernetes.url}/apis/batch/v1/jobs`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ kind: 'Status', reason: 'NotFound' });
  });
});
