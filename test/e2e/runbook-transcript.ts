import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shape } from './shape.js';

export interface Comparison {
  /** Lines of the runbook that were not printed in their place. */
  readonly missing: readonly string[];
  /** Printed lines that are not the runbook's. */
  readonly added: readonly string[];
}

/** What the runbook's "Expected output" shows of its run 1 or 2, word for word; and the lines that are ours. */
export function golden(name: 'runbook-run-1' | 'runbook-run-2' | 'added-run-1' | 'added-run-2'): string {
  return readFileSync(join(import.meta.dirname, 'golden', `${name}.txt`), 'utf8');
}

/**
 * Compares line by line, in order. Taken out of both are times, run ids, the directory of the tarball, its size and digest, version
 * ids and ETags; the fact that we put behind a criterion counts as an added line of its own. A line that stands where the runbook
 * shows no "..." is added all the same: the caller compares what was added with what may be.
 */
export function compareWithRunbook(runbook: string, stdout: string): Comparison {
  const printed = lines(stdout);
  const missing: string[] = [];
  const added: string[] = [];
  let at = 0;
  for (const line of lines(runbook)) {
    if (line === '...') continue;
    const found = printed.indexOf(line, at);
    if (found < 0) missing.push(line);
    else {
      added.push(...printed.slice(at, found));
      at = found + 1;
    }
  }
  return { missing, added: [...added, ...printed.slice(at)] };
}

function lines(text: string): string[] {
  return shape(text)
    .replaceAll(/(?<=Tarball: )\S+\//g, '<dir>/')
    .replaceAll(/(?<=SHA-256: )\S+/g, '<hash>')
    .replaceAll(/^(AC\d: .* : PASS)( \(.*\))$/gm, '$1\n$2')
    .replace(/\n$/, '')
    .split('\n');
}
