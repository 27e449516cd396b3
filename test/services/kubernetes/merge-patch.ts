/** RFC 7386 merge patch, and Kubernetes' strategic merge patch, in which some lists are merged by a key. */
import { isRecord, type JsonObject } from './objects.js';

/** RFC 7386: null removes, objects merge, everything else (lists too) replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: JsonObject = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

/** The `patchMergeKey` of the built-in types' lists; a list that is not here is replaced as a whole. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
  imagePullSecrets: 'name',
  ownerReferences: 'uid',
};

/** A strategic merge with the directives `$patch` and `$retainKeys`; the order of `$setElementOrder` is not followed. */
export function applyStrategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === 'replace') return fields;
  const result: JsonObject = isRecord(target) ? { ...target } : {};
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  for (const [key, value] of Object.entries(fields)) {
    const mergeKey = MERGE_KEYS[key];
    if (key.startsWith('$setElementOrder/')) continue;
    if (value === null || (isRecord(value) && value.$patch === 'delete')) delete result[key];
    else if (Array.isArray(value) && mergeKey !== undefined) result[key] = mergeList(asList(result[key]), value, mergeKey);
    else result[key] = applyStrategicMergePatch(result[key], value);
  }
  return result;
}

function mergeList(target: unknown[], patch: unknown[], mergeKey: string): unknown[] {
  const replacesAll = patch.some((item) => isRecord(item) && item.$patch === 'replace');
  const merged = replacesAll ? [] : [...target];
  for (const item of patch) {
    if (!isRecord(item) || item.$patch === 'replace') continue;
    const index = merged.findIndex((known) => isRecord(known) && known[mergeKey] === item[mergeKey]);
    if (item.$patch === 'delete') merged.splice(index, index < 0 ? 0 : 1);
    else if (index < 0) merged.push(applyStrategicMergePatch({}, item));
    else merged[index] = applyStrategicMergePatch(merged[index], item);
  }
  return merged;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
