import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listScreenshots } from '../../src/evidence/checkpoint.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';

test('the screenshots that count are the files of their folder that are not empty', async () => {
  const root = await mkdtemp(join(tmpdir(), 'screenshots-'));
  try {
    const evidence = openEvidenceDir(join(root, 'run'), { root, redactor: () => createRedactor() });
    await evidence.create();
    expect(await listScreenshots(evidence)).toEqual([]);
    await evidence.makeDirectory('56_db_restore_screenshots');
    await evidence.write('56_db_restore_screenshots/b.png', 'x');
    await evidence.write('56_db_restore_screenshots/a.png', 'x');
    await evidence.write('56_db_restore_screenshots/empty.png', '');
    await evidence.write('56_other.txt', 'x');
    expect(await listScreenshots(evidence)).toEqual(['a.png', 'b.png']);
  } finally {
    await rm(root, { recursive: true });
  }
});
