/** The API's verbs on stored objects. Watching is in `watch.ts`. */
import { admitChange, admitNew } from './admission.js';
import { applyJsonPatch } from './json-patch.js';
import { applyMergePatch, applyStrategicMergePatch } from './merge-patch.js';
import type { ObjectStore } from './object-store.js';
import { isRecord, type Deployment, type KubernetesObject } from './objects.js';
import type { ApiRequest } from './request.js';
import { apiVersionOf, CSI_GROUP, resourceNamed } from './resources.js';
import { alreadyExists, badRequest, invalid, methodNotAllowed, notFound, unsupportedMediaType } from './status.js';

export interface Answer {
  code: number;
  body: unknown;
}

/** Performs any verb but `watch`. @throws StatusError as the API server would answer */
export function perform(store: ObjectStore, request: ApiRequest, mediaType: string, body: unknown): Answer {
  switch (request.verb) {
    case 'list':
      return { code: 200, body: list(store, request) };
    case 'get':
      return { code: 200, body: view(request, existing(store, request)) };
    case 'create':
      return { code: 201, body: create(store, request, body) };
    case 'update':
      return { code: 200, body: change(store, request, body) };
    case 'patch':
      return { code: 200, body: change(store, request, patched(request, existing(store, request), mediaType, body)) };
    case 'delete':
      return { code: 200, body: remove(store, request) };
    case 'watch':
      throw methodNotAllowed();
  }
}

function list(store: ObjectStore, { resource, namespace, selector }: ApiRequest): unknown {
  const items = store.list(resource.name, namespace).filter((object) => selector.matches(object));
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(store.version) },
    items,
  };
}

function existing(store: ObjectStore, { resource, namespace, name }: ApiRequest): KubernetesObject {
  if (name === undefined) throw methodNotAllowed();
  const object = store.get(resource.name, namespace, name);
  if (object === undefined) throw notFound(resource, name);
  return object;
}

function create(store: ObjectStore, { resource, namespace, query }: ApiRequest, body: unknown): unknown {
  const draft = admitNew(resource, namespace, body);
  const { name } = draft.metadata;
  if (namespace !== undefined && !store.get('namespaces', undefined, namespace)) {
    throw notFound(resourceNamed('namespaces'), namespace);
  }
  if (store.get(resource.name, namespace, name)) throw alreadyExists(resource, name);
  return isDryRun(query) ? draft : store.create(resource.name, draft);
}

/** Writes `next`, which is a `Scale` when the request is for `/scale`, over the stored object. */
function change(store: ObjectStore, request: ApiRequest, next: unknown): unknown {
  const previous = existing(store, request);
  if (!isRecord(next) || !isRecord(next.metadata)) throw badRequest('the body must be an object with metadata');
  const wanted =
    request.subresource === 'scale' ? rescaled(request, previous as Deployment, next) : (next as unknown as KubernetesObject);
  const admitted = admitChange(request.resource, previous, wanted);
  return view(request, isDryRun(request.query) ? admitted : store.replace(request.resource.name, admitted));
}

function patched(request: ApiRequest, previous: KubernetesObject, mediaType: string, patch: unknown): unknown {
  const target = view(request, previous);
  switch (mediaType) {
    case 'application/json-patch+json':
      return applyJsonPatch(target, patch);
    case 'application/merge-patch+json':
      return applyMergePatch(target, patch);
    case 'application/strategic-merge-patch+json':
      // As in Kubernetes, only for built-in types: a CRD's lists have no known keys.
      if (request.resource.group !== CSI_GROUP) return applyStrategicMergePatch(target, patch);
  }
  throw unsupportedMediaType(mediaType, ['application/json-patch+json', 'application/merge-patch+json']);
}

function remove(store: ObjectStore, request: ApiRequest): unknown {
  const object = existing(store, request);
  const { resource, namespace } = request;
  if (!isDryRun(request.query)) store.remove(resource.name, namespace, object.metadata.name);
  const details = { name: object.metadata.name, group: resource.group, kind: resource.name, uid: object.metadata.uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** The object as the request sees it: itself, or its `Scale`. */
function view({ subresource }: ApiRequest, object: KubernetesObject): unknown {
  if (subresource !== 'scale') return object;
  const { metadata, spec, status } = object as Deployment;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas },
    status: { replicas: status.replicas ?? 0, selector: selector.join(',') },
  };
}

function rescaled({ resource }: ApiRequest, previous: Deployment, scale: Record<string, unknown>): KubernetesObject {
  const replicas = isRecord(scale.spec) ? (scale.spec.replicas ?? 0) : undefined;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw invalid(resource, previous.metadata.name, 'spec.replicas', 'must be greater than or equal to 0');
  }
  return { ...previous, spec: { ...previous.spec, replicas } } as KubernetesObject;
}

/** `kubectl --dry-run=server`: everything is checked and answered, nothing is stored. */
function isDryRun(query: URLSearchParams): boolean {
  return query.get('dryRun') === 'All';
}
