/** A file and its SHA-256 (hex), as in 59_index.sha256. */
export interface IndexEntry {
  readonly name: string;
  readonly sha256: string;
}

/** An index that cannot be trusted: which line (from 1) and why. */
export class IndexFileError extends Error {
  override readonly name = 'IndexFileError';
  readonly code = 'INDEX_INVALID';
  constructor(
    readonly line: number,
    fault: string,
  ) {
    super(`Line ${line} of the index ${fault}. Compare it with the copy in the archive.`);
  }
}

/**
 * The index in the format of GNU sha256sum, sorted by name: `sha256sum -c` checks it. A name with a backslash, line feed or
 * carriage return is escaped and its line begins with a backslash (coreutils manual, "md5sum invocation").
 */
export function indexText(entries: readonly IndexEntry[]): string {
  return entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(line)
    .join('');
}

/** Reads an index written by `indexText` or sha256sum. Throws `IndexFileError` on anything else, and on a name given twice. */
export function parseIndex(text: string): IndexEntry[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new IndexFileError(lines.length + 1, 'is cut off: it has no line feed');
  const seen = new Set<string>();
  return lines.map((content, index) => {
    const match = LINE.exec(content);
    if (match === null) throw new IndexFileError(index + 1, 'is not "<sha256>  <name>"');
    const [, escaped = '', sha256 = '', written = ''] = match;
    const name = escaped === '' ? written : unescaped(written, index + 1);
    if (seen.has(name)) throw new IndexFileError(index + 1, `names ${JSON.stringify(name)} again`);
    seen.add(name);
    return { name, sha256 };
  });
}

const LINE = /^(\\?)([0-9a-f]{64}) [ *]([^\r]+)$/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' };
const UNESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

function line({ name, sha256 }: IndexEntry): string {
  const escaped = name.replace(/[\\\n\r]/g, (character) => ESCAPES[character] ?? character);
  return `${escaped === name ? '' : '\\'}${sha256}  ${escaped}\n`;
}

function unescaped(written: string, lineNumber: number): string {
  return written.replace(/\\[^]?/g, (escape) => {
    const character = UNESCAPES[escape];
    if (character === undefined) throw new IndexFileError(lineNumber, `has the unknown escape ${escape}`);
    return character;
  });
}
