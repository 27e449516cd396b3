/** A stored value that is no JSON: someone changed it outside of cutover. */
export class UnreadableValueError extends Error {
  constructor(
    /** The row, e.g. `run 20260101T000000Z: transition 3`. */
    readonly where: string,
    readonly column: string,
    options: ErrorOptions,
  ) {
    super(`${where}: the stored ${column} is no JSON`, options);
  }
}

/** Throws `UnreadableValueError`. */
export function parseStored(text: string, where: string, column: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadableValueError(where, column, { cause });
  }
}
