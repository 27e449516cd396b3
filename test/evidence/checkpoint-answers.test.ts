import { describe, expect, test } from '@jest/globals';
import {
  faultsOf,
  isUnfilled,
  minutesOf,
  otherMethodFault,
  screenshotNames,
  whyNotDeleted,
} from '../../src/evidence/checkpoint-answers.js';
import type { CheckpointField } from '../../src/evidence/checkpoint.js';

const NOW = new Date('2026-02-21T15:00:00Z');
const faults = (field: CheckpointField, value: string, screenshots: readonly string[] = []) =>
  faultsOf(field, value, { screenshots, now: NOW, runId: '20260221T140000Z' });

describe('a blank', () => {
  test.each(['', '_', '____'])('that nobody wrote into is not filled in: %j', (value) => {
    expect(isUnfilled(value)).toBe(true);
    for (const field of ['smokeQuery', 'recoveryPoint', 'target', 'screenshots', 'duration', 'cleanUp', 'signer'] as const)
      expect(faults(field, value)).toEqual(['the blank is not filled in']);
    expect(otherMethodFault(value)).toBe('the blank is not filled in');
  });

  test.each(['_12', '12_', 'a___b'])('that was written into beside its underscores is told: %j', (value) => {
    expect(isUnfilled(value)).toBe(false);
    expect(faults('smokeQuery', value)).toEqual([`"${value}" still holds a part of the blank: remove the underscores`]);
    expect(otherMethodFault(value)).toBe(`"${value}" still holds a part of the blank: remove the underscores`);
  });

  test.each([
    ...['n/a', 'NA', 'none', 'null', 'unknown', 'pending', 'placeholder', 'example', 'x', 'xxx', '.', '...', '<>', '<value>'],
    ...['{}', '{ value }', '$', '$VALUE', 'not applicable', 'to be done', 'yyyy', 'YYYY-MM-DD'],
    ...['TODO', 'count tbd', 'tbc later', 'a FIXME b'],
  ])('that holds a placeholder is told: %s', (value) => {
    expect(faults('smokeQuery', value)).toEqual([`"${value}" is a placeholder: write what you saw`]);
    expect(otherMethodFault(value)).toBe(`"${value}" is a placeholder: write what you saw`);
  });

  test.each(['-', '?!', '(:'])('that holds no letter and no digit says nothing: %s', (value) => {
    expect(faults('smokeQuery', value)).toEqual([`"${value}" says nothing: write what you saw`]);
  });

  test.each([
    ...['42', 'ü', 'a_b', 'a__b', 'none of them', 'failed: none', 'todos: 3', 'a mytodo b', 'tbcs'],
    ...['<a> and b', 'a <b>', '12 {a}', '{a} 12', 'x2', 'xy', 'boxx', '1.', 'US$ 3', 'ended in yyyy'],
  ])('that holds what somebody saw is filled in: %s', (value) => {
    expect(faults('smokeQuery', value)).toEqual([]);
    expect(otherMethodFault(value)).toBeNull();
  });
});

describe('a recovery point', () => {
  test.each(['2026-02-21T15:00:00Z', '2024-02-29T23:59:59Z'])('may be %s', (value) => {
    expect(faults('recoveryPoint', value)).toEqual([]);
  });

  test.each([
    '2026-02-30T10:00:00Z',
    '2026-02-21T24:00:00Z',
    '2026-02-21T10:00Z',
    '2026-02-21T10:00:00.000Z',
    '2026-02-21T10:00:00+00:00',
    '2026-02-21 10:00:00Z',
    '-000001-01-01T00:00:00Z',
    'yesterday',
  ])('is no UTC instant: %s', (value) => {
    expect(faults('recoveryPoint', value)).toEqual([`"${value}" is no UTC instant, e.g. 2026-02-21T09:30:00Z`]);
  });

  test('is not in the future', () => {
    expect(faults('recoveryPoint', '2026-02-21T15:00:01Z')).toEqual(['2026-02-21T15:00:01Z is in the future']);
  });
});

describe('a date of signature', () => {
  test('may be each day from that of the run on', () => {
    const on = (value: string, runId: string) => faultsOf('signedOn', value, { screenshots: [], now: NOW, runId });
    expect(faults('signedOn', '2026-02-21')).toEqual([]);
    expect(on('2024-02-29', '20240229T235959Z')).toEqual([]);
    expect(on('2026-02-21', '20251231T000000Z')).toEqual([]);
  });

  test('is not before the run, by the clock of UTC', () => {
    for (const value of ['2026-02-20', '2025-12-31', '0026-02-22'])
      expect(faults('signedOn', value)).toEqual([`${value} is before the run, which began on 2026-02-21 (UTC)`]);
  });

  test.each(['2026-02-29', '21.02.2026', '2026-2-1', '2026-02-21T00:00:00Z', '-000001-01-01', 'today'])(
    'is no date: %s',
    (value) => {
      expect(faults('signedOn', value)).toEqual([`"${value}" is no date, e.g. 2026-02-21`]);
    },
  );

  test('is not in the future, by the clock of UTC', () => {
    expect(faults('signedOn', '2026-02-22')).toEqual(['2026-02-22 is in the future (UTC)']);
    const midnight = { screenshots: [], now: new Date('2026-02-22T00:00:00Z'), runId: '20260221T140000Z' };
    expect(faultsOf('signedOn', '2026-02-22', midnight)).toEqual([]);
  });
});

