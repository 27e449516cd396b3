/** What a client reads before its first real request: version, API groups, their resources, and OpenAPI documents. */
import { openapi } from './openapi.js';
import { noSuchPath } from './request.js';
import { apiVersionOf, CSI_GROUP, RESOURCES, type Resource, type Subresource } from './resources.js';

/** @param crdInstalled whether the CRDs of the Secrets Store CSI driver exist
 * @throws StatusError 404 for a path that is none of these */
export function discover(path: string, crdInstalled: boolean): unknown {
  const resources = RESOURCES.filter((resource) => crdInstalled || resource.group !== CSI_GROUP);
  const [root, ...rest] = path.split('/').filter(Boolean);
  if (root === 'version' && rest.length === 0) return VERSION;
  if (root === 'openapi') return openapi(path) ?? notThere();
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(resources).map(groupEntry) };
  if (root === 'apis' && rest.length === 1) {
    const group = groupsOf(resources).find(({ group }) => group === rest[0]);
    if (group !== undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
  }
  const groupVersion = rest.join('/');
  const members = resources.filter((resource) => apiVersionOf(resource) === groupVersion);
  if (members.length === 0 || root !== (groupVersion.includes('/') ? 'apis' : 'api')) throw noSuchPath();
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: members.flatMap(resourceEntries) };
}

const VERSION = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.4',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2025-04-22T00:00:00Z',
  goVersion: 'go1.23.6',
  compiler: 'gc',
  platform: 'linux/amd64',
};

function notThere(): never {
  throw noSuchPath();
}

function groupsOf(resources: readonly Resource[]): Pick<Resource, 'group' | 'version'>[] {
  const named = resources.filter(({ group }) => group !== '');
  return [...new Map(named.map(({ group, version }) => [group, { group, version }])).values()];
}

function groupEntry({ group, version }: Pick<Resource, 'group' | 'version'>) {
  const groupVersion = { groupVersion: apiVersionOf({ group, version }), version };
  return { name: group, versions: [groupVersion], preferredVersion: groupVersion };
}

function resourceEntries({ name, kind, shortNames, namespaced, verbs, subresources }: Resource): unknown[] {
  return [
    { name, singularName: kind.toLowerCase(), kind, shortNames, namespaced, verbs },
    ...subresources.map((subresource) => ({
      name: `${name}/${subresource}`,
      singularName: '',
      namespaced,
      ...SUBRESOURCES[subresource],
    })),
  ];
}

const SUBRESOURCES: Record<Subresource, { kind: string; group: string; version: string; verbs: string[] }> = {
  scale: { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
};
