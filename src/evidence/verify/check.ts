/** One comparison: which file it is about, what is compared, and both values in words. */
export interface VerifyCheck {
  readonly artefact: string;
  readonly what: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly found: string;
  /** Nothing contradicts it, but nothing proves it either. */
  readonly unproven?: true;
}

/** A value that cannot be known, and why: what is compared with it fails. */
export interface Unknown {
  readonly unknown: string;
}

export type Value = string | number | Unknown;

export function unknown(why: string): Unknown {
  return { unknown: why };
}

/** Both values must be known and the same. */
export function same(artefact: string, what: string, expected: Value, found: Value): VerifyCheck {
  const ok = !isUnknown(expected) && expected === found;
  return { artefact, what, ok, expected: shown(expected), found: shown(found) };
}

export function failed(artefact: string, what: string, expected: Value, found: Value): VerifyCheck {
  return { artefact, what, ok: false, expected: shown(expected), found: shown(found) };
}

/** Enough to see what was done to the evidence; an archive of a hundred thousand odd files must not give as many lines. */
const MAX_FAULTS = 50;

/** One line when all of a number of things are well, else one for each that is not. */
export function allOf(whole: VerifyCheck, faults: readonly VerifyCheck[]): VerifyCheck[] {
  if (faults.length === 0) return [whole];
  const more = faults.length - MAX_FAULTS;
  const rest = more > 0 ? [failed(whole.artefact, whole.what, whole.expected, `${more} more faults`)] : [];
  return [...faults.slice(0, MAX_FAULTS), ...rest];
}

export function isUnknown(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && 'unknown' in value;
}

function shown(value: Value): string {
  return isUnknown(value) ? value.unknown : String(value);
}
