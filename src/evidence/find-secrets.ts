import { knownForms, type KnownSecret } from './known-secrets.js';
import { ASSIGNED_PATTERNS, NOT_A_SECRET, TOKEN_PATTERNS, type TokenPattern } from './secret-patterns.js';

/** Where a secret is. `from` is where its match began (`password=`), `start` to `end` is the secret itself. */
export interface FoundSecret {
  readonly kind: string;
  readonly from: number;
  readonly start: number;
  readonly end: number;
  /** The characters that go on with it if the text was cut at `end`. */
  readonly continues: RegExp;
}

export type SecretFinder = (text: string) => FoundSecret[];

/**
 * Makes a function that finds every secret in whole lines of bytes (latin1), sorted by `from`. They may overlap.
 * In binary content only exact tokens and known values are looked for.
 */
export function secretFinder(known: readonly KnownSecret[], binary: boolean): SecretFinder {
  const forms = knownForms(known);
  const knownExpression = forms.size === 0 ? null : new RegExp([...forms.keys()].sort(longestFirst).map(escaped).join('|'), 'g');
  const tokens = TOKEN_PATTERNS.filter((pattern) => pattern.inBinary || !binary);
  return (text) => {
    const found: FoundSecret[] = [];
    if (knownExpression !== null) findKnown(text, knownExpression, forms, found);
    for (const pattern of tokens) findTokens(text, pattern, found);
    if (!binary) findAssigned(text, found);
    return found.sort((a, b) => a.from - b.from);
  };
}

/** How a secret that was found before is shown. A kind is made of letters, digits, `-` and `_`. */
export function redactionMarker(kind: string): string {
  return `[REDACTED:${kind}]`;
}

const MARKER = /\[REDACTED:[A-Za-z0-9_-]+\]/g;
const NEVER = /(?!)/;

function findKnown(text: string, expression: RegExp, forms: ReadonlyMap<string, string>, found: FoundSecret[]): void {
  for (const match of text.matchAll(expression)) {
    const kind = forms.get(match[0]);
    if (kind === undefined) continue;
    found.push({ kind, from: match.index, start: match.index, end: match.index + match[0].length, continues: NEVER });
  }
}

function findTokens(text: string, { kind, expression, continues }: TokenPattern, found: FoundSecret[]): void {
  for (const match of text.matchAll(expression)) {
    const start = match.index + (match.groups?.['keep']?.length ?? 0);
    const end = match.index + match[0].length;
    if (isSecret(text.slice(start, end), 1)) found.push({ kind, from: match.index, start, end, continues });
  }
}

/** `name`, perhaps a quote (escaped, in JSON within JSON), `=`, `:`, `:=` or `=>`, and the value. */
const ASSIGNMENT = new RegExp(
  `(?:${ASSIGNED_PATTERNS.map(({ names }) => `(${names})`).join('|')})(?:\\\\{0,3}["'])?[ \\t]{0,8}(?::=|=>|[:=])[ \\t]{0,8}`,
  'gi',
);

function findAssigned(text: string, found: FoundSecret[]): void {
  for (const match of text.matchAll(ASSIGNMENT)) {
    const at = match.slice(1).findIndex((name) => name !== undefined);
    const pattern = ASSIGNED_PATTERNS[at];
    if (pattern === undefined) continue;
    const value = valueAt(text, match.index + match[0].length);
    const secret = text.slice(value.start, value.end);
    const isDirectory = match[at + 1]?.toLowerCase() === 'pwd' && /^[/~]/.test(secret); // PWD=/a/path
    if (!isDirectory && isSecret(secret, pattern.minLength)) found.push({ kind: pattern.kind, from: match.index, ...value });
  }
}

const OPENING_QUOTE = /(\\{1,3})?["']/y;
const UNQUOTED = /[^ \t\r\n&<>"]/;
const UNQUOTED_RUN = /[^ \t\r\n&<>"]*/y;

/** Where the value that begins at `at` stands: within its quotes, or up to the next blank. */
export function valueAt(text: string, at: number): Pick<FoundSecret, 'start' | 'end' | 'continues'> {
  const opening = runAt(OPENING_QUOTE, text, at);
  const start = at + opening.length;
  if (opening === '') return { start, end: start + runAt(UNQUOTED_RUN, text, start).length, continues: UNQUOTED };
  if (opening.length > 1) return { start, end: start + runAt(/[^"'\\\r\n]*/y, text, start).length, continues: /[^"'\\\r\n]/ };
  return opening === '"'
    ? { start, end: start + runAt(/(?:\\[^\r\n]|[^"\\\r\n])*/y, text, start).length, continues: /[^"\r\n]/ }
    : { start, end: start + runAt(/(?:\\[^\r\n]|[^'\\\r\n])*/y, text, start).length, continues: /[^'\r\n]/ };
}

function runAt(sticky: RegExp, text: string, at: number): string {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0] ?? '';
}

/** What was redacted before is no secret any more: a redacted file has no findings. */
export function isSecret(value: string, minLength: number): boolean {
  const rest = value.includes('[REDACTED:') ? value.replace(MARKER, '') : value;
  return rest.length >= minLength && !NOT_A_SECRET.test(rest);
}

function longestFirst(a: string, b: string): number {
  return b.length - a.length;
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
