/** RFC 6902 JSON Patch, which is what `kubectl rollout undo` sends. */
import { isRecord } from './objects.js';
import { badRequest, StatusError } from './status.js';

/** A patched copy. @throws StatusError 400 for a malformed patch, 422 for one that does not fit the document */
export function applyJsonPatch<T>(document: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  const root = { document: structuredClone(document) as unknown };
  for (const operation of patch as unknown[]) {
    if (!isRecord(operation) || typeof operation.path !== 'string') throw badRequest('a JSON patch operation needs a path');
    apply(root, String(operation.op), operation.path, operation.value);
  }
  return root.document as T;
}

function apply(root: { document: unknown }, op: string, path: string, value: unknown): void {
  const keys = ['document', ...path.split('/').slice(1).map(unescape)];
  const last = keys.pop()!;
  let parent: unknown = root;
  for (const key of keys)
    parent = isRecord(parent) || Array.isArray(parent) ? (parent as Record<string, unknown>)[key] : undefined;
  if (!isRecord(parent) && !Array.isArray(parent)) throw doesNotFit(op, path);

  const exists = Array.isArray(parent) ? Number(last) < parent.length : last in parent;
  if (op !== 'add' && !exists) throw doesNotFit(op, path);
  switch (op) {
    case 'test':
      if (JSON.stringify((parent as Record<string, unknown>)[last]) !== JSON.stringify(value)) throw doesNotFit(op, path);
      return;
    case 'add':
      if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), 0, value);
      else parent[last] = value;
      return;
    case 'replace':
      (parent as Record<string, unknown>)[last] = value;
      return;
    case 'remove':
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete parent[last];
      return;
    default:
      throw badRequest(`the JSON patch operation ${op} is not supported`);
  }
}

function unescape(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function doesNotFit(op: string, path: string): StatusError {
  return new StatusError(422, 'Invalid', `the JSON patch does not apply: ${op} ${path}`);
}
