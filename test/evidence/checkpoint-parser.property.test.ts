import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCheckpoint, type CheckpointFinding } from '../../src/evidence/checkpoint-parser.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';
import { completeCheckpoint, SCREENSHOT } from './complete-checkpoint.js';

const RUN = '20260221T120000Z';
const complete = completeCheckpoint(
  checkpointTemplate({ runId: RUN, runDirectory: `dpp/evidence/phase6_4_cutover/${RUN}`, createdAt: '2026-02-21T12:02:00Z' }),
);

function findings(text: string): readonly CheckpointFinding[] {
  const parsed = parseCheckpoint(text, { runId: RUN, screenshots: [SCREENSHOT], now: new Date('2026-02-21T15:00:00Z') });
  return parsed.ok ? [] : parsed.findings;
}

function lineOf(text: string, start: string): number {
  return text.split('\n').findIndex((line) => line.startsWith(start)) + 1;
}

describe('any single change that leaves a checkpoint incomplete is found on its line', () => {
  const lines = complete.split('\n');
  const ticked = lines.flatMap((line, index) => (line.startsWith('[x]') ? [index] : []));
  const filled = ticked.filter((index) => lines[index]?.includes(': '));
  const changed = (index: number, line: string) => lines.with(index, line).join('\n');

  test('a box that is not ticked, or ticked with something else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ticked), fc.constantFrom(' ', 'X', '', 'v', '✓', '_', 'xx', ' x'), (index, mark) => {
        const text = changed(index, `[${mark}]${lines[index]?.slice(3)}`);
        const found = findings(text);
        const isMethod = lines[index]?.includes('Supabase') === true && mark === ' ';
        const line = isMethod ? lineOf(text, 'B. ') : index + 1;
        expect(found.map((finding) => finding.line)).toContain(line);
      }),
    );
  });

  test('a blank that is emptied, or holds a placeholder', () => {
    const fillers = ['', ' ', '____', '__', 'TODO', 'tbd', 'N/A', 'n/a', '-', '?', '...', '<value>', 'xxx', '____ 12', 'none'];
    fc.assert(
      fc.property(fc.constantFrom(...filled), fc.constantFrom(...fillers), (index, filler) => {
        const line = lines[index] ?? '';
        const text = changed(
          index,
          line.slice(0, line.lastIndexOf(': ', line.indexOf(': ', 40) < 0 ? undefined : 60) + 2) + filler,
        );
        expect(findings(text).map((finding) => finding.line)).toContain(index + 1);
      }),
    );
  });

  test('a status line of any other wording', () => {
    const at = lines.indexOf('Status: COMPLETED');
    const words = fc.oneof(
      fc.constantFrom('PENDING', 'completed', 'COMPLETED (mostly)', 'NOT COMPLETED', '"COMPLETED"', 'COMPLETED.', ''),
      fc.stringMatching(/^[ -~]{0,30}$/).filter((word) => word.trim() !== 'COMPLETED'),
    );
    fc.assert(
      fc.property(words, (word) => {
        const found = findings(changed(at, `Status: ${word}`));
        expect(found.map(({ line, item }) => `${line} ${item}`)).toContain(`${at + 1} status`);
      }),
    );
  });

  test('a line of the form that is deleted, given twice, or moved', () => {
    const form = lines.flatMap((line, index) => (/^(?:\[|[A-H]\. )/.test(line) ? [index] : []));
    fc.assert(
      fc.property(fc.constantFrom(...form), fc.constantFrom(...form), (one, other) => {
        expect(findings(lines.toSpliced(one, 1).join('\n'))).not.toEqual([]);
        const twice = findings(lines.toSpliced(other + 1, 0, lines[one] ?? '').join('\n'));
        expect(twice.map(({ message }) => message).join()).toContain('twice');
        if (one === other) return;
        const swapped = lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
        expect(findings(swapped.join('\n'))).not.toEqual([]);
      }),
    );
  });
});
