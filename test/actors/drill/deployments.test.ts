import { describe, expect, test } from '@jest/globals';
import { readDeployments, type DeploymentState } from '../../../src/actors/drill/deployments.js';
import { answeringKubectl, forbidden } from '../answering-kubectl.js';
import { imageOf, listedDeployment, listedReplicaSet, type Listed } from './listed-objects.js';

const READ = 'get deployments,replicasets';

const clusterWith = (deployments: readonly unknown[], replicaSets: readonly unknown[]) =>
  answeringKubectl({ [READ]: { items: [...deployments, ...replicaSets] } });

const EARLIER = listedReplicaSet('dpp-api', 1, 1);
const CURRENT = listedReplicaSet('dpp-api', 2, 2, { status: { availableReplicas: 2 } });

/** The state of the deployment `dpp-api`. */
async function read(deployment: Listed, ...replicaSets: Listed[]): Promise<DeploymentState> {
  const state = (await readDeployments(clusterWith([deployment], replicaSets))).get('dpp-api');
  if (state === undefined) throw new Error('dpp-api was not read');
  return state;
}
const names = ({ replicaSets }: DeploymentState) => replicaSets.map(({ name }) => name);

describe('a deployment', () => {
  test('is read with its ReplicaSets, the newest first, and what of them runs', async () => {
    const template = (release: number) =>
      `{"metadata":{"labels":{"app":"dpp-api"}},"spec":{"containers":[{"image":"${imageOf('dpp-api', release)}","name":"main"}]}}`;
    const current = {
      uid: 'uid-dpp-api-2',
      name: 'dpp-api-hash2',
      podTemplateHash: 'hash2',
      images: [imageOf('dpp-api', 2)],
      revision: 2,
      availableReplicas: 2,
      template: template(2),
    };
    expect(await read(listedDeployment('dpp-api', 2), EARLIER, CURRENT)).toEqual({
      name: 'dpp-api',
      current,
      revision: 2,
      replicaSets: [
        current,
        {
          uid: 'uid-dpp-api-1',
          name: 'dpp-api-hash1',
          podTemplateHash: 'hash1',
          images: [imageOf('dpp-api', 1)],
          revision: 1,
          availableReplicas: 0,
          template: template(1),
        },
      ],
      observed: true,
      unsettled: null,
    });
  });

  test('is read by name, and kubectl lists it before its ReplicaSets', async () => {
    const kubectl = clusterWith([listedDeployment('dpp-api', 2), listedDeployment('dpp-worker', 1)], [EARLIER, CURRENT]);
    const states = await readDeployments(kubectl);
    expect([...states].map(([name, { current }]) => [name, current?.name])).toEqual([
      ['dpp-api', 'dpp-api-hash2'],
      ['dpp-worker', undefined],
    ]);
    expect(kubectl.calls).toEqual([READ]);
  });

  test('has the template without the label of the controller, whatever else is in it', async () => {
    const spec = { template: { spec: { containers: [{ image: 'a' }, { image: 'b' }], restartPolicy: 'Always' } } };
    const { current } = await read(listedDeployment('dpp-api', 2), listedReplicaSet('dpp-api', 2, 2, { spec }));
    expect(current).toMatchObject({
      images: ['a', 'b'],
      template: '{"metadata":{"labels":{}},"spec":{"containers":[{"image":"a"},{"image":"b"}],"restartPolicy":"Always"}}',
    });
    const annotated = { template: { metadata: { annotations: { at: 'noon' } }, spec: { containers: [{ image: 'a' }] } } };
    expect(
      (await read(listedDeployment('dpp-api', 2), listedReplicaSet('dpp-api', 2, 2, { spec: annotated }))).current?.template,
    ).toBe('{"metadata":{"annotations":{"at":"noon"},"labels":{}},"spec":{"containers":[{"image":"a"}]}}');
  });
});

describe('a ReplicaSet does not count', () => {
  test.each<[string, Record<string, unknown>]>([
    ['when it is being deleted', { deletionTimestamp: '2026-02-21T12:00:00Z' }],
    ['when it belongs to a deleted deployment of the same name', { ownerReferences: [{ uid: 'uid-deleted' }] }],
    ['when it belongs to nobody', { ownerReferences: undefined }],
    ['without a hash', { labels: { app: 'dpp-api' } }],
    ['without labels', { labels: undefined }],
    ['without annotations', { annotations: undefined }],
    ...['', '0', '-1', '1.5', '1e3', ' 1', '1 ', '01', 'x1', '1x', '1234567890123456'].map(
      (revision): [string, Record<string, unknown>] => [
        `with the revision ${JSON.stringify(revision)}`,
        { annotations: { 'deployment.kubernetes.io/revision': revision } },
      ],
    ),
  ])('%s', async (_why, metadata) => {
    expect(names(await read(listedDeployment('dpp-api', 2), listedReplicaSet('dpp-api', 1, 1, { metadata }), CURRENT))).toEqual([
      'dpp-api-hash2',
    ]);
  });

  test('but one with several owners does, and one with a large revision', async () => {
    const metadata = { ownerReferences: [{ uid: 'uid-other' }, { uid: 'uid-dpp-api' }] };
    const shared = listedReplicaSet('dpp-api', 3, 123456789012345, { metadata });
    expect(names(await read(listedDeployment('dpp-api', 2), EARLIER, shared, CURRENT))).toEqual([
      'dpp-api-hash3',
      'dpp-api-hash2',
      'dpp-api-hash1',
    ]);
  });
});

