import { isCollection, isPair, isScalar, LineCounter, parseDocument, type Node, type Scalar } from 'yaml';

/** One `key: value` of a SecretProviderClass's `objects`, with the line (from 1) on which it stands. A text without a key has the key "". */
export interface ObjectsEntry {
  readonly line: number;
  readonly key: string;
  /** "" where it is no text but a list or another object: their entries follow. */
  readonly value: string;
}

/** A text that cannot be read for sure. */
export class UnreadableObjectsError extends Error {
  override readonly name = 'UnreadableObjectsError';
}

/**
 * Reads `spec.parameters.objects` of a SecretProviderClass: every key with its value, comments left out. The text is YAML, or JSON,
 * which YAML holds; the texts in `array:` are YAML themselves. What is no YAML, or has an alias, an unknown tag or a key that is there
 * twice, is an `UnreadableObjectsError` with the line: guessing could miss a name.
 * Source: the Secrets Store CSI driver's documentation of its AWS, Azure and Vault providers.
 */
export function readObjects(text: string): ObjectsEntry[] {
  return read(text, (line) => line);
}

/** Of YAML 1.1, which the providers read: what this parser takes for the rest of a comment is a line of its own to them. */
const LINE_END = /\r\n?|[\u0085\u2028\u2029]/g;

/** `lineOf` gives the line in the whole text for one in this text. */
function read(text: string, lineOf: (line: number) => number): ObjectsEntry[] {
  const counter = new LineCounter();
  // Every scalar is a text, as it is written: 0x10 is a name like another.
  const document = parseDocument(text.replaceAll(LINE_END, '\n'), {
    lineCounter: counter,
    schema: 'failsafe',
    prettyErrors: false,
  });
  const lineAt = (offset: number) => lineOf(counter.linePos(offset).line);
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw new UnreadableObjectsError(`line ${lineAt(fault.pos[0])}: ${fault.message}`);

  const begin = (node: Node) => node.range?.[0] ?? 0;
  const valueOf = (node: Node | null) => (isScalar(node) ? String(node.value) : '').trim();
  const entriesIn = (node: Node | null): ObjectsEntry[] => {
    if (node === null || isScalar(node)) return [];
    if (!isCollection(node)) throw new UnreadableObjectsError(`line ${lineAt(begin(node))} has an alias`);
    return node.items.flatMap((item) => {
      if (isScalar(item)) return read(String(item.value), linesOf(item));
      if (!isPair<Node, Node | null>(item)) return entriesIn(item as Node);
      const { key, value } = item;
      if (!isScalar(key)) throw new UnreadableObjectsError(`line ${lineAt(begin(key))} has a key that is no text`);
      return [{ line: lineAt(begin(key)), key: String(key.value), value: valueOf(value) }, ...entriesIn(value)];
    });
  };
  /** A block's text begins on the line after its sign; what quotes unfold to is all on one line. */
  const linesOf = (scalar: Scalar) => {
    const first = counter.linePos(begin(scalar)).line;
    return (line: number) => lineOf(scalar.type === 'BLOCK_LITERAL' ? first + line : first);
  };

  const { contents } = document;
  const words = valueOf(contents);
  return words === '' ? entriesIn(contents) : [{ line: lineOf(1), key: '', value: words }];
}
