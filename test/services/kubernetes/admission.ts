/** What the API server does to an object that a client writes: defaults, validation, and the fields that clients cannot set. */
import type { Deployment, DraftObject, KubernetesObject } from './objects.js';
import { isRecord } from './objects.js';
import { canonical, withDefaults } from './pod-template.js';
import type { Resource } from './resources.js';
import { assertShape } from './rbac-objects.js';
import { badRequest, conflict, invalid } from './status.js';

/** The object to create. @throws StatusError 400 without a name or of another kind, 422 for an unusable one */
export function admitNew(resource: Resource, namespace: string | undefined, body: unknown): DraftObject {
  if (!isRecord(body) || body.kind !== resource.kind || !isRecord(body.metadata) || typeof body.metadata.name !== 'string') {
    throw badRequest(`the body must be a ${resource.kind} with metadata.name`);
  }
  assertShape(resource, body.metadata.name, body);
  const metadata = { ...body.metadata, ...(namespace !== undefined && { namespace }), generation: 1 };
  const draft = { ...body, metadata } as unknown as DraftObject;
  return resource.name === 'deployments' ? { ...withDeploymentDefaults(resource, draft as Deployment), status: {} } : draft;
}

/**
 * What the stored object becomes when a client writes `next` over it: status and identity stay, and a changed spec moves
 * the generation.
 * @throws StatusError 409 when `next` names another resource version or UID, 422 for an unusable deployment
 */
export function admitChange(resource: Resource, previous: KubernetesObject, next: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, creationTimestamp, resourceVersion, generation = 1 } = previous.metadata;
  const { resourceVersion: basedOn, uid: meant } = next.metadata;
  assertShape(resource, name, next);
  if ((basedOn && basedOn !== resourceVersion) || (meant && meant !== uid)) throw conflict(resource, name);
  const metadata = { ...next.metadata, name, ...(namespace !== undefined && { namespace }), uid, creationTimestamp };
  const kept: KubernetesObject = { ...next, ...('status' in previous && { status: previous.status }), metadata };
  const admitted: KubernetesObject =
    resource.name === 'deployments' ? withDeploymentDefaults(resource, kept as unknown as Deployment) : kept;
  const moved = canonical(admitted.spec) === canonical(previous.spec) ? generation : generation + 1;
  return { ...admitted, metadata: { ...admitted.metadata, generation: moved } };
}

const DEPLOYMENT_DEFAULTS: Record<string, unknown> = {
  replicas: 1,
  revisionHistoryLimit: 10,
  progressDeadlineSeconds: 600,
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
};

function withDeploymentDefaults(resource: Resource, deployment: Deployment): Deployment {
  const { spec } = deployment;
  const { name } = deployment.metadata;
  const containers: unknown = spec?.template?.spec?.containers;
  if (!Array.isArray(containers) || containers.length === 0) {
    throw invalid(resource, name, 'spec.template.spec.containers', 'Required value');
  }
  for (const [index, container] of containers.entries()) {
    if (!isRecord(container) || typeof container.image !== 'string' || container.image === '') {
      throw invalid(resource, name, `spec.template.spec.containers[${index}].image`, 'Required value');
    }
  }
  const labels = spec.template.metadata?.labels ?? {};
  const wanted = Object.entries(spec.selector?.matchLabels ?? {});
  if (wanted.length === 0 || wanted.some(([key, value]) => labels[key] !== value)) {
    throw invalid(resource, name, 'spec.template.metadata.labels', '`selector` does not match template `labels`');
  }
  return {
    ...deployment,
    spec: {
      ...DEPLOYMENT_DEFAULTS,
      ...spec,
      template: withDefaults(spec.template),
    },
  };
}
