import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Command {
  /** What stands behind the `$ `; a comment at its end is the shell's own. */
  readonly text: string;
  /** Of the document, from 1. */
  readonly line: number;
  /** From a comment `# exit code N`; 0 without one. */
  readonly exitCode: number;
  /** The lines below it up to the next command: what it printed, when the document shows it. */
  readonly shown: string;
}

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly line: number;
  readonly text: string;
  /** The lines that begin with `$ `. */
  readonly commands: readonly Command[];
}

/** What a reader meets in a document, from top to bottom: fenced blocks, and comments that a reader does not see. */
export type Part = { readonly block: Block } | { readonly comment: string; readonly line: number };

/** The documents whose commands are run: their paths from the root. */
export function documents(): string[] {
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.sort().map((name) => join('docs', name))];
}

export function readParts(file: string): Part[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const parts: Part[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(lines[at] ?? '');
    if (fence === null) {
      for (const [, text = ''] of (lines[at] ?? '').matchAll(/<!--\s*(.*?)\s*-->/g)) parts.push({ comment: text, line: at + 1 });
      continue;
    }
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence[1]);
    if (end < 0) throw new Error(`${file}:${at + 1}: this block has no end`);
    parts.push({ block: block(fence[2] ?? '', at + 1, lines.slice(at + 1, end)) });
    at = end;
  }
  return parts;
}

/** The text without fenced blocks. */
export function prose(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '');
}

/** What stands between single backticks, outside of blocks. */
export function codeSpans(file: string): string[] {
  return [...prose(file).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
}

function block(language: string, line: number, lines: readonly string[]): Block {
  const starts = lines.flatMap((text, index) => (text.startsWith('$ ') ? [index] : []));
  const commands = starts.map((start, index): Command => {
    const text = (lines[start] ?? '').slice(2);
    const exitCode = Number(/# exit code (\d+)\s*$/.exec(text)?.[1] ?? 0);
    return { text, line: line + 1 + start, exitCode, shown: lines.slice(start + 1, starts[index + 1]).join('\n') };
  });
  return { language, line, text: lines.join('\n'), commands };
}