test('a target refers to production or does not', () => {
  expect(faults('target', 'db.prod.example.com')).toEqual([
    '"db.prod.example.com" refers to production ("prod"): the target of the drill must be another database',
  ]);
  expect(faults('target', 'restore-drill.example.com')).toEqual([]);
});

describe('a duration', () => {
  test.each([
    ['38', 38],
    ['999999', 999_999],
    ['0.125', 0.125],
    ['38min', 38],
    ['38 min', 38],
    ['1 minute', 1],
    ['12.5 minutes', 12.5],
  ])('is in minutes: %s', (value, minutes) => {
    expect(minutesOf(value)).toBe(minutes);
    expect(faults('duration', value)).toEqual([]);
  });

  test.each(['0', '0.0', '-5', '1234567', '1.2345', '1.', '38  min', '38 minutess', '38 hours', 'about 38', '1e3', '38 minx'])(
    'is not: %s',
    (value) => {
      expect(faults('duration', value)).toEqual([`"${value}" is not a positive number of minutes, e.g. 42`]);
    },
  );
});

describe('a clean-up', () => {
  test.each(['yes', 'YES, dropped at 12:00', 'Yes.'])('says that the database was deleted: %s', (value) => {
    expect(faults('cleanUp', value)).toEqual([]);
    expect(whyNotDeleted(value)).toBeNull();
  });

  test.each(['no, 8 lettrs', 'No — kept until the audit', 'kept no 1', 'nothing1', 'oh yes, it was', 'yesterday'])(
    'says why the database was kept: %s',
    (value) => {
      expect(faults('cleanUp', value)).toEqual([]);
      expect(whyNotDeleted(value)).toBe(value);
    },
  );

  test.each(['no', 'NO.', 'no: 7 chars', 'no -–— x', 'kept', 'oh yes'])('says neither: %s', (value) => {
    expect(faults('cleanUp', value)).toEqual([`"${value}" is neither "yes" nor a reason why the database was kept`]);
  });
});

describe('a signer', () => {
  test.each([
    'Li',
    'Pilot Placeholder',
    'verifier@example.com',
    'Claude Martin',
    'Mai',
    'Aidan',
    'Abbot',
    'Botha',
    'root Placeholder',
  ])('may be called %s', (value) => expect(faults('signer', value)).toEqual([]));

  test.each([
    ...['agent', 'Agents', 'automated', 'automatic run', 'automation', 'bot', 'bots', 'deploy-bot', 'robot', 'robots', 'script'],
    ...['scripts', 'pipeline', 'pipelines', 'jenkins', 'github', 'gitlab', 'cron', 'chatgpt', 'gpt', 'copilot', 'gemini', 'llm'],
    ...['assistant', 'Claude Agent', 'github-actions[bot]', 'ai', 'ci', 'cd', 'CI/CD', 'claude code', 'system', 'root!', 'admin'],
    ...['administrator', 'user', 'human', 'operator', 'test', 'tester', 'service account', 'nobody', 'somebody', 'anonymous'],
    ...['me', 'your name'],
  ])('is no human: %s', (value) => {
    expect(faults('signer', value)).toEqual([`"${value}" is not the name of a human: the one who did the restore signs`]);
  });

  test.each(['z', '42', '4 z 2'])('has a name: %s is none', (value) => {
    expect(faults('signer', value)).toEqual([`"${value}" is no name`]);
  });
});

describe('screenshots', () => {
  test('are named by commas, with their folder or without', () => {
    expect(screenshotNames(' a.png ,56_db_restore_screenshots/b.png,, other/56_db_restore_screenshots/c.png')).toEqual([
      'a.png',
      'b.png',
      'other/56_db_restore_screenshots/c.png',
    ]);
    expect(faults('screenshots', 'a_.png, 56_db_restore_screenshots/b.png', ['a_.png', 'b.png'])).toEqual([]);
  });

  test('must be named, be there, be named once, and none may be passed over', () => {
    expect(faults('screenshots', ', ,', [])).toEqual(['no screenshot is named']);
    expect(faults('screenshots', 'a.png, b.png, b.png, b.png', ['b.png', 'c.png', 'd,e.png'])).toEqual([
      'a.png is not in 56_db_restore_screenshots/, or is empty',
      '56_db_restore_screenshots/c.png is there, but not named',
      '56_db_restore_screenshots/d,e.png is there, but not named (rename it: it has a comma)',
      'b.png is named more than once',
    ]);
  });
});
