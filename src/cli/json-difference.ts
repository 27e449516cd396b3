/** A value that differs between two JSON documents; undefined on the side where it is missing. */
export interface JsonDifference {
  /** JSON Pointer (RFC 6901). */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Where two JSON documents differ, as deep as both have the same kind of value; in the order of the first, then of the second. */
export function jsonDifferences(before: unknown, after: unknown, path = ''): JsonDifference[] {
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) {
    return Object.is(before, after) ? [] : [{ path, before, after }];
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => jsonDifferences(valueAt(before, key), valueAt(after, key), `${path}/${escaped(key)}`));
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Its own value only: a key may be named like something that every object has. */
function valueAt(container: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
