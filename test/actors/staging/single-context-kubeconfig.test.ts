import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withSingleContextKubeconfig } from '../../../src/actors/staging/single-context-kubeconfig.js';
import { pretendKubectl } from '../pretended-command.js';
import { testSettings, testWorld } from '../settings.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-single-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const input = { settings: testSettings(), world: testWorld() };
const cluster = { name: 'c', cluster: { server: 'https://k8s.staging.example.com', 'certificate-authority-data': 'eA==' } };
const KUBECONFIG = {
  'current-context': 'dpp-staging',
  contexts: [{ name: 'dpp-staging', context: { cluster: 'c' } }],
  clusters: [cluster],
  users: [{ name: 'u', user: { token: 'stand-in-token' } }],
};

/** A kubectl that prints this when it is asked for the one context, and nothing left out. */
const printing = (text: string) =>
  pretendKubectl(
    folder,
    `test "$*" = 'config view --minify --flatten --raw -o json --context dpp-staging --server https://k8s.staging.example.com -n dpp-staging --request-timeout=29s' || exit 9
cat <<'END'
${text}
END`,
  );

describe('a kubeconfig with a single context', () => {
  test('is a file of its own for the one who uses it, and gone afterwards', async () => {
    let seen = '';
    const result = await withSingleContextKubeconfig(printing(JSON.stringify(KUBECONFIG)), input, (file) => {
      seen = file;
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(KUBECONFIG);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
      return Promise.resolve('used');
    });
    expect(result).toBe('used');
    expect(seen.startsWith(join(tmpdir(), 'cutover-kubeconfig-'))).toBe(true);
    expect(existsSync(dirname(seen))).toBe(false);
  });

  test('is gone when its use fails too', async () => {
    let seen = '';
    const use = (file: string) => {
      seen = file;
      return Promise.reject(new Error('it broke'));
    };
    await expect(withSingleContextKubeconfig(printing(JSON.stringify(KUBECONFIG)), input, use)).rejects.toThrow('it broke');
    expect(existsSync(dirname(seen))).toBe(false);
  });

  test.each<[string, string, string]>([
    [
      'of another server',
      JSON.stringify({ ...KUBECONFIG, clusters: [{ ...cluster, cluster: { server: 'https://other.example.com' } }] }),
      'https://other.example.com',
    ],
    [
      'with two contexts',
      JSON.stringify({ ...KUBECONFIG, contexts: [...KUBECONFIG.contexts, { name: 'b' }] }),
      'no single server',
    ],
    ['with two clusters', JSON.stringify({ ...KUBECONFIG, clusters: [cluster, cluster] }), 'no single server'],
    ['without a context', JSON.stringify({ ...KUBECONFIG, contexts: [] }), 'no single server'],
    ['without a current context', JSON.stringify({ ...KUBECONFIG, 'current-context': undefined }), 'no single server'],
    ['with a context that has no name', JSON.stringify({ ...KUBECONFIG, contexts: [{}] }), 'no single server'],
    ['without a server', JSON.stringify({ ...KUBECONFIG, clusters: [{ name: 'c', cluster: {} }] }), 'no single server'],
    ['that is no JSON', 'token: stand-in-token', 'no single server'],
  ])('%s is not used', async (_what, text, server) => {
    const use = () => Promise.reject(new Error('it was used'));
    await expect(withSingleContextKubeconfig(printing(text), input, use)).rejects.toMatchObject({
      code: 'STAGING_KUBECONFIG',
      message:
        `The kube context dpp-staging now leads to ${server}, the run was started on https://k8s.staging.example.com. ` +
        'The script was not run. Correct the kubeconfig, then run the step again.',
    });
  });

  test('that can not be read is not used', async () => {
    const use = () => Promise.reject(new Error('it was used'));
    const owner = pretendKubectl(folder, 'echo "error: it broke" >&2; exit 1');
    await expect(withSingleContextKubeconfig(owner, input, use)).rejects.toMatchObject({ code: 'KUBECTL_FAILED' });
  });
});
