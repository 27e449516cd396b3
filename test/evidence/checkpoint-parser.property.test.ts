import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PILOT_SITE } from '../../src/config/site.js';
import { parseCheckpoint, type CheckpointFinding } from '../../src/evidence/checkpoint-parser.js';
import { BLANK } from '../../src/evidence/checkpoint.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';
import { completeCheckpoint, SCREENSHOT } from './complete-checkpoint.js';

const RUN = '20260221T120000Z';
const template = checkpointTemplate({
  runId: RUN,
  runDirectory: `dpp/evidence/phase6_4_cutover/${RUN}`,
  createdAt: '2026-02-21T12:02:00Z',
  site: PILOT_SITE,
});
const complete = completeCheckpoint(template);

function findings(text: string): readonly CheckpointFinding[] {
  const parsed = parseCheckpoint(text, {
    runId: RUN,
    smokeQueries: PILOT_SITE.smokeQueries,
    screenshots: [SCREENSHOT],
    now: new Date('2026-02-21T15:00:00Z'),
  });
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
});

describe('a complete checkpoint', () => {
  const lines = complete.split('\n');
  const place = fc.nat({ max: lines.length - 1 });
  const isComplete = (changed: readonly string[]) => findings(changed.join('\n')).length === 0;

  test('stays one after a line is deleted, given twice or moved only if the form is the same: headings, boxes, status, run id', () => {
    const changes = fc.tuple(fc.constantFrom('deleted', 'given twice', 'swapped'), place, place);
    fc.assert(
      fc.property(changes, ([change, one, other]) => {
        const line = lines[one] ?? '';
        const changed = {
          deleted: lines.toSpliced(one, 1),
          'given twice': lines.toSpliced(other, 0, line),
          swapped: lines.with(one, lines[other] ?? '').with(other, line),
        }[change];
        expect(isComplete(changed)).toBe(formOf(changed) === formOf(lines));
      }),
      { numRuns: 500 },
    );
  });

  test('is none when any character of the form itself is replaced', () => {
    const printed = template.replace('PENDING', 'COMPLETED').replaceAll(BLANK, '').split('\n');
    const characters = printed.flatMap((line, index) =>
      /^(?:\[|[A-H]\. |Run ID: |Status: )/.test(line)
        ? [...(lines[index] ?? '').slice(0, line.length)].map((character, at) => ({ index, at, character }))
        : [],
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...characters),
        fc.constantFrom('x', 'X', '_', '1', 'é', '.', ']', '[', ':', '\u0000'),
        ({ index, at, character }, other) => {
          fc.pre(character !== other && (character !== ' ' || at === 1));
          const line = lines[index] ?? '';
          expect(isComplete(lines.with(index, line.slice(0, at) + other + line.slice(at + 1)))).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  /** What counts of a form, read with as little as possible: notes above item A are free, and so are empty lines. */
  function formOf(all: readonly string[]): string {
    const isRunId = (line: string) => line.startsWith('Run ID: ');
    const begins = all.findIndex((line) => /^(?:[A-H]\. |\[)/.test(line));
    const counts = (line: string, index: number) => line.startsWith('Status: ') || (index >= begins && line !== '');
    return [...all.filter(isRunId), ...all.filter((line, index) => !isRunId(line) && counts(line, index))].join('\n');
  }
});
