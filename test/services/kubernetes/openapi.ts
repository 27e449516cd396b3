/**
 * As much of the OpenAPI documents as kubectl looks for before it applies a manifest: whether the server checks the fields of a kind
 * itself. It does for those in `rbac-objects.ts`; of the others the documents say nothing, and kubectl refuses to apply them.
 */
import { CHECKED } from './rbac-objects.js';
import { apiVersionOf, resourceNamed, type Resource } from './resources.js';

/** The answer to a path below `/openapi`; undefined for any other. */
export function openapi(path: string): unknown {
  const groups = new Map(CHECKED.map(resourceNamed).map((resource) => [documentPath(resource), resource]));
  if (path === '/openapi/v2') return { swagger: '2.0', info: INFO, paths: {} };
  if (path === '/openapi/v3') {
    const paths = [...groups.keys()].map((name) => [name, { serverRelativeURL: `/openapi/v3/${name}` }]);
    return { paths: Object.fromEntries(paths) as Record<string, unknown> };
  }
  const asked = path.replace('/openapi/v3/', '');
  const members = CHECKED.map(resourceNamed).filter((resource) => documentPath(resource) === asked);
  if (members.length === 0) return undefined;
  return { openapi: '3.0.0', info: INFO, paths: Object.fromEntries(members.map(patchPath)) };
}

const INFO = { title: 'Kubernetes', version: 'v1.32.4' };

function documentPath({ group, version }: Resource): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function patchPath(resource: Resource): [string, unknown] {
  const { group, version, kind, name } = resource;
  const patch = {
    'x-kubernetes-group-version-kind': { group, version, kind },
    parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
    responses: {},
  };
  return [`/${group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}/namespaces/{namespace}/${name}/{name}`, { patch }];
}
