import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KUBECTLS, stagingCluster, type StagingCluster } from './kubectl.js';

describe.each(KUBECTLS)('faults with %s', (binary) => {
  let cluster: StagingCluster;
  beforeEach(async () => {
    cluster = await stagingCluster(binary);
  });
  afterEach(() => cluster.remove());

  const getMaps = () => cluster.kubectl('get', 'configmaps', '-o', 'json', '--request-timeout=3s');
  const undo = (name = 'dpp-api') => cluster.kubectl('rollout', 'undo', `deployment/${name}`, '--to-revision=1');
  const rollouts = () => cluster.effects().filter(({ kind }) => kind === 'rollout');

  test.each([
    [401, 'You must be logged in to the server'],
    [403, 'Error from server (Forbidden): no ConfigMaps for you'],
    [409, 'Error from server (Conflict): no ConfigMaps for you'],
    [410, 'no ConfigMaps for you'],
    [500, 'Error from server (InternalError): no ConfigMaps for you'],
  ])('status %i is told in Kubernetes own words', async (status, words) => {
    await cluster.control({ fault: { do: 'status', status, resource: 'configmaps', message: 'no ConfigMaps for you' } });
    expect(await getMaps()).toMatchObject({
      exitCode: 1,
      stdout: expect.not.stringContaining('"data"'),
      stderr: expect.stringContaining(words),
    });
  });

  test('an empty answer and a garbage answer are errors to kubectl, or at least no objects', async () => {
    await cluster.control({ fault: { do: 'garbage', resource: 'configmaps' } });
    expect(await getMaps()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('invalid character') });
    await cluster.control([{ clearFaults: true }, { fault: { do: 'empty', resource: 'configmaps' } }]);
    expect((await getMaps()).stdout).not.toContain('dpp-config');
  });

  test('a delayed answer comes, a hanging one runs into the request time-out', async () => {
    await cluster.control({ fault: { do: 'delay', delayMs: 300, verb: 'list', resource: 'configmaps', times: 1 } });
    const asked = performance.now();
    expect((await getMaps()).exitCode).toBe(0);
    expect(performance.now() - asked).toBeGreaterThan(300);
    await cluster.control({ fault: { do: 'hang', resource: 'configmaps' } });
    const { exitCode, stderr } = await cluster.kubectl('get', 'configmaps', '--request-timeout=500ms');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Timeout|deadline exceeded/);
  });

  test('a reset connection is an error', async () => {
    await cluster.control({ fault: { do: 'reset', verb: 'patch', resource: 'deployments' } });
    expect(await undo()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('connection reset by peer') });
    expect(cluster.effects()).toEqual([]);
  });

  test('a patch may take effect although its answer is lost', async () => {
    await cluster.control({ fault: { do: 'reset', verb: 'patch', resource: 'deployments', afterEffect: true } });
    expect((await undo()).exitCode).toBe(1);
    // Whether the rollout has begun as well is a matter of moments.
    expect(cluster.effects().filter(({ kind }) => kind === 'write')).toMatchObject([
      { patchType: 'json', deployment: 'dpp-api' },
    ]);
  });

  test('a fault hits only what it matches, from the nth request on, so many times', async () => {
    await cluster.control([
      { fault: { do: 'status', status: 500, verb: 'get', resource: 'deployments', name: 'dpp-worker', nth: 2, times: 1 } },
    ]);
    const exitCodes = [];
    for (const name of ['dpp-api', 'dpp-worker', 'dpp-worker', 'dpp-worker']) {
      exitCodes.push((await cluster.kubectl('get', 'deployment', name)).exitCode);
    }
    expect(exitCodes).toEqual([0, 0, 1, 0]);
  });

  test('a server that is down refuses connections until it is up again', async () => {
    await cluster.control({ down: true });
    expect(await getMaps()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('was refused') });
    await cluster.control({ down: false });
    expect((await getMaps()).exitCode).toBe(0);
  });

  test('a server that dies in the middle of a rollout fails the wait, and the rollout goes on', async () => {
    await cluster.control([{ timing: { rolloutMs: 1000 } }, { onRolloutOf: 'dpp-api', then: { down: true } }]);
    await undo();
    expect((await cluster.kubectl('rollout', 'status', 'deployment/dpp-api', '--timeout=2s')).exitCode).toBe(1);
    await cluster.control({ down: false });
    expect((await cluster.kubectl('rollout', 'status', 'deployment/dpp-api', '--timeout=20s')).exitCode).toBe(0);
    expect(rollouts()).toHaveLength(1);
  });

  test('a server that goes down at a request leaves that request undone', async () => {
    await cluster.control({ fault: { do: 'down', verb: 'patch', resource: 'deployments', name: 'dpp-worker' } });
    await undo('dpp-api');
    expect((await undo('dpp-worker')).exitCode).toBe(1);
    expect(cluster.effects().filter(({ kind }) => kind === 'write')).toMatchObject([{ deployment: 'dpp-api' }]);
  });
});
