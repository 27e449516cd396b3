import { spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createArchive } from '../../src/actors/create-archive.js';
import { mostLiveMemory } from '../live-memory.js';
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
  const archive = async () => void (await createArchive({ upToSeq: 6, signedFiles: null }, run.context()));
  expect(await mostLiveMemory(archive)).toBeLessThan(LARGE / 10);
  const { stdout } = spawnSync('tar', ['-tvf', join(run.directory, 'evidence.tar.gz')], { encoding: 'utf8' });
  expect(stdout).toMatch(new RegExp(` ${LARGE} .* 30_rc_gates\\.txt$`, 'm'));
});
