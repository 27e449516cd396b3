import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { currentTarget, kubectlVersion } from '../../src/actors/kubeconfig.js';
import { pretendKubectl } from './pretended-command.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-kubeconfig-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An owner whose kubectl prints this when, and only when, it is called with these arguments. */
const printing = (args: string, document: unknown) =>
  pretendKubectl(folder, `test "$*" = '${args}' || exit 9\ncat <<'END'\n${JSON.stringify(document)}\nEND`);
const viewing = (document: unknown) => printing('config view -o json', document);
const failing = () => pretendKubectl(folder, 'echo "error: it broke" >&2; exit 1');

describe('the version of kubectl', () => {
  const version = (gitVersion: string) => kubectlVersion(printing('version --client -o json', { clientVersion: { gitVersion } }));

  test.each(['v1.20.0', 'v1.32.4-eks', 'v2.0.1', 'v10.1.0', 'v1.100.0'])('%s is new enough', async (text) => {
    expect(await version(text)).toBe(text);
  });

  test.each(['v1.19.16', 'v0.21.0', 'v1.2.0'])('%s is too old', async (text) => {
    await expect(version(text)).rejects.toMatchObject({
      code: 'KUBECTL_TOO_OLD',
      message: `kubectl is ${text}; 1.20 or newer is needed. Install a newer one.`,
    });
  });

  test.each(['unknown', 'kubectl v1.30.0', 'v1', 'v1.x', 'vx.30'])('%j says nothing', async (text) => {
    await expect(version(text)).rejects.toMatchObject({
      code: 'KUBECTL_BAD_OUTPUT',
      message: expect.stringContaining('kubectl version --client -o json succeeded, but its JSON is not as expected'),
    });
  });

  test('of a kubectl that fails is not known', async () => {
    await expect(kubectlVersion(failing())).rejects.toMatchObject({
      code: 'KUBECTL_FAILED',
      message: expect.stringContaining('kubectl version --client -o json failed (exit code 1): error: it broke.'),
    });
  });
});

describe('the current context', () => {
  test.each([[{}], [{ 'current-context': null }], [{ 'current-context': '' }], [{ 'current-context': ' ' }]])(
    'is missing in %j',
    async (document) => {
      await expect(currentTarget(viewing(document))).rejects.toMatchObject({
        code: 'KUBECONFIG_INVALID',
        message: 'The kubeconfig has no current context. Choose the staging one: kubectl config use-context NAME',
      });
    },
  );
});

describe('the server of the current context', () => {
  const context = { name: 'x', context: { cluster: 'c' } };
  const cluster = { name: 'c', cluster: { server: 'https://k8s.staging.example.com' } };

  test('is that of its cluster, found by name', async () => {
    const document = {
      'current-context': 'x',
      contexts: [{ name: 'other', context: { cluster: 'd' } }, context],
      clusters: [{ name: 'd', cluster: { server: 'https://other.example.com' } }, cluster],
    };
    expect(await currentTarget(viewing(document))).toEqual({ kubeContext: 'x', kubeServer: 'https://k8s.staging.example.com' });
  });

  test.each<[string, object, string]>([
    ['no list', {}, 'there is no context named "x"'],
    ['null for a list', { contexts: null, clusters: null }, 'there is no context named "x"'],
    ['no such context', { contexts: [], clusters: [cluster] }, 'there is no context named "x"'],
    ['two such contexts', { contexts: [context, context], clusters: [cluster] }, 'there are two entries for the context "x"'],
    [
      'no cluster in the context',
      { contexts: [{ name: 'x', context: {} }], clusters: [cluster] },
      'there is no cluster named ""',
    ],
    [
      'null for the cluster',
      { contexts: [{ name: 'x', context: { cluster: null } }], clusters: [cluster] },
      'there is no cluster named ""',
    ],
    ['no such cluster', { contexts: [context], clusters: [] }, 'there is no cluster named "c"'],
    ['two such clusters', { contexts: [context], clusters: [cluster, cluster] }, 'there are two entries for the cluster "c"'],
    ['no server', { contexts: [context], clusters: [{ name: 'c', cluster: {} }] }, 'cluster "c" has no server'],
    [
      'null for a server',
      { contexts: [context], clusters: [{ name: 'c', cluster: { server: null } }] },
      'cluster "c" has no server',
    ],
    ['a blank server', { contexts: [context], clusters: [{ name: 'c', cluster: { server: ' ' } }] }, 'cluster "c" has no server'],
  ])('is refused with %s', async (_what, document, says) => {
    await expect(currentTarget(viewing({ 'current-context': 'x', ...document }))).rejects.toMatchObject({
      code: 'KUBECONFIG_INVALID',
      message: `In the kubeconfig ${says}. See it with: kubectl config view`,
    });
  });

  test('is not known when the kubeconfig can not be read', async () => {
    await expect(currentTarget(failing())).rejects.toMatchObject({ code: 'KUBECTL_FAILED' });
  });
});
