import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PILOT_SITE } from '../../src/config/site.js';
import { prepareCheckpoint } from '../../src/actors/prepare-checkpoint.js';
import { createTestContext, type TestContext } from './actor-context.js';

const FILE = '55_db_rollback_human_checkpoint.txt';
const createdAt = '2026-02-21T12:00:00Z';
const INPUT = { createdAt, runDirectory: 'evidence/20260221T120000Z', site: PILOT_SITE };

let context: TestContext;
beforeEach(async () => {
  context = await createTestContext();
});
afterEach(() => context.remove());

describe('the checkpoint', () => {
  test('is a pending form with a folder for screenshots', async () => {
    expect(await prepareCheckpoint(INPUT, context)).toEqual({ file: FILE, directory: '56_db_restore_screenshots' });
    const text = await context.text(FILE);
    expect(text).toContain('\nStatus: PENDING\n');
    expect(text).toContain('Run ID: 20260221T120000Z\n');
    expect(text).toContain(`Created: ${createdAt}\n`);
    expect(statSync(join(context.evidence.path, '56_db_restore_screenshots')).isDirectory()).toBe(true);
  });

  test('that is untouched is left as it is', async () => {
    await prepareCheckpoint(INPUT, context);
    await prepareCheckpoint(INPUT, context);
    expect((await context.evidence.list()).map(({ name }) => name)).toEqual([FILE]);
  });

  test('that a person edited is kept, every time', async () => {
    await prepareCheckpoint(INPUT, context);
    const template = await context.text(FILE);
    for (const [attempt, edit] of ['first', 'second'].entries()) {
      await context.evidence.write(FILE, `${template}${edit}\n`);
      await prepareCheckpoint(INPUT, context);
      expect(await context.text(FILE)).toBe(template);
      expect(await context.text(`55_db_rollback_human_checkpoint.attempt-${attempt + 1}.txt`)).toBe(`${template}${edit}\n`);
    }
    expect(context.lines).toEqual(
      [1, 2].map((n) => `The earlier checkpoint is kept as 55_db_rollback_human_checkpoint.attempt-${n}.txt`),
    );
  });

  test('says where the evidence is, as the run shows it', async () => {
    await prepareCheckpoint(INPUT, context);
    expect(await context.text(FILE)).toContain('\nEvidence dir: evidence/20260221T120000Z\n');
  });

  test('asks for what the site asks for, and always for the proof that it is not production', async () => {
    const site = { ...PILOT_SITE, smokeQueries: ['Order count'], verificationGuide: 'docs/restore.md' };
    await prepareCheckpoint({ ...INPUT, site }, context);
    const text = await context.text(FILE);
    expect(text).toMatch(/^D\. .*\n\[ \] Order count: ____\n\[ \] Proof that this is not the production database: ____\n\n/m);
    expect(text).toContain('How to complete this file (docs/restore.md):\n');
  });

  test('of any size is kept', async () => {
    await context.evidence.write(FILE, 'x'.repeat(3_000_000));
    await prepareCheckpoint(INPUT, context);
    expect(await context.text('55_db_rollback_human_checkpoint.attempt-1.txt')).toHaveLength(3_000_000);
  });
});
