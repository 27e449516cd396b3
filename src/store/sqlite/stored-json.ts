import { canonicalJson } from '../../evidence/canonical-json.js';

/** A stored value that is not what cutover writes: someone changed it outside of it. */
export class UnreadableValueError extends Error {
  constructor(
    /** The row, e.g. `run 20260101T000000Z: transition 3`. */
    readonly where: string,
    readonly column: string,
    what: 'is no JSON' | 'is not in canonical form' | 'has no canonical form',
    options?: ErrorOptions,
  ) {
    super(`${where}: the stored ${column} ${what}`, options);
  }
}

/** Throws `UnreadableValueError`. */
export function parseStored(text: string, where: string, column: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadableValueError(where, column, 'is no JSON', { cause });
  }
}

/**
 * As `parseStored`, for those who check: hashes are over values, so text that says the same in other letters, or a number that is
 * none for JSON, is told here. Throws `UnreadableValueError`.
 */
export function parseCanonical(text: string, where: string, column: string): unknown {
  const value = parseStored(text, where, column);
  let canonical: string;
  try {
    canonical = canonicalJson(value);
  } catch (cause) {
    throw new UnreadableValueError(where, column, 'has no canonical form', { cause });
  }
  if (canonical !== text) throw new UnreadableValueError(where, column, 'is not in canonical form');
  return value;
}
