/** SelfSubjectAccessReview, which is what `kubectl auth can-i` asks with: as requests are judged, by RBAC and by faults. */
import type { Cluster } from './cluster.js';
import { isRecord, type JsonObject } from './objects.js';
import { grants } from './rbac.js';
import { badRequest } from './status.js';

/** The review with its `status`. @throws StatusError 400 for a body that is no review of a resource */
export function reviewAccess({ faults, store }: Cluster, user: string | undefined, body: unknown): JsonObject {
  const spec = isRecord(body) ? body.spec : undefined;
  const attributes = isRecord(spec) ? spec.resourceAttributes : undefined;
  if (
    !isRecord(body) ||
    !isRecord(attributes) ||
    typeof attributes.verb !== 'string' ||
    typeof attributes.resource !== 'string'
  ) {
    throw badRequest('a SelfSubjectAccessReview needs spec.resourceAttributes with verb and resource');
  }
  const { verb, resource } = attributes;
  const text = (field: string) => (typeof attributes[field] === 'string' ? attributes[field] : '');
  const subresource = text('subresource');
  const allowed =
    !faults.forbids({ verb, resource, name: text('name') || undefined }) &&
    grants(store, user, {
      verb,
      group: text('group'),
      resource: subresource === '' ? resource : `${resource}/${subresource}`,
      namespace: text('namespace'),
      name: text('name'),
    });
  const reason = allowed ? 'RBAC: allowed by a RoleBinding' : 'no RBAC rule allows it';
  return { ...body, status: { allowed, reason } };
}
