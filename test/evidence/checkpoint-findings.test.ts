import { describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { parseCheckpoint } from '../../src/evidence/checkpoint-parser.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';
import { completeCheckpoint, SCREENSHOT, type Answers } from './complete-checkpoint.js';

const RUN = '20260221T120000Z';
const template = checkpointTemplate({
  runId: RUN,
  runDirectory: `dpp/evidence/${RUN}`,
  createdAt: '2026-02-21T12:02:00Z',
  site: PILOT_SITE,
});
const complete = completeCheckpoint(template);

const NOW = new Date('2026-02-21T15:00:00Z');

/** What a human is told, as `line item: message`. */
function told(text: string): string[] {
  const parsed = parseCheckpoint(text, {
    runId: RUN,
    smokeQueries: PILOT_SITE.smokeQueries,
    screenshots: [SCREENSHOT],
    now: NOW,
  });
  return parsed.ok ? [] : parsed.findings.map(({ line, item, message }) => `${line} ${item}: ${message}`);
}

const changed = (from: string, to: string, text = complete) => {
  if (!text.includes(from)) throw new Error(`the form has no ${JSON.stringify(from)}`);
  return text.replace(from, to);
};
const answered = (answers: Partial<Answers>) => completeCheckpoint(template, answers);

describe('what is wrong with a checkpoint is told by its line and item', () => {
  test('nothing', () => expect(told(complete)).toEqual([]));

  test('nothing is there', () => {
    const found = told('');
    expect(found.slice(0, 5)).toEqual([
      '1 header: the line "Run ID: 20260221T120000Z" is missing',
      '1 status: the status line is missing: write "Status: COMPLETED" when everything is done',
      '1 A: the line "A. Recovery point in time" is missing',
      '1 A: the line "[ ] Recovery point (UTC, YYYY-MM-DDThh:mm:ssZ)" is missing',
      '1 B: the line "B. Method (tick exactly one)" is missing',
    ]);
    expect(found).toHaveLength(2 + 8 + 17);
  });

  test.each<[string, string, string[]]>([
    [
      'the status is another word',
      changed('Status: COMPLETED', 'Status: DONE'),
      ['7 status: the line is "Status: DONE"; when everything is done it must be exactly "Status: COMPLETED"'],
    ],
    [
      'the status is written in another way',
      changed('Status: COMPLETED', '> STATUS = COMPLETED'),
      ['7 status: the line is "> STATUS = COMPLETED"; when everything is done it must be exactly "Status: COMPLETED"'],
    ],
    [
      'the status is missing',
      changed('Status: COMPLETED\n', ''),
      ['3 status: the status line is missing: write "Status: COMPLETED" when everything is done'],
    ],
    [
      'the status is given three times',
      changed('Status: COMPLETED', 'Status: COMPLETED\nStatus: COMPLETED\nStatus: PENDING'),
      [
        '8 status: the status is given more than once (first on line 7)',
        '9 status: the status is given more than once (first on line 7)',
      ],
    ],
    [
      'the status stands in the form',
      changed('\nB. Method', 'Status: COMPLETED\n\nB. Method', complete.replace('Status: COMPLETED', '')),
      ['20 status: the status line belongs above item A'],
    ],
    [
      'the run is another one',
      changed(`Run ID: ${RUN}`, 'Run ID: 20260101T000000Z'),
      ['3 header: the run id is "20260101T000000Z", this run is 20260221T120000Z: use this run\'s own file'],
    ],
    [
      'the run is given three times',
      changed(`Run ID: ${RUN}`, `Run ID: ${RUN}\nRun ID: ${RUN}\nRun ID: x`),
      [
        '4 header: the run id is given more than once (first on line 3)',
        '5 header: the run id is given more than once (first on line 3)',
      ],
    ],
    [
      'a heading was altered',
      changed('F. Duration', 'F. Duration (minutes)'),
      ['41 F: the heading was altered: it must be "F. Duration"'],
    ],
    ['a heading is its letter alone', changed('F. Duration', 'F.'), ['41 F: the heading was altered: it must be "F. Duration"']],
    ['a heading is missing', changed('F. Duration\n', ''), ['48 F: the line "F. Duration" is missing']],
    [
      'a heading stands there twice',
      changed('F. Duration', 'F. Duration\nF. Duration'),
      ['42 F: this line stands in the form twice (first on line 41)'],
    ],
    [
      'a box is missing: told at its heading',
      changed('[x] Duration of the restore in minutes: 38\n', ''),
      ['41 F: the line "[ ] Duration of the restore in minutes" is missing'],
    ],
    [
      'a box stands there twice: the second one is not read',
      changed('[x] Tenant count: 42', '[x] Tenant count: 41 tenants\n[ ] Tenant count: 42'),
      ['33 D: this line stands in the form twice (first on line 32)'],
    ],
    [
      'a box stands where another one belongs',
      changed('A. Recovery', 'B. Method (tick exactly one)\nA. Recovery', complete.replace('B. Method (tick exactly one)\n', '')),
      [
        '19 A: this line is out of its order: it belongs into item A',
        '20 A: this line is out of its order: it belongs into item A',
      ],
    ],
    ['a box is not ticked', changed('[x] Tenant', '[ ] Tenant'), ['32 D: the box is not ticked: write [x] when it is done']],
    ['a box is ticked twice', changed('[x] Tenant', '[xx] Tenant'), ['32 D: the box is [xx]: write [x]']],
    ['a box is ticked with something else', changed('[x] Tenant', '[X] Tenant'), ['32 D: the box is [X]: write [x]']],
    [
      'a label was altered',
      changed('[x] Tenant count: 42', '[x] Tenants: 42'),
      [
        '31 D: the line "[ ] Tenant count" is missing',
        '32 D: "Tenants: 42 tenants, as in the source" is not a line of the form: restore the text that stood behind the box',
      ],
    ],
    [
      'a method was given a text of its own',
      changed('[x] Supabase restore to a new project', '[x] Supabase restore to a new project, twice'),
      [
        '21 B: the line "[ ] Supabase restore to a new project" is missing',
        '21 B: no method is ticked: write [x] at the one that was used',
        '22 B: "Supabase restore to a new project, twice" is not a line of the form: restore the text that stood behind the box',
      ],
    ],
    [
      'no method is ticked',
      changed('[x] Supabase restore', '[ ] Supabase restore'),
      ['21 B: no method is ticked: write [x] at the one that was used'],
    ],
    [
      'three methods are ticked',
      changed('[ ] RDS PITR', '[x] RDS PITR', complete.replace('[ ] RDS snapshot', '[x] RDS snapshot')),
      ['24 B: more than one method is ticked (first on line 22)', '25 B: more than one method is ticked (first on line 22)'],
    ],
    ['the other method is not said', answered({ method: 'other: ____' }), ['26 B: other: the blank is not filled in']],
    [
      'the other method is written, but not ticked',
      changed('[ ] other: ____', '[ ] other: by hand'),
      ['26 B: "by hand" is written here, but the box is not ticked'],
    ],
    [
      'a blank holds what cannot be true',
      answered({ duration: '0', screenshots: ['b.png'] }),
      [
        '39 E: File names, separated by commas: b.png is not in 56_db_restore_screenshots/, or is empty',
        '39 E: File names, separated by commas: 56_db_restore_screenshots/restore-01.png is there, but not named',
        '42 F: Duration of the restore in minutes: "0" is not a positive number of minutes, e.g. 42',
      ],
    ],
    [
      'a line was added to the form',
      changed('[x] Tenant count', 'note\n[x] Tenant count'),
      ['32 D: this line is not part of the form: write on the line of the blank, or indent a note by two spaces'],
    ],
    [
      'a line with a gap was added right behind the first heading',
      changed('[x] Recovery point', 'note  here\n[x] Recovery point'),
      ['19 A: this line is not part of the form: write on the line of the blank, or indent a note by two spaces'],
    ],
    [
      'the status stands right behind the first heading',
      changed('[x] Recovery point', 'Status: COMPLETED\n[x] Recovery point', complete.replace('Status: COMPLETED', '')),
      ['19 status: the status line belongs above item A'],
    ],
    [
      'a note is indented by one blank only',
      changed('[x] Tenant count', ' note\n[x] Tenant count'),
      ['32 D: this line is not part of the form: write on the line of the blank, or indent a note by two spaces'],
    ],
    [
      'a line is not readable',
      changed('as in the source', 'as in the \u0007source'),
      ['32 D: the line has a control character, or bytes that are not UTF-8: retype it'],
    ],
    [
      'a line above the form is not readable',
      changed('Created:', 'Created:\ufffd'),
      ['5 header: the line has a control character, or bytes that are not UTF-8: retype it'],
    ],
  ])('%s', (_, text, expected) => expect(told(text)).toEqual(expected));
});

describe('a checkpoint is complete also', () => {
  test.each([
    ['with lines of its own above the form', complete.replace('Created:', 'by hand\nCreated:')],
    ['with notes indented by a tab', complete.replace('[x] Tenant', '\tnote\n[x] Tenant')],
    ['with boxes that are indented', complete.replace('[x] Tenant', '  [x]   Tenant')],
    ['with a run id behind several blanks', complete.replace('Run ID: ', 'Run ID: \t ')],
    ['with the line ends of an old Macintosh', complete.replaceAll('\n', '\r')],
    ['with blanks around an answer', complete.replace('count: 42', 'count:    42')],
    ['with a word that only begins like a status', complete.replace('Created:', 'Statuses: none\nCreated:')],
    ['with a status that is only spoken of', complete.replace('Created:', 'the Status: see below\nCreated:')],
    ['with a run id that is only spoken of', complete.replace('Created:', 'see Run ID: x\nCreated:')],
    ['with text that only looks like a heading', complete.replace('[x] Tenant', '  F.x\n  see D. there\n[x] Tenant')],
  ])('%s', (_, text) => expect(told(text)).toEqual([]));

  test.each([
    ['Supabase restore to a new project', 'supabase-new-project'],
    ['Supabase PITR', 'supabase-pitr'],
    ['RDS snapshot', 'rds-snapshot'],
    ['RDS PITR', 'rds-pitr'],
    ['other: by hand', 'other'],
  ])('with the method "%s", recorded as %s', (label, method) => {
    const parsed = parseCheckpoint(answered({ method: label }), {
      runId: RUN,
      smokeQueries: PILOT_SITE.smokeQueries,
      screenshots: [SCREENSHOT],
      now: NOW,
    });
    expect(parsed).toMatchObject({ ok: true, checkpoint: { method, otherMethod: method === 'other' ? 'by hand' : null } });
  });
});
