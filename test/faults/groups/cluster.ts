import type { ControlCommand } from '../../services/kubernetes/control.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';

const CSI = 'secretproviderclasses.secrets-store.csi.x-k8s.io';
const RESOURCES = ['deployments.apps', 'replicasets.apps', 'configmaps', CSI];
const LISTS = RESOURCES.map((resource) => `4. may list ${resource}`);
const VERBS = ['get', 'patch', 'watch'].map((verb) => `4. may ${verb} deployments.apps`);
const ASK_FOR_IT = 'Ask for the missing permission in this namespace';
const NETWORK = 'Check the network, VPN and proxy, and the server of the context';
const DEPLOY_FIRST = 'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.';

function cluster(
  what: string,
  how: string,
  command: ControlCommand | ControlCommand[],
  says: FaultCase['says'],
  failedChecks: readonly string[] = [...LISTS, ...VERBS],
): FaultCase {
  return { what, how, inject: ({ site }) => site.kubernetes.control(command), says, failedChecks };
}

/** Objects that are gone, and are put back. */
function without(
  how: string,
  resource: 'deployments' | 'configmaps',
  says: FaultCase['says'],
  failedChecks: readonly string[],
): FaultCase {
  let items: { metadata: { name: string } }[] = [];
  return {
    what: 'namespace',
    how,
    inject: async (pilot) => {
      const { stdout } = await pilot.kubectl('get', resource, '-o', 'json');
      ({ items } = JSON.parse(stdout) as { items: typeof items });
      await pilot.site.kubernetes.control(items.map(({ metadata: { name } }) => ({ delete: { resource, name } })));
    },
    mend: ({ site }) => site.kubernetes.control(items.map((put) => ({ put: { ...put } }))),
    says,
    failedChecks,
  };
}

const forbidden = (resource: string) =>
  cluster(
    `list ${resource}`,
    '403',
    { fault: { do: 'status', status: 403, verb: 'list', resource: resource.split('.')[0] } },
    [`4. may list ${resource}: KUBECTL_FORBIDDEN: kubectl get ${resource} -o name --context dpp-staging`, ASK_FOR_IT],
    [`4. may list ${resource}`],
  );

const mayNot = (verb: 'get' | 'patch' | 'watch') =>
  cluster(
    `${verb} deployments`,
    '`kubectl auth can-i` says no',
    { fault: { do: 'status', status: 403, verb, resource: 'deployments' } },
    [`4. may ${verb} deployments.apps: the cluster says: no`, 'Ask for a role in dpp-staging that allows it.'],
    [`4. may ${verb} deployments.apps`],
  );

export const CLUSTER: FaultGroup = {
  title: 'Pre-condition 4: the staging cluster',
  stage: 'preflight',
  cases: [
    cluster('API server', 'connection refused', { down: true }, ['KUBECTL_UNREACHABLE', 'was refused', NETWORK]),
    cluster(
      'list configmaps',
      'connection reset, again and again (kubectl tries ten times)',
      { fault: { do: 'reset', verb: 'list', resource: 'configmaps' } },
      ['4. may list configmaps: KUBECTL_UNREACHABLE', NETWORK],
      ['4. may list configmaps'],
    ),
    cluster('API server', '401 on everything', { fault: { do: 'status', status: 401 } }, [
      'KUBECTL_UNAUTHORIZED',
      'log in to the cluster again, then try again',
    ]),
    cluster('API server', '500 on everything', { fault: { do: 'status', status: 500 } }, [
      '4. may get deployments.apps: KUBECTL_FAILED: kubectl auth can-i get deployments.apps',
      'Run the command by hand to see more',
    ]),
    cluster('API server', '503 on everything', { fault: { do: 'status', status: 503 } }, [
      '4. may list configmaps: KUBECTL_UNREACHABLE',
      NETWORK,
    ]),
    cluster('API server', 'HTML instead of JSON, on everything', { fault: { do: 'garbage' } }, [
      '4. may list configmaps: KUBECTL_FAILED: kubectl get configmaps -o name --context dpp-staging',
      "invalid character '<' looking for beginning of value",
    ]),
    ...RESOURCES.map(forbidden),
    mayNot('get'),
    mayNot('patch'),
    mayNot('watch'),
    cluster(
      'SecretProviderClass',
      'its CRD is not installed',
      { crd: false },
      [`4. may list ${CSI}: KUBECTL_NOT_FOUND`, 'that the cluster has this kind of resource (kubectl api-resources)'],
      [`4. may list ${CSI}`],
    ),
    {
      what: 'namespace',
      how: 'there is none of that name',
      inject: (pilot) => pilot.setVariable('DPP_K8S_NAMESPACE', 'dpp-staging-eu'),
      says: ['4. may list configmaps: there is none in namespace dpp-staging-eu: nothing was proven', DEPLOY_FIRST],
      failedChecks: LISTS,
    },
    without(
      'has no deployments',
      'deployments',
      ['4. may list deployments.apps: there is none in namespace dpp-staging: nothing was proven', DEPLOY_FIRST],
      LISTS.slice(0, 2),
    ),
    without(
      'has no ConfigMaps',
      'configmaps',
      ['4. may list configmaps: there is none in namespace dpp-staging', DEPLOY_FIRST],
      ['4. may list configmaps'],
    ),
  ],
};
