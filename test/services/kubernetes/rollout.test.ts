import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KUBECTLS, stagingCluster, type StagingCluster } from './kubectl.js';
import type { Deployment, ReplicaSet } from './objects.js';

const OLD = 'registry.example.com/dpp-api:1.0.0';
const CURRENT = 'registry.example.com/dpp-api:1.1.0';

describe.each(KUBECTLS)('rollouts with %s', (binary) => {
  let cluster: StagingCluster;
  beforeEach(async () => {
    cluster = await stagingCluster(binary);
  });
  afterEach(() => cluster.remove());

  const undo = (revision: number) => cluster.kubectl('rollout', 'undo', 'deployment/dpp-api', `--to-revision=${revision}`);
  const status = (timeout = '120s') => cluster.kubectl('rollout', 'status', 'deployment/dpp-api', `--timeout=${timeout}`);
  const deployment = (): Promise<Deployment> => cluster.read('get', 'deployment', 'dpp-api');
  const image = async () => (await deployment()).spec.template.spec.containers[0]!.image;

  /** Image and UID of each revision. */
  async function revisions(): Promise<Record<string, { image: string; uid: string; replicas: number }>> {
    const { items }: { items: ReplicaSet[] } = await cluster.read('get', 'replicasets', '-l', 'app=dpp-api');
    return Object.fromEntries(
      items.map(({ metadata, spec }) => [
        metadata.annotations!['deployment.kubernetes.io/revision']!,
        { image: spec.template.spec.containers[0]!.image, uid: metadata.uid, replicas: spec.replicas },
      ]),
    );
  }

  test('an undo takes up the old ReplicaSet and renumbers it', async () => {
    const before = await revisions();
    expect(await undo(1)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('rolled back') });
    expect(await status()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('successfully rolled out') });

    const after = await revisions();
    expect(Object.keys(after)).toEqual(['2', '3']);
    expect(after['3']).toEqual({ image: OLD, uid: before['1']!.uid, replicas: 2 });
    expect(after['2']).toEqual({ image: CURRENT, uid: before['2']!.uid, replicas: 0 });
    expect((await deployment()).metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '3' });
    expect((await cluster.kubectl('rollout', 'history', 'deployment/dpp-api')).stdout).toMatch(/\n2 .*\n3 /);
  });

  test('there and back again ends on the ReplicaSet it began with, under a new number', async () => {
    const before = await revisions();
    await undo(1);
    await status();
    await undo(2);
    await status();
    const after = await revisions();
    expect(after['4']).toEqual(before['2']);
    expect(cluster.effects().filter(({ kind }) => kind === 'rollout')).toMatchObject([
      { deployment: 'dpp-api', fromImage: CURRENT, toImage: OLD, fromRevision: 2, toRevision: 3, createdReplicaSet: false },
      { deployment: 'dpp-api', fromImage: OLD, toImage: CURRENT, fromRevision: 3, toRevision: 4, createdReplicaSet: false },
    ]);
    expect(cluster.effects().filter((effect) => effect.kind === 'write' && effect.patchType === 'json')).toHaveLength(2);
  });

  test('a revision that was renumbered away cannot be undone to', async () => {
    await undo(1);
    await status();
    expect(await undo(1)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('unable to find specified revision 1') });
  });

  test('an undo to what runs already starts no rollout', async () => {
    expect((await undo(2)).exitCode).toBe(0);
    expect((await status()).exitCode).toBe(0);
    expect(cluster.effects().filter(({ kind }) => kind === 'rollout')).toEqual([]);
  });

  test('rollout status waits for the controller and gives up at its timeout', async () => {
    await cluster.control({ timing: { observeMs: 2000, rolloutMs: 400 } });
    await undo(1);
    const { metadata, status: seen } = await deployment();
    expect(metadata.generation).toBe(seen.observedGeneration! + 1);
    expect((await status()).stdout).toMatch(/Waiting for .*\n(.*\n)*.*successfully rolled out/);

    await cluster.control([{ timing: { observeMs: 20 } }, { stuck: ['dpp-api'] }]);
    await undo(2);
    expect(await status('1s')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('timed out waiting for the condition'),
    });
    expect((await deployment()).status).toMatchObject({ replicas: 3, updatedReplicas: 1, availableReplicas: 2 });

    await cluster.control({ stuck: [] });
    expect((await status()).exitCode).toBe(0);
  });

  test('a stuck rollout past its progress deadline is reported as that', async () => {
    await cluster.control([{ stuck: ['dpp-api'] }, { timing: { progressDeadlineMs: 300 } }]);
    await undo(1);
    expect(await status()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('exceeded its progress deadline') });
  });

  test('a third party can set an image now', async () => {
    await cluster.control({ setImage: { deployment: 'dpp-api', image: 'registry.example.com/dpp-api:9.9.9' } });
    expect((await status()).exitCode).toBe(0);
    expect((await revisions())['3']).toMatchObject({ image: 'registry.example.com/dpp-api:9.9.9', replicas: 2 });
  });

  test('a third party can set an image in the middle of a rollout', async () => {
    const edit = { setImage: { deployment: 'dpp-api', image: 'registry.example.com/dpp-api:9.9.9' } };
    await cluster.control({ onRolloutOf: 'dpp-api', then: edit });
    await undo(1);
    expect((await status()).exitCode).toBe(0);
    expect(await image()).toBe('registry.example.com/dpp-api:9.9.9');
    expect((await revisions())['4']).toMatchObject({ replicas: 2 });
    expect(cluster.effects().map(({ kind }) => kind)).toEqual(['write', 'rollout', 'thirdParty', 'rollout']);
  });

  test('set image and patch make new revisions, scaling does not', async () => {
    await cluster.kubectl('set', 'image', 'deployment/dpp-api', 'dpp-api=registry.example.com/dpp-api:2.0.0');
    expect((await status()).exitCode).toBe(0);
    const annotate = JSON.stringify({ spec: { template: { metadata: { annotations: { restarted: 'now' } } } } });
    for (const type of ['strategic', 'merge'])
      await cluster.kubectl('patch', 'deployment', 'dpp-api', `--type=${type}`, '-p', annotate);
    expect((await status()).exitCode).toBe(0);
    expect(await cluster.kubectl('scale', 'deployment', 'dpp-api', '--replicas=3')).toMatchObject({ exitCode: 0 });
    expect((await status()).exitCode).toBe(0);
    const known = await revisions();
    expect(Object.keys(known)).toEqual(['1', '2', '3', '4']);
    expect(known['4']).toMatchObject({ image: 'registry.example.com/dpp-api:2.0.0', replicas: 3 });
  });

  test('a deployment without a container image is refused', async () => {
    const patch = JSON.stringify([{ op: 'remove', path: '/spec/template/spec/containers/0/image' }]);
    const { exitCode, stderr } = await cluster.kubectl('patch', 'deployment', 'dpp-api', '--type=json', '-p', patch);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('spec.template.spec.containers[0].image');
  });
});
