/** One `key: value` of a SecretProviderClass's `objects`, with the line (from 1) on which it stands. An item without a key has the key "". */
export interface ObjectsEntry {
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

/** A text that cannot be read for sure. */
export class UnreadableObjectsError extends Error {
  override readonly name = 'UnreadableObjectsError';
}

/**
 * Reads `spec.parameters.objects` of a SecretProviderClass: every key with its scalar value, comments left out. The text is JSON,
 * or YAML in the block style in which the providers document it; entries of `array:` are YAML texts themselves, as block scalars
 * or as quoted strings. What this small language does not hold (flow collections, anchors, aliases, tags, plain scalars over
 * several lines, folded texts of keys) is an `UnreadableObjectsError` with the line: guessing could miss a name.
 * Source: the Secrets Store CSI driver's documentation of its AWS, Azure and Vault providers.
 */
export function readObjects(text: string): ObjectsEntry[] {
  const trimmed = text.trim();
  return trimmed.startsWith('[') || trimmed.startsWith('{') ? fromJson(trimmed) : fromYaml(text, 0);
}

function fromJson(text: string): ObjectsEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new UnreadableObjectsError(`it begins as JSON does but is not JSON (${(error as Error).message})`);
  }
  return entriesOf(parsed, '');
}

function entriesOf(value: unknown, key: string): ObjectsEntry[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown) => (typeof item === 'string' ? readObjects(item) : entriesOf(item, key)));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, inner]) => entriesOf(inner, name));
  return [{ line: 1, key, value: value === null ? '' : String(value) }];
}

/** A key (plain or quoted), a colon, and a space or the end of the line. */
const KEY = /^("(?:[^"\\])*"|'[^']*'|[A-Za-z_][\w.-]*)[ ]*:(?=[ ]|$)[ ]*/;
const BLOCK = /^([|>])(?:[+-]?[1-9]?|[1-9][+-])[ ]*(?:[ ]#.*)?$/;

function fromYaml(text: string, linesBefore: number): ObjectsEntry[] {
  const lines = text.split(/\r\n|\n|\r/);
  const entries: ObjectsEntry[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const number = linesBefore + at + 1;
    if (/^\s*(#.*)?$/.test(line) || (at === 0 && line === '---')) continue;
    const indent = indentOf(line);
    let rest = line.slice(indent);
    if (rest.startsWith('\t')) throw unreadable(number, 'is indented by a tab');
    let isItem = false;
    while (/^-(?: |$)/.test(rest)) {
      isItem = true;
      rest = rest.slice(1).trimStart();
    }
    if (rest === '' || rest.startsWith('#')) continue;

    const key = KEY.exec(rest);
    const value = key === null ? rest : rest.slice(key[0].length);
    if (key === null && !isItem) throw unreadable(number, 'is neither "key: value" nor an item of a list');
    const name = key === null ? '' : unquoted(key[1] ?? '');

    const block = BLOCK.exec(value);
    if (block !== null) {
      const end = endOfBlock(lines, at + 1, key === null ? indent : line.length - rest.length);
      const content = dedented(lines.slice(at + 1, end));
      if (key !== null) entries.push({ line: number, key: name, value: content.trim() });
      else if (block[1] === '>') throw unreadable(number, 'folds the lines of an object into one (">"); write "|"');
      else entries.push(...fromYaml(content, number));
      at = end - 1;
      continue;
    }
    const scalar = scalarOf(value, number);
    if (key === null) {
      if (!scalar.quoted) throw unreadable(number, 'is an item that is neither "key: value" nor a text in quotes');
      entries.push(...readObjects(scalar.text).map((entry) => ({ ...entry, line: number })));
    } else entries.push({ line: number, key: name, value: scalar.text });
  }
  return entries;
}

function unreadable(line: number, what: string): UnreadableObjectsError {
  return new UnreadableObjectsError(`line ${line} ${what}`);
}

function unquoted(key: string): string {
  return /^["']/.test(key) ? key.slice(1, -1) : key;
}

/** A block scalar ends before the first line that is not empty and not deeper than what holds it. */
function endOfBlock(lines: readonly string[], from: number, indent: number): number {
  const length = lines.slice(from).findIndex((line) => line.trim() !== '' && indentOf(line) <= indent);
  return length < 0 ? lines.length : from + length;
}

function dedented(lines: readonly string[]): string {
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map(indentOf));
  return lines.map((line) => line.slice(indent)).join('\n');
}

/** In spaces: YAML indents with nothing else. The line is not blank. */
function indentOf(line: string): number {
  return line.search(/[^ ]/);
}

/** A scalar that ends on its line. */
function scalarOf(value: string, line: number): { text: string; quoted: boolean } {
  if (value.startsWith('"')) {
    const match = /^("(?:[^"\\]|\\.)*")[ ]*(?:[ ]#.*)?$/.exec(value);
    if (match === null) throw unreadable(line, 'has a text in double quotes that does not end on it');
    try {
      return { text: JSON.parse(match[1] ?? '') as string, quoted: true };
    } catch {
      // YAML knows escapes that JSON has not (\x41, \e): rare, and not worth a wrong reading.
      throw unreadable(line, "has an escape that is not JSON's");
    }
  }
  if (value.startsWith("'")) {
    const match = /^'((?:[^']|'')*)'[ ]*(?:[ ]#.*)?$/.exec(value);
    if (match === null) throw unreadable(line, 'has a text in single quotes that does not end on it');
    return { text: (match[1] ?? '').replaceAll("''", "'"), quoted: true };
  }
  if (/^[[{&*!|>%@`?]/.test(value))
    throw unreadable(line, `has a value that begins with "${value.charAt(0)}", which this check does not read`);
  const text = value.replace(/(^|[ \t])#.*/, '').trim();
  if (/:(?: |$)/.test(text)) throw unreadable(line, 'has a second "key: value" in it');
  return { text, quoted: false };
}
