import type { Terminal } from './io.js';
import { width } from './table.js';

const MAX_COLUMNS = 100;

/** The text in lines that fit the terminal (80 columns where it does not say), each indented by so many blanks. */
export function wrap(text: string, indent: number, { columns = 80 }: Pick<Terminal, 'columns'>): string[] {
  const room = Math.max(20, Math.min(columns, MAX_COLUMNS) - indent);
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || width(last) + 1 + width(word) > room) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${' '.repeat(indent)}${line}`);
}
