import { refersToProduction } from '../../config/production-patterns.js';

/** A document in a string in a document: deeper than this nobody nests by accident. */
const MAX_DEPTH = 4;

/**
 * The part of a configuration text that refers to production, or null. The text is judged as it stands and with its JSON
 * escapes undone, once for each level of strings within strings: `"\u0070rod"` and `"a\nprod"` are not seen otherwise.
 */
export function productionInText(text: string): string | null {
  let level = text;
  for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
    const found = refersToProduction(level);
    if (found !== null) return found;
    level = withoutEscapes(level);
  }
  return null;
}

const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Source: RFC 8259, section 7. Unknown escapes stay as they are. */
function withoutEscapes(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))/g, (_escape, unit: string | undefined, short: string | undefined) =>
    unit === undefined ? (SHORT[short ?? ''] ?? short ?? '') : String.fromCharCode(Number.parseInt(unit, 16)),
  );
}
