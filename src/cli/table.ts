import { stripVTControlCharacters } from 'node:util';

/** Columns padded to their widest cell, two spaces between them; the last one is not padded. Colours count as no width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd(),
  );
}

/** Characters that a terminal shows; East Asian width is not counted: our words have none. */
export function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Text from outside on one line, without control characters: it must not move the cursor or forge a line. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** The first line of a longer message, for where only one fits. */
export function firstLine(text: string): string {
  return oneLine(text.split('\n')[0] ?? '');
}

export function truncate(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
