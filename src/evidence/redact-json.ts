import type { KnownSecret } from './known-secrets.js';
import { createRedactor } from './redaction.js';

/** Returns a function that gives a copy of a JSON value in which every string is redacted: for what is recorded as JSON. */
export function jsonRedactor(known: readonly KnownSecret[]): <T>(value: T) => T {
  function redact(value: unknown): unknown {
    if (typeof value === 'string') return redactText(value, known);
    if (Array.isArray(value)) return value.map(redact);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redact(inner)]));
    }
    return value;
  }
  return <T>(value: T) => redact(value) as T;
}

/** One text without its secrets. */
export function redactText(text: string, known: readonly KnownSecret[]): string {
  const redactor = createRedactor({ known });
  return Buffer.concat([redactor.push(text), redactor.flush()]).toString('utf8');
}
