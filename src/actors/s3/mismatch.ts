import { ActorError } from '../actor.js';

/** A field of what S3 has stored that is not as it was asked for. */
export interface Mismatch {
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

export function mismatch(field: string, expected: string | number, found: string | number | undefined): Mismatch {
  return { field, expected: String(expected), found: found === undefined ? 'nothing' : String(found) };
}

export function shown({ field, expected, found }: Mismatch): string {
  return `${field}: expected ${expected}, found ${found}`;
}

/** What S3 has stored for us is not what it was given: nothing that is tried again would mend that. */
export function verifyFailed(key: string, wrong: Mismatch): ActorError {
  return new ActorError(
    'WORM_VERIFY_FAILED',
    `What S3 shows at ${key} is not what was asked for: ${shown(wrong)}. ` +
      'Do not rely on this object: find out who changes the bucket or its answers, then: cutover retry <run>',
    { details: { key, ...wrong } },
  );
}
