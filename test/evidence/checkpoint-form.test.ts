import { describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { CheckpointForm, withStatus, type FormQuestion } from '../../src/evidence/checkpoint-form.js';
import { checkpointBoxes, type CheckpointBlank, type CheckpointMethod } from '../../src/evidence/checkpoint.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';
import { completeCheckpoint, SCREENSHOT } from './complete-checkpoint.js';

const RUN = '20260221T120000Z';
const { smokeQueries } = PILOT_SITE;
const TEMPLATE = checkpointTemplate({
  runId: RUN,
  runDirectory: 'dpp/evidence/x',
  createdAt: '2026-02-21T12:00:00Z',
  site: PILOT_SITE,
});
const RULES = { runId: RUN, smokeQueries, now: new Date('2026-02-21T13:00:00Z'), screenshots: [SCREENSHOT] };
const asked = new CheckpointForm(checkpointBoxes(smokeQueries));

const blank = (label: string) =>
  asked.questions.find((question) => 'label' in question && question.label.startsWith(label)) as CheckpointBlank;
const methods = asked.questions.find((question) => 'methods' in question) as Exclude<FormQuestion, CheckpointBlank>;
const method = (name: string) => methods.methods.find((one) => one.method === name) as CheckpointMethod;
const faults = (form: string, question: FormQuestion) => asked.faultsOfAnswer(form, question, RULES);
/** Lines of the second text that the first one lacks. */
const changedLines = (before: string, after: string) => after.split('\n').filter((line) => !before.split('\n').includes(line));

test('every box of the form is asked for once, item B as one question', () => {
  expect(asked.questions.map(({ item }) => item).join('')).toBe('ABCDDDDDEFGHH');
  expect(methods.methods.map(({ method: name }) => name)).toEqual([
    'supabase-new-project',
    'supabase-pitr',
    'rds-snapshot',
    'rds-pitr',
    'other',
  ]);
});

test('an answer changes its own line and no other one, whatever the line ends are', () => {
  const form = asked.withAnswer(TEMPLATE, blank('Tenant count'), '42');
  expect(changedLines(TEMPLATE, form)).toEqual(['[x] Tenant count: 42']);
  const windows = TEMPLATE.replaceAll('\n', '\r\n');
  expect(asked.withAnswer(windows, blank('Tenant count'), '42')).toBe(form.replaceAll('\n', '\r\n'));
  expect(asked.withAnswer('no form', blank('Tenant count'), '42')).toBe('no form');
});

test('one method is ticked, and what was ticked before is blank again', () => {
  const other = asked.withMethod(TEMPLATE, method('other'), 'pg_restore');
  expect(changedLines(TEMPLATE, other)).toEqual(['[x] other: pg_restore']);
  expect(asked.answerIn(other, methods)).toBe('other: pg_restore');
  const snapshot = asked.withMethod(other, method('rds-snapshot'), '');
  expect(changedLines(TEMPLATE, snapshot)).toEqual(['[x] RDS snapshot']);
  expect(asked.answerIn(snapshot, methods)).toBe('RDS snapshot');
});

test('the status is one of two words, and nothing else becomes it', () => {
  const completed = withStatus(TEMPLATE, 'COMPLETED');
  expect(changedLines(TEMPLATE, completed)).toEqual(['Status: COMPLETED']);
  expect(withStatus(completed, 'PENDING')).toBe(TEMPLATE);
  expect(withStatus('Status: PENDING soon', 'COMPLETED')).toBe('Status: PENDING soon');
});

test('an answer is what stands behind the label; a blank is none', () => {
  expect(asked.answerIn(TEMPLATE, blank('Recovery target'))).toBe('');
  expect(asked.answerIn(TEMPLATE, methods)).toBe('');
  expect(asked.answerIn(asked.withAnswer(TEMPLATE, blank('Recovery target'), 'drill-db'), blank('Recovery target'))).toBe(
    'drill-db',
  );
  expect(asked.answerIn('no form', blank('Recovery target'))).toBe('');
});

describe('what is wrong with an answer', () => {
  const complete = completeCheckpoint(TEMPLATE);

  test('is nothing in a complete form, and something in each line of an untouched one', () => {
    expect(asked.questions.flatMap((question) => faults(complete, question))).toEqual([]);
    expect(asked.questions.filter((question) => faults(TEMPLATE, question).length === 0)).toEqual([]);
  });

  test('is what the parser says of its own line, and of no other', () => {
    const form = asked.withAnswer(TEMPLATE, blank('Recovery target'), 'prod-db');
    expect(faults(form, blank('Recovery target'))).toEqual([expect.stringContaining('refers to production')]);
    expect(faults(form.replace('[x] Recovery target', '[ ] Recovery target'), blank('Recovery target'))[0]).toContain(
      'the box is not ticked',
    );
    expect(faults(asked.withMethod(TEMPLATE, method('other'), ''), methods)).toEqual(['other: the blank is not filled in']);
  });

  test('is not what no answer mends: a heading that was altered, a line that was lost', () => {
    expect(faults(complete.replace('B. Method', 'B. Way'), methods)).toEqual([]);
    expect(faults(complete.replace('[ ] RDS PITR\n', ''), methods)).toEqual([]);
    expect(faults(TEMPLATE.replace('B. Method', 'B. Way'), methods)).toEqual([expect.stringContaining('no method is ticked')]);
    expect(faults(complete.replace(/^.*Tenant count.*\n/m, ''), blank('Tenant count'))).toEqual([]);
  });
});
