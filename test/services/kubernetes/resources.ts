/** The resources that the stand-in serves: one table that discovery, routing and access reviews all read. */

export interface Resource {
  /** Plural, as in the URL. */
  name: ResourceName;
  kind: string;
  shortNames: string[];
  /** Empty for the core group. */
  group: string;
  version: string;
  namespaced: boolean;
  verbs: string[];
  /** Of its objects. */
  subresources: Subresource[];
}

export type Subresource = 'scale' | 'token';

export type ResourceName =
  | 'configmaps'
  | 'deployments'
  | 'namespaces'
  | 'replicasets'
  | 'rolebindings'
  | 'roles'
  | 'secretproviderclasses'
  | 'selfsubjectaccessreviews'
  | 'serviceaccounts';

/** The group of the Secrets Store CSI driver: a CRD, which a cluster may lack. */
export const CSI_GROUP = 'secrets-store.csi.x-k8s.io';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

const ALL_VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

export const RESOURCES: readonly Resource[] = [
  { ...resource('namespaces', 'Namespace', ['ns']), namespaced: false },
  resource('configmaps', 'ConfigMap', ['cm']),
  { ...resource('serviceaccounts', 'ServiceAccount', ['sa']), subresources: ['token'] },
  { ...resource('deployments', 'Deployment', ['deploy']), group: 'apps', subresources: ['scale'] },
  { ...resource('replicasets', 'ReplicaSet', ['rs']), group: 'apps' },
  { ...resource('roles', 'Role', []), group: RBAC_GROUP },
  { ...resource('rolebindings', 'RoleBinding', []), group: RBAC_GROUP },
  { ...resource('secretproviderclasses', 'SecretProviderClass', []), group: CSI_GROUP },
  {
    ...resource('selfsubjectaccessreviews', 'SelfSubjectAccessReview', []),
    group: 'authorization.k8s.io',
    namespaced: false,
    verbs: ['create'],
  },
];

export function resourceNamed(name: ResourceName): Resource {
  return RESOURCES.find((candidate) => candidate.name === name)!;
}

export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `deployments.apps`, as error messages and `kubectl -o name` write it. */
export function qualifiedName({ group, name }: Resource): string {
  return group === '' ? name : `${name}.${group}`;
}

function resource(name: ResourceName, kind: string, shortNames: string[]): Resource {
  return { name, kind, shortNames, group: '', version: 'v1', namespaced: true, verbs: ALL_VERBS, subresources: [] };
}
