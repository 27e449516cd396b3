import { spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createArchive } from '../../src/actors/create-archive.js';
import { sealingRun, type SealingRun } from './sealing-context.js';

const LARGE = 300 * 1024 * 1024;

let run: SealingRun;
beforeEach(async () => {
  run = await sealingRun();
});
afterEach(() => run.end());

test('a file of 300 MB is archived in constant memory', async () => {
  const evidence = run.context().evidence;
  await evidence.write('57_secret_scan.json', '{}\n');
  const handle = await open(join(run.directory, '30_rc_gates.txt'), 'w');
  await handle.truncate(LARGE);
  await handle.close();
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  try {
    await createArchive({ upToSeq: 6, signedFiles: null }, run.context());
  } finally {
    clearInterval(timer);
  }
  expect(peak - before).toBeLessThan(LARGE / 2);
  const { stdout } = spawnSync('tar', ['-tvf', join(run.directory, 'evidence.tar.gz')], { encoding: 'utf8' });
  expect(stdout).toMatch(new RegExp(` ${LARGE} .* 30_rc_gates\\.txt$`, 'm'));
});
