/** A thing that was looked at. `found` says what was seen and, at a fault, what to do. */
export interface HealthFinding {
  readonly what: string;
  /** Null: not looked at. */
  readonly ok: boolean | null;
  readonly found: string;
}

export function good(what: string, found: string): HealthFinding {
  return { what, ok: true, found };
}

export function fault(what: string, found: string): HealthFinding {
  return { what, ok: false, found };
}

export function notChecked(what: string, found: string): HealthFinding {
  return { what, ok: null, found: `not checked: ${found}` };
}

/** What `look` finds; what it throws is a fault, so that no fault hides another. An interruption ends all. */
export async function orFault(what: string, signal: AbortSignal, look: () => Promise<string>): Promise<HealthFinding> {
  try {
    return good(what, await look());
  } catch (error) {
    signal.throwIfAborted();
    return fault(what, (error as Error).message);
  }
}
