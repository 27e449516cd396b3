import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createArchive } from '../../src/actors/create-archive.js';
import { ensureArchive } from '../../src/actors/ensure-archive.js';
import { hashArchive } from '../../src/actors/hash-archive.js';
import type { ArchiveFacts } from '../../src/config/step-contracts.js';
import { failure, sealingRun, type SealingRun } from './sealing-context.js';

let run: SealingRun;
let archive: ArchiveFacts;
beforeEach(async () => {
  run = await sealingRun();
  await writeFile(file('30_rc_gates.txt'), 'gates passed\n');
  await writeFile(file('57_secret_scan.json'), '{}\n');
  archive = await createArchive({ upToSeq: 6, signedFiles: null }, run.context());
});
afterEach(() => run.end());

const file = (name: string) => join(run.directory, name);
const archives = async () => (await readdir(run.directory)).filter((name) => name.startsWith('evidence.tar.gz'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What the operator reads of an archive that is not the recorded one. */
const changed = (found: { readonly sha256: string; readonly size: number } | null) => ({
  code: 'ARCHIVE_CHANGED',
  message:
    `evidence.tar.gz in ${run.directory} is not the archive that was made: SHA-256 ${archive.sha256} (${archive.size} bytes) ` +
    `recorded, ${found === null ? 'no file' : `${found.sha256} (${found.size} bytes)`} found. ` +
    'Find out what changed it or the evidence, restore that, then: cutover retry <run>',
  options: { details: { expected: { sha256: archive.sha256, size: archive.size }, found } },
  transient: false,
});

describe('hashArchive', () => {
  const hash = (facts = archive) => hashArchive({ archive: facts }, run.context());

  test('writes a digest that sha256sum accepts', async () => {
    expect(await hash()).toEqual({ sha256: archive.sha256, size: archive.size });
    expect(await readFile(file('evidence.tar.gz.sha256'), 'utf8')).toBe(`${archive.sha256}  evidence.tar.gz\n`);
    expect(spawnSync('sha256sum', ['--strict', '-c', 'evidence.tar.gz.sha256'], { cwd: run.directory }).status).toBe(0);
  });

  test('writes none for an archive that changed on disk, or is gone, or has another size than was recorded', async () => {
    expect((await failure(hash({ ...archive, size: archive.size + 1 }))).code).toBe('ARCHIVE_CHANGED');
    await appendFile(file('evidence.tar.gz'), 'x');
    const bytes = await readFile(file('evidence.tar.gz'));
    expect(await failure(hash())).toMatchObject(changed({ sha256: sha256(bytes), size: bytes.length }));
    await rm(file('evidence.tar.gz'));
    expect(await failure(hash())).toMatchObject(changed(null));
    expect(await archives()).toEqual([]);
  });
});

describe('ensureArchive', () => {
  const ensure = (facts = archive) => ensureArchive(run.context(), facts);

  test('leaves the recorded archive as it is, and gives it the digest file that a killed attempt took away', async () => {
    const { ino } = await stat(file('evidence.tar.gz'));
    await ensure();
    expect(run.progress).toEqual([]);
    expect(await archives()).toEqual(['evidence.tar.gz', 'evidence.tar.gz.sha256']);
    expect((await stat(file('evidence.tar.gz'))).ino).toBe(ino);
    expect(await readFile(file('evidence.tar.gz.sha256'), 'utf8')).toBe(`${archive.sha256}  evidence.tar.gz\n`);
  });

  test('makes a lost one again, byte by byte, and the file with its digest stays', async () => {
    await hashArchive({ archive }, run.context());
    const recorded = await readFile(file('evidence.tar.gz'));
    await rm(file('evidence.tar.gz'));
    await ensure();
    expect(await readFile(file('evidence.tar.gz.sha256'), 'utf8')).toBe(`${archive.sha256}  evidence.tar.gz\n`);
    expect(await readFile(file('evidence.tar.gz'))).toEqual(recorded);
    expect(run.progress).toEqual(['evidence.tar.gz is lost: making it again from the evidence']);
  });

  test('keeps a changed one aside, by its digest, and makes it again', async () => {
    const recorded = await readFile(file('evidence.tar.gz'));
    await appendFile(file('evidence.tar.gz'), 'x');
    const foreign = await readFile(file('evidence.tar.gz'));
    await ensure();
    const aside = `evidence.tar.gz.changed-${sha256(foreign).slice(0, 12)}`;
    expect(await archives()).toEqual(['evidence.tar.gz', aside, 'evidence.tar.gz.sha256']);
    expect(await readFile(file('evidence.tar.gz'))).toEqual(recorded);
    expect(await readFile(file(aside))).toEqual(foreign);
    expect(run.progress).toEqual(['evidence.tar.gz is changed: making it again from the evidence']);
  });

  test('does not trust a recorded size that the archive does not have', async () => {
    await ensure({ ...archive, size: archive.size + 1 });
    expect(run.progress).toEqual(['evidence.tar.gz is changed: making it again from the evidence']);
  });

  test('leaves none where the evidence gives another one', async () => {
    await rm(file('evidence.tar.gz'));
    await appendFile(file('30_rc_gates.txt'), 'x');
    const error = await failure(ensure());
    const { found } = error.options.details as { found: { sha256: string; size: number } };
    expect(error).toMatchObject(changed({ sha256: found.sha256, size: found.size }));
    expect(found.sha256).not.toBe(archive.sha256);
    expect(await archives()).toEqual([]);
  });
});
