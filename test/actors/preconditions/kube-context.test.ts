import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkKubeContext } from '../../../src/actors/preconditions/kube-context.js';
import type { Settings } from '../../../src/config/settings.js';
import { pretendKubectl } from '../pretended-command.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-kube-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FACTS = { kubeContext: 'dpp-staging', kubeServer: 'https://k8s.staging.example.com' };

/** A kubectl on a cluster where all is as it should be, unless `first` answers. */
function kubectl(first = '', { kubeContext, kubeServer } = FACTS) {
  const config = {
    'current-context': kubeContext,
    contexts: [{ name: kubeContext, context: { cluster: 'c' } }],
    clusters: [{ name: 'c', cluster: { server: kubeServer } }],
  };
  return pretendKubectl(
    folder,
    `all="$*"
case "$all" in
${first}
'version --client -o json') echo '{"clientVersion":{"gitVersion":"v1.32.0"}}' ;;
'config view -o json') echo '${JSON.stringify(config)}' ;;
*" --context ${kubeContext} --server ${kubeServer} -n dpp-staging "*)
  case "$all" in
  'auth can-i '*' deployments.apps '*) echo yes ;;
  'get '*' -o name '*) echo x/y ;;
  *) exit 9 ;;
  esac ;;
*) exit 9 ;;
esac`,
  );
}
const check = (owner = kubectl(), valid: Partial<Settings> = {}) =>
  checkKubeContext({ namespace: 'dpp-staging', contextOk: null, ...valid }, owner);

const PERMISSIONS = [
  '4. may list deployments.apps',
  '4. may list replicasets.apps',
  '4. may list configmaps',
  '4. may list secretproviderclasses.secrets-store.csi.x-k8s.io',
  '4. may get deployments.apps',
  '4. may patch deployments.apps',
  '4. may watch deployments.apps',
];
const passed = (name: string, message: string) => ({ name, ok: true, message, advice: null });
const CLIENT = passed('4. kubectl', 'client v1.32.0');
const CONTEXT = passed('4. kube context', 'dpp-staging at https://k8s.staging.example.com');
const GRANTED = PERMISSIONS.map((name) => passed(name, name.includes(' list ') ? 'yes, 1' : 'yes'));
const NOT_ASKED = {
  name: '4. kube permissions',
  ok: false,
  message: 'not asked: the context must be right first',
  advice: 'Mend what is said above.',
};

describe('4. the kube context', () => {
  test("is staging's, with a kubectl that is new enough and everything granted", async () => {
    expect(await check()).toEqual({ checks: [CLIENT, CONTEXT, ...GRANTED], facts: FACTS });
  });

  test("is not production's, whoever vouches for it; the cluster is not asked anything then", async () => {
    const facts = { ...FACTS, kubeContext: 'dpp-prod' };
    const { checks, facts: found } = await check(kubectl('', facts), { contextOk: 'dpp-prod' });
    expect(found).toEqual(facts);
    expect(checks).toEqual([
      CLIENT,
      {
        name: '4. kube context',
        ok: false,
        message: expect.stringContaining('refers to production'),
        advice: expect.any(String),
      },
      NOT_ASKED,
    ]);
  });

  test('may have another name that is vouched for', async () => {
    const facts = { ...FACTS, kubeContext: 'minikube' };
    expect((await check(kubectl('', facts), { contextOk: 'minikube' })).checks).toEqual([
      CLIENT,
      passed('4. kube context', 'minikube at https://k8s.staging.example.com, vouched for with --context-ok'),
      ...GRANTED,
    ]);
    for (const contextOk of [null, undefined]) {
      expect((await check(kubectl('', facts), { contextOk } as Partial<Settings>)).checks[1]).toMatchObject({ ok: false });
    }
  });

  test('is not asked by a kubectl that is too old', async () => {
    const { checks, facts } = await check(kubectl(`version*) echo '{"clientVersion":{"gitVersion":"v1.19.0"}}' ;;`));
    expect(facts).toEqual(FACTS);
    expect(checks).toEqual([
      { name: '4. kubectl', ok: false, message: expect.stringMatching(/^KUBECTL_TOO_OLD: /), advice: expect.any(String) },
      CONTEXT,
      NOT_ASKED,
    ]);
  });

  test('is not proven when the kubeconfig can not be read', async () => {
    const { checks, facts } = await check(kubectl('config*) exit 1 ;;'));
    expect(facts).toBeNull();
    expect(checks).toEqual([
      CLIENT,
      { name: '4. kube context', ok: false, message: expect.stringMatching(/^KUBECTL_FAILED: /), advice: expect.any(String) },
      NOT_ASKED,
    ]);
  });

  test('grants nothing in a namespace that is not known', async () => {
    expect((await check(kubectl(), { namespace: undefined } as unknown as Partial<Settings>)).checks).toEqual([
      CLIENT,
      CONTEXT,
      {
        name: '4. kube permissions',
        ok: false,
        message: 'not asked: DPP_K8S_NAMESPACE is not valid',
        advice: 'Mend what is said of it below.',
      },
    ]);
  });
});

describe('a permission', () => {
  const only = (name: string, check: object) => [
    CLIENT,
    CONTEXT,
    ...GRANTED.map((granted) => (granted.name === name ? { name, ok: false, ...check } : granted)),
  ];
  const role = 'Ask for a role in dpp-staging that allows it.';

  test.each([
    ['no', 'echo no; exit 1', 'no'],
    ['no, with a reason', 'echo "no - not allowed"; exit 1', 'no - not allowed'],
    ['nothing', 'true', 'nothing'],
    ['something else', 'echo yesterday', 'yesterday'],
  ])('is not granted when the cluster says %s', async (_what, script, says) => {
    expect((await check(kubectl(`'auth can-i patch '*) ${script} ;;`))).checks).toEqual(
      only('4. may patch deployments.apps', { message: `the cluster says: ${says}`, advice: role }),
    );
  });

  test.each(['echo no; exit 2', 'echo nobody knows; exit 1', 'echo yes or no; exit 1', 'exit 1'])(
    'is not known when kubectl fails: %s',
    async (script) => {
      expect((await check(kubectl(`'auth can-i watch '*) ${script} ;;`))).checks).toEqual(
        only('4. may watch deployments.apps', {
          message: expect.stringMatching(/^KUBECTL_FAILED: /),
          advice: 'Mend this, then start again.',
        }),
      );
    },
  );

  test('is proven by a list that succeeds', async () => {
    expect((await check(kubectl(`'get configmaps '*) echo 'Error from server (Forbidden): x' >&2; exit 1 ;;`))).checks).toEqual(
      only('4. may list configmaps', {
        message: expect.stringMatching(/^KUBECTL_FORBIDDEN: /),
        advice: 'Mend this, then start again.',
      }),
    );
  });

  test('is not proven by an empty list: that is what a namespace that does not exist gives too', async () => {
    expect((await check(kubectl(`'get configmaps '*) true ;;`))).checks).toEqual(
      only('4. may list configmaps', {
        message: 'there is none in namespace dpp-staging: nothing was proven',
        advice: 'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.',
      }),
    );
  });

  test.each(['No resources', 'configmap/a; warning', 'configmap/a\\nWarning: x', 'a/b/c', '/b', 'Config/a'])(
    'is not proven by a list that is none of names: %s',
    async (answer) => {
      expect((await check(kubectl(`'get configmaps '*) printf '${answer}' ;;`))).checks).toEqual(
        only('4. may list configmaps', {
          message: expect.stringMatching(/^KUBECTL_BAD_OUTPUT: .*printed no names: /),
          advice: 'Mend this, then start again.',
        }),
      );
    },
  );
});
