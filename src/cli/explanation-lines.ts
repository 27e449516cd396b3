import { nextLines } from './next-commands.js';
import type { Palette } from './palette.js';
import type { RunExplanation } from './run-explanation.js';
import { oneLine, table, truncate } from './table.js';

/** Characters of a log's line. */
const WIDTH = 160;

/** The text that explains a run, and ends every command on one that failed. */
export function explanationLines({ why, failure, log, next }: RunExplanation, palette: Palette): string[] {
  const rows: string[][] = [['Why', why]];
  if (failure !== null) {
    rows.push(...failure.message.split('\n').map((line, index) => [index === 0 ? 'Message' : '', oneLine(line)]));
    rows.push(['Means', failure.means]);
  }
  if (log !== null) {
    rows.push(['Log', log.file], ...log.lines.map((line) => ['', palette.dim(truncate(oneLine(line), WIDTH))]));
  }
  return [...table(rows), ...nextLines(next, palette)];
}
