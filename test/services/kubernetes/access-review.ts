/** SelfSubjectAccessReview, which is what `kubectl auth can-i` asks with. Everything is allowed that no fault forbids. */
import type { FaultRules } from './faults.js';
import { isRecord, type JsonObject } from './objects.js';
import { badRequest } from './status.js';

/** The review with its `status`. @throws StatusError 400 for a body that is no review of a resource */
export function reviewAccess(faults: FaultRules, body: unknown): JsonObject {
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
  const { verb, resource, name } = attributes;
  const forbidden = faults.forbids({ verb, resource, name: typeof name === 'string' && name !== '' ? name : undefined });
  const reason = forbidden ? 'no RBAC rule allows it' : 'RBAC: allowed by RoleBinding "operators"';
  return { ...body, status: { allowed: !forbidden, reason } };
}
