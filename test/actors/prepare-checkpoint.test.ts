import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { prepareCheckpoint } from '../../src/actors/prepare-checkpoint.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';
import { createTestContext, type TestContext } from './actor-context.js';

const FILE = '55_db_rollback_human_checkpoint.txt';
const createdAt = '2026-02-21T12:00:00Z';

let context: TestContext;
beforeEach(async () => {
  context = await createTestContext();
});
afterEach(() => context.remove());

describe('the checkpoint', () => {
  test('is a pending form with a folder for screenshots', async () => {
    expect(await prepareCheckpoint({ createdAt }, context)).toEqual({ file: FILE, directory: '56_db_restore_screenshots' });
    const text = await context.text(FILE);
    expect(text).toContain('\nStatus: PENDING\n');
    expect(text).toContain('Run ID: 20260221T120000Z\n');
    expect(text).toContain(`Created: ${createdAt}\n`);
    expect(statSync(join(context.evidence.path, '56_db_restore_screenshots')).isDirectory()).toBe(true);
  });

  test('that is untouched is left as it is', async () => {
    await prepareCheckpoint({ createdAt }, context);
    await prepareCheckpoint({ createdAt }, context);
    expect((await context.evidence.list()).map(({ name }) => name)).toEqual([FILE]);
  });

  test('that a person edited is kept, every time', async () => {
    await prepareCheckpoint({ createdAt }, context);
    const template = await context.text(FILE);
    for (const [attempt, edit] of ['first', 'second'].entries()) {
      await context.evidence.write(FILE, `${template}${edit}\n`);
      await prepareCheckpoint({ createdAt }, context);
      expect(await context.text(FILE)).toBe(template);
      expect(await context.text(`55_db_rollback_human_checkpoint.attempt-${attempt + 1}.txt`)).toBe(`${template}${edit}\n`);
    }
    expect(context.lines).toEqual(
      [1, 2].map((n) => `The earlier checkpoint is kept as 55_db_rollback_human_checkpoint.attempt-${n}.txt`),
    );
  });

  test.each([
    ['dpp/evidence/phase6_4_cutover', 'dpp/evidence/phase6_4_cutover/20260221T120000Z'],
    ['dpp/old/dpp/evidence', 'dpp/evidence/20260221T120000Z'],
    ['elsewhere', null],
  ])('says where the evidence is, from the root of the repository: %s', async (folder, shown) => {
    const root = join(context.folder, folder);
    const evidence = openEvidenceDir(join(root, context.runId), { root, redactor: () => createRedactor({ known: [] }) });
    await evidence.create();
    await prepareCheckpoint({ createdAt }, { ...context, evidence });
    const text = (await evidence.read(FILE)).toString('utf8');
    expect(text).toContain(`\nEvidence dir: ${shown ?? evidence.path}\n`);
  });

  test('of any size is kept', async () => {
    await context.evidence.write(FILE, 'x'.repeat(3_000_000));
    await prepareCheckpoint({ createdAt }, context);
    expect(await context.text('55_db_rollback_human_checkpoint.attempt-1.txt')).toHaveLength(3_000_000);
  });
});
