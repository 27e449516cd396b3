import { describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { parseCheckpoint, type CheckpointFinding } from '../../src/evidence/checkpoint-parser.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';
import { completeCheckpoint, SCREENSHOT, type Answers } from './complete-checkpoint.js';

const RUN = '20260221T120000Z';
const NOW = new Date('2026-02-21T15:00:00Z');
const template = checkpointTemplate({
  runId: RUN,
  runDirectory: `dpp/evidence/phase6_4_cutover/${RUN}`,
  createdAt: '2026-02-21T12:02:00Z',
  site: PILOT_SITE,
});
const complete = completeCheckpoint(template);

function parse(text: string | Uint8Array, screenshots: string[] = [SCREENSHOT]) {
  return parseCheckpoint(text, { runId: RUN, smokeQueries: PILOT_SITE.smokeQueries, screenshots, now: NOW });
}

function findings(text: string | Uint8Array, screenshots?: string[]): readonly CheckpointFinding[] {
  const parsed = parse(text, screenshots);
  return parsed.ok ? [] : parsed.findings;
}

function faultIn(answers: Partial<Answers>): string {
  const screenshots = [...(answers.screenshots ?? [SCREENSHOT])];
  return findings(completeCheckpoint(template, answers), screenshots)
    .map(({ item, message }) => `${item}: ${message}`)
    .join('\n');
}

function lineOf(text: string, start: string): number {
  return text.split('\n').findIndex((line) => line.startsWith(start)) + 1;
}

describe('a checkpoint', () => {
  test('that a human completed is read into typed values', () => {
    expect(parse(complete)).toEqual({
      ok: true,
      checkpoint: {
        runId: RUN,
        recoveryPoint: '2026-02-21T11:02:00Z',
        method: 'supabase-new-project',
        otherMethod: null,
        target: 'dpp-restore-drill.db.example.com',
        smokeQueries: [
          { query: 'Tenant count', result: '42 tenants, as in the source' },
          { query: 'API-key count', result: '117' },
          { query: 'Billing events spot check', result: '10 of 10 sampled events match the ledger' },
          { query: 'Webhook dedup by status', result: 'processed 980, duplicate 12, failed 0' },
          {
            query: 'Proof that this is not the production database',
            result: 'project reference differs, current_database() is dpp_restore',
          },
        ],
        screenshots: [SCREENSHOT],
        durationMinutes: 38,
        notDeletedBecause: null,
        signer: 'verifier@example.com',
        signedOn: '2026-02-21',
      },
    });
  });

  test('as the template leaves it has a finding for the status and for every box and blank', () => {
    const found = findings(template, []);
    expect(found[0]).toMatchObject({ line: lineOf(template, 'Status:'), item: 'status' });
    for (const [index, line] of template.split('\n').entries()) {
      if (!line.startsWith('[ ]') || !line.endsWith(': ____') || line === '[ ] other: ____') continue;
      const messages = found.filter((finding) => finding.line === index + 1).map(({ message }) => message);
      expect(messages).toEqual([expect.stringContaining('not ticked'), expect.stringContaining('not filled in')]);
    }
    expect(found.map(({ line }) => line)).toEqual(found.map(({ line }) => line).toSorted((a, b) => a - b));
  });

  test('whose status alone was changed does not pass: the gate is parsed, not searched for a word', () => {
    expect(parse(template.replace('Status: PENDING', 'Status: COMPLETED')).ok).toBe(false);
  });

  test('template holds exactly one line that is a status', () => {
    expect(template.split('\n').filter((line) => /^\W*status\b/i.test(line))).toEqual(['Status: PENDING']);
    expect(template).not.toContain('Status: COMPLETED');
  });

  test('saved by an editor with a byte order mark, CRLF and blanks at line ends is accepted', () => {
    expect(parse(`\uFEFF${complete.replaceAll('\n', '  \r\n')}`).ok).toBe(true);
    expect(parse(Buffer.from(`\uFEFF${complete.replaceAll('\n', '\r\n')}`)).ok).toBe(true);
  });

  test('with notes on indented lines is accepted, with other lines it is not', () => {
    const label = '[x] Tenant count: 42 tenants, as in the source';
    expect(parse(complete.replace(label, `${label}\n  counted twice`)).ok).toBe(true);
    expect(findings(complete.replace(label, `${label}\ncounted twice`))).toEqual([
      expect.objectContaining({ item: 'D', line: lineOf(complete, label) + 1 }),
    ]);
  });

  test('with a NUL, or bytes that are not UTF-8, is found on the line', () => {
    const lines = complete.split('\n');
    const at = lines.findIndex((line) => line.startsWith('[x] Tenant count'));
    expect(findings(lines.with(at, `${lines[at]}\0`).join('\n'))).toEqual([expect.objectContaining({ line: at + 1, item: 'D' })]);
    const bytes = Buffer.concat([
      Buffer.from(`${lines.slice(0, at + 1).join('\n')}`),
      Buffer.from([0xff]),
      Buffer.from(`\n${lines.slice(at + 1).join('\n')}`),
    ]);
    expect(findings(bytes)).toEqual([expect.objectContaining({ line: at + 1, item: 'D' })]);
  });
});

describe('a status', () => {
  test('given twice is refused, wherever the second one stands', () => {
    expect(findings(complete.replace('Status: COMPLETED', 'Status: COMPLETED\nStatus: COMPLETED'))).toHaveLength(1);
    expect(findings(`${complete}Status: COMPLETED\n`)).toEqual([expect.objectContaining({ item: 'status' })]);
    expect(findings(`${complete}  Status: PENDING\n`)).toEqual([expect.objectContaining({ item: 'status' })]);
  });

  test('that is missing is a finding', () => {
    expect(findings(complete.replace('Status: COMPLETED\n', ''))).toEqual([expect.objectContaining({ item: 'status' })]);
  });
});

describe('what is written in a checkpoint', () => {
  test('belongs to this run', () => {
    expect(findings(complete.replace(`Run ID: ${RUN}`, 'Run ID: 20260101T000000Z'))).toEqual([
      expect.objectContaining({ item: 'header' }),
    ]);
    expect(findings(complete.replace(`Run ID: ${RUN}\n`, ''))).toEqual([expect.objectContaining({ item: 'header' })]);
  });

  test('names exactly one method, and says what another one was', () => {
    const two = complete.replace('[ ] RDS PITR', '[x] RDS PITR');
    expect(findings(two)).toEqual([expect.objectContaining({ item: 'B', line: lineOf(two, '[x] RDS PITR') })]);
    expect(faultIn({ method: 'other: ____' })).toContain('B: other: the blank is not filled in');
    expect(faultIn({ method: 'other: TODO' })).toContain('placeholder');
    expect(parse(completeCheckpoint(template, { method: 'other: pg_basebackup and WAL replay' }))).toMatchObject({
      checkpoint: { method: 'other', otherMethod: 'pg_basebackup and WAL replay' },
    });
    expect(findings(complete.replace('[ ] other: ____', '[ ] other: by hand'))).toEqual([expect.objectContaining({ item: 'B' })]);
  });

  test.each(['dpp-prod-db', 'db.prod.example.com', 'production', 'postgres://host/prod/db', 'DPP_PRD', 'dppProd'])(
    'does not name production as the target: %s',
    (target) => expect(faultIn({ target })).toContain('refers to production'),
  );

  test.each(['dpp-product-restore', 'nonprod-restore', 'restore (not production)', 'preprod-restore'])(
    'may name as the target: %s',
    (target) => expect(faultIn({ target })).toBe(''),
  );

  test.each(['2026-02-30T10:00:00Z', '2026-02-21 10:00:00', '2026-02-21T10:00:00+09:00', 'yesterday', '2026-02-21T15:00:01Z'])(
    'has a recovery point that is a UTC instant of the past: %s',
    (recoveryPoint) => expect(faultIn({ recoveryPoint })).toContain('A: '),
  );

  test.each(['21.02.2026', '2026-02-29', '2026-02-22', '2026-02-20', 'today'])(
    'has a date of signature that is real, not in the future and not before the run: %s',
    (signedOn) => expect(faultIn({ signedOn })).toContain('H: '),
  );

  test.each(['0', '-5', '0.0', 'half an hour', '1e3', '1:30', 'NaN'])('has a duration in minutes: %s', (duration) =>
    expect(faultIn({ duration })).toContain('F: '),
  );

  test.each(['38', '38 minutes', '12.5', '38min'])('may have the duration %s', (duration) =>
    expect(faultIn({ duration })).toBe(''),
  );

  test.each(['no', 'No.', 'no: -', 'kept'])('says why the database was kept, not only: %s', (cleanUp) =>
    expect(faultIn({ cleanUp })).toContain('G: '),
  );

  test('keeps the reason why the database was not deleted', () => {
    const cleanUp = 'no, kept until the audit of March';
    expect(parse(completeCheckpoint(template, { cleanUp }))).toMatchObject({ checkpoint: { notDeletedBecause: cleanUp } });
  });

  test.each([
    'agent',
    'Agent',
    'automated',
    'deploy-bot',
    'ci',
    'CI',
    'claude',
    'Claude Agent',
    'claude code',
    'root',
    'x',
    '42',
    'github-actions[bot]',
  ])('is not signed by %s', (signer) => expect(faultIn({ signer })).toContain('H: '));

  test('may be signed by someone whose name is also a word', () => {
    expect(faultIn({ signer: 'Claude Martin' })).toBe('');
  });
});

describe('screenshots', () => {
  test('that are named but not there, or there but not named, are findings', () => {
    const text = completeCheckpoint(template, { screenshots: ['a_1.png', 'b.png'] });
    expect(findings(text, ['a_1.png', 'b.png'])).toEqual([]);
    expect(findings(text, ['a_1.png'])).toEqual([
      expect.objectContaining({ item: 'E', message: expect.stringContaining('b.png is not in') }),
    ]);
    expect(findings(text, ['a_1.png', 'b.png', 'c.png'])).toEqual([
      expect.objectContaining({ item: 'E', message: expect.stringContaining('c.png is there, but not named') }),
    ]);
  });

  test('may be named with their folder', () => {
    expect(faultIn({ screenshots: [`56_db_restore_screenshots/${SCREENSHOT}`] })).toContain('is not in');
    expect(findings(completeCheckpoint(template, { screenshots: [`56_db_restore_screenshots/${SCREENSHOT}`] }))).toEqual([]);
  });

  test('are needed: none is a finding', () => {
    expect(findings(completeCheckpoint(template, { screenshots: [] }), [])).toEqual([expect.objectContaining({ item: 'E' })]);
  });
});
