/** ServiceAccounts, Roles and RoleBindings, field by field: one with a slip in it is refused, as `fieldValidation=Strict` has it. */
import { z } from 'zod';
import type { Resource, ResourceName } from './resources.js';
import { badRequest, invalid } from './status.js';

const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional() });
const words = z.array(z.string()).min(1);

const SHAPES = {
  serviceaccounts: z.strictObject({ apiVersion: z.literal('v1'), kind: z.string(), metadata }),
  roles: z.strictObject({
    apiVersion: z.literal('rbac.authorization.k8s.io/v1'),
    kind: z.string(),
    metadata,
    rules: z.array(
      z.strictObject({ apiGroups: words, resources: words, verbs: words, resourceNames: z.array(z.string()).optional() }),
    ),
  }),
  rolebindings: z.strictObject({
    apiVersion: z.literal('rbac.authorization.k8s.io/v1'),
    kind: z.string(),
    metadata,
    roleRef: z.strictObject({
      apiGroup: z.literal('rbac.authorization.k8s.io'),
      kind: z.enum(['Role', 'ClusterRole']),
      name: z.string(),
    }),
    subjects: z.array(
      z.strictObject({
        kind: z.enum(['ServiceAccount', 'User', 'Group']),
        name: z.string(),
        namespace: z.string().optional(),
        apiGroup: z.string().optional(),
      }),
    ),
  }),
};

/** The resources whose fields the server checks. */
export const CHECKED = Object.keys(SHAPES) as (keyof typeof SHAPES & ResourceName)[];

/** @throws StatusError 400 for a field that there is not, 422 for a value that cannot be */
export function assertShape(resource: Resource, name: string, body: unknown): void {
  const checked = CHECKED.find((candidate) => candidate === resource.name);
  const parsed = checked === undefined ? undefined : SHAPES[checked].safeParse(body);
  const [issue] = parsed?.error?.issues ?? [];
  if (issue === undefined) return;
  const field = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') throw invalid(resource, name, field, issue.message);
  throw badRequest(`strict decoding error: unknown field "${[field, ...issue.keys].filter(Boolean).join('.')}"`);
}
