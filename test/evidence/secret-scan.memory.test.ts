import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';
import { scanForSecrets } from '../../src/evidence/secret-scan.js';
import { mostLiveMemory } from '../live-memory.js';
import { UPPER, word } from './secret-examples.js';

/** Bytes. The scan itself takes some 40 MiB. */
const SIZE = 96 * 1024 * 1024;

test('a scan of a file far larger than memory should hold needs no more memory for it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'scan-'));
  try {
    const evidence = openEvidenceDir(join(root, 'run'), { root, redactor: () => createRedactor() });
    await evidence.create();
    const handle = await open(join(evidence.path, 'sparse.bin'), 'w');
    await handle.truncate(SIZE);
    await handle.write(` AKIA${word(UPPER, 16)} `, SIZE);
    await handle.close();
    const scan = async () => {
      const { findings } = await scanForSecrets(evidence, ['sparse.bin'], []);
      expect(findings).toEqual([{ file: 'sparse.bin', line: 1, kind: 'aws-access-key-id' }]);
    };
    expect(await mostLiveMemory(scan)).toBeLessThan(0.5 * SIZE);
  } finally {
    await rm(root, { recursive: true });
  }
}, 120_000);
