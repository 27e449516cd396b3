/** Who may do what, by the Roles and RoleBindings in the store. Source: "Using RBAC Authorization" of the Kubernetes documentation. */
import type { ObjectStore } from './object-store.js';
import { isRecord, type KubernetesObject } from './objects.js';
import type { ApiRequest } from './request.js';
import { qualifiedName } from './resources.js';
import { forbidden, type StatusError } from './status.js';

/** What a request or an access review is about, in the words of a rule. */
export interface Attributes {
  verb: string;
  group: string;
  /** Plural, with `/subresource` if there is one. */
  resource: string;
  namespace: string;
  /** The object's name, or the name that a list's or watch's field selector pins; empty for a collection. */
  name: string;
}

/**
 * Whether a RoleBinding of the namespace grants it to the user. Without a user the caller is the cluster's administrator. A binding
 * of a ClusterRole grants nothing here: there are none.
 */
export function grants(store: ObjectStore, user: string | undefined, wanted: Attributes): boolean {
  // What the default ClusterRoles system:basic-user and system:discovery give to everybody who is somebody.
  if (user === undefined || wanted.group === 'authorization.k8s.io') return true;
  return store
    .list('rolebindings', wanted.namespace)
    .filter((binding) => subjectsOf(binding).includes(user))
    .flatMap((binding) => rulesOf(store, binding, wanted.namespace))
    .some((rule) => covers(rule, wanted));
}

export function attributesOf({ verb, resource, subresource, namespace, name, selector }: ApiRequest): Attributes {
  return {
    verb,
    group: resource.group,
    resource: subresource === undefined ? resource.name : `${resource.name}/${subresource}`,
    namespace: namespace ?? '',
    name: name ?? selector.name ?? '',
  };
}

/** In the words of the API server. */
export function refusal(user: string, { resource, name = '' }: ApiRequest, wanted: Attributes): StatusError {
  const subject = name === '' ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`;
  return forbidden(
    resource,
    name,
    `${subject} is forbidden: User "${user}" cannot ${wanted.verb} resource "${wanted.resource}" in API group "${wanted.group}" in the namespace "${wanted.namespace}"`,
  );
}

function subjectsOf({ metadata, subjects }: KubernetesObject): string[] {
  return records(subjects).map(({ kind, name, namespace = metadata.namespace }) =>
    kind === 'ServiceAccount' ? `system:serviceaccount:${String(namespace)}:${String(name)}` : String(name),
  );
}

function rulesOf(store: ObjectStore, { roleRef }: KubernetesObject, namespace: string): Record<string, unknown>[] {
  if (!isRecord(roleRef) || roleRef.kind !== 'Role') return [];
  return records(store.get('roles', namespace, String(roleRef.name))?.rules);
}

/** Names are matched against what the request says of itself: a rule with names never covers a collection. */
function covers(rule: Record<string, unknown>, { verb, group, resource, name }: Attributes): boolean {
  const has = (list: unknown, value: string) => strings(list).some((item) => item === '*' || item === value);
  const names = strings(rule.resourceNames);
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    has(rule.resources, resource) &&
    (names.length === 0 || names.includes(name))
  );
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