describe('what runs', () => {
  test.each<[string, number | string | null, number, string]>([
    ['no ReplicaSet has the revision', 3, 2, '3'],
    ['two ReplicaSets have the revision', 1, 1, '1'],
    ['the deployment has no revision', null, 2, '(none)'],
    ['the revision is no number', 'two', 2, '(none)'],
  ])('can not be told when %s', async (_why, revision, other, shown) => {
    const state = await read(listedDeployment('dpp-api', revision), EARLIER, listedReplicaSet('dpp-api', 2, other));
    expect(state).toMatchObject({
      current: null,
      revision: typeof revision === 'number' ? revision : null,
      unsettled: `not exactly one ReplicaSet has its revision ${shown}`,
    });
  });
});

describe('a rollout', () => {
  test.each<[string, Parameters<typeof listedDeployment>[2], string]>([
    ['that is paused', { spec: { paused: true } }, 'it is paused'],
    [
      'that the controller has not seen',
      { status: { observedGeneration: 4 } },
      'its last change has not been observed by the controller',
    ],
    [
      'that no controller has ever seen',
      { status: { observedGeneration: undefined } },
      'its last change has not been observed by the controller',
    ],
    ['of nothing', { spec: { replicas: 0 } }, 'it is scaled to 0 pods, nothing would be proven'],
    ['with old pods', { status: { replicas: 3 } }, 'of 2 wanted pods 2 are updated and 2 of these available; 3 pods exist'],
    [
      'with too few new pods',
      { status: { updatedReplicas: 1 } },
      'of 2 wanted pods 1 are updated and 2 of these available; 2 pods exist',
    ],
    [
      'with pods that are not available',
      { status: { availableReplicas: 1 } },
      'of 2 wanted pods 2 are updated and 2 of these available; 2 pods exist',
    ],
    [
      'without any pod',
      { status: { replicas: undefined, updatedReplicas: undefined, availableReplicas: undefined } },
      'of 2 wanted pods 0 are updated and 2 of these available; 0 pods exist',
    ],
  ])('%s is not settled', async (_which, parts, unsettled) => {
    const state = await read(listedDeployment('dpp-api', 2, parts), EARLIER, CURRENT);
    expect(state).toMatchObject({ unsettled, observed: !unsettled.includes('observed') });
  });

  test('whose available pods are those of another ReplicaSet is not settled', async () => {
    expect((await read(listedDeployment('dpp-api', 2), listedReplicaSet('dpp-api', 2, 2))).unsettled).toBe(
      'of 2 wanted pods 2 are updated and 0 of these available; 2 pods exist',
    );
  });

  test('that the controller saw later than expected is seen', async () => {
    expect(await read(listedDeployment('dpp-api', 2, { status: { observedGeneration: 6 } }), CURRENT)).toMatchObject({
      observed: true,
      unsettled: null,
    });
  });
});

describe('a list is not believed', () => {
  const deployment = listedDeployment('dpp-api', 2);
  test.each<[string, unknown]>([
    ['another kind', { ...deployment, kind: 'StatefulSet' }],
    ['no name', listedDeployment('', 2)],
    ['no UID', listedDeployment('a', 2, { metadata: { uid: '' } })],
    ['no generation', listedDeployment('a', 2, { metadata: { generation: undefined } })],
    ['a number of pods below zero', listedDeployment('a', 2, { spec: { replicas: -1 } })],
    ['half a pod', listedDeployment('a', 2, { status: { replicas: 0.5 } })],
    ['no spec', { ...deployment, spec: undefined }],
    ['no status', { ...deployment, status: undefined }],
  ])('of deployments with %s', async (_what, item) => {
    await expect(readDeployments(clusterWith([deployment, item], []))).rejects.toMatchObject({ code: 'KUBECTL_BAD_OUTPUT' });
  });

  test.each<[string, unknown]>([
    ['another kind', { ...CURRENT, kind: 'Pod' }],
    ['no name', listedReplicaSet('a', 1, 1, { metadata: { name: '' } })],
    ['no UID', listedReplicaSet('a', 1, 1, { metadata: { uid: '' } })],
    ['no template', listedReplicaSet('a', 1, 1, { spec: { template: undefined } })],
    ['no containers', listedReplicaSet('a', 1, 1, { spec: { template: { spec: {} } } })],
    ['a container without an image', listedReplicaSet('a', 1, 1, { spec: { template: { spec: { containers: [{}] } } } })],
    ['no status', { ...CURRENT, status: undefined }],
  ])('of ReplicaSets with %s', async (_what, item) => {
    await expect(readDeployments(clusterWith([deployment], [CURRENT, item]))).rejects.toMatchObject({
      code: 'KUBECTL_BAD_OUTPUT',
    });
  });

  test('that may not be read', async () => {
    const kubectl = answeringKubectl({ [READ]: forbidden() });
    await expect(readDeployments(kubectl)).rejects.toMatchObject({ code: 'KUBECTL_FORBIDDEN' });
  });
});
