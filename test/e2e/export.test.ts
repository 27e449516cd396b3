import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { Pilot } from './pilot.js';

const exec = promisify(execFile);

interface Document {
  readonly runs: readonly {
    run: string;
    status: string;
    verdict: string | null;
    sealed: object | null;
    previous: { run: string } | null;
  }[];
  readonly gaps: readonly string[];
}

describe('cutover export', () => {
  let pilot: Pilot;
  let directory: string;
  let runId: string;
  const at = (name: string) => join(pilot.directory, name);

  beforeAll(async () => {
    pilot = await Pilot.create({ warm: true });
    expect(await pilot.cutover(['start'])).toMatchObject({ exitCode: 2 });
    expect(await pilot.cutover(['export', 'latest'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/is not sealed: there is nothing to export. Seal it first: cutover resume/),
    });
    await pilot.verify();
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 0 });
    directory = await pilot.runDirectory();
    runId = directory.slice(-16);
  }, 120_000);
  afterAll(() => pilot.dispose());

  test('packs what was sealed, byte for byte, with schemas and instructions: enough to verify it elsewhere', async () => {
    const { exitCode, stdout } = await pilot.cutover(['export', 'latest', '-o', at('one.tar')]);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining(`Wrote ${at('one.tar')}: 10 files of run ${runId}, verified.`),
    ]);
    await mkdir(at('away'));
    await exec('tar', ['-xf', at('one.tar'), '-C', at('away')]);
    const names = (await readdir(at(`away/${runId}`))).sort();
    expect(names).toEqual([
      '60_evidence_seal_manifest.json',
      '65_attestation.dsse.json',
      '70_worm_upload_stdout.txt',
      '80_history_after_seal.ndjson',
      '90_result_summary.txt',
      'VERIFY.md',
      'evidence.tar.gz',
      'evidence.tar.gz.sha256',
      'schemas',
    ]);
    for (const name of names.filter((each) => !['VERIFY.md', 'schemas'].includes(each))) {
      expect(await readFile(at(`away/${runId}/${name}`))).toEqual(await readFile(join(directory, name)));
    }
    const archive = at(`away/${runId}/evidence.tar.gz`);
    expect(await pilot.cutover(['verify', archive, '--db', at('absent.db')])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/65_attestation\.dsse\.json[^]*^VERIFIED: /m),
    });
  });

  test('the same run gives the same bytes, and a file that is there is never overwritten', async () => {
    await pilot.cutover(['export', runId, '-o', at('two.tar')]);
    await pilot.cutover(['export', runId, '-o', at('three.tar')]);
    expect(await readFile(at('two.tar'))).toEqual(await readFile(at('three.tar')));
    await writeFile(at('mine.tar'), 'mine');
    expect(await pilot.cutover(['export', runId, '-o', at('mine.tar')])).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('is there already, and is not overwritten'),
    });
    expect(await readFile(at('mine.tar'), 'utf8')).toBe('mine');
    expect((await readdir(pilot.directory)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('evidence that is not as it was sealed is not packed', async () => {
    const summary = join(directory, '90_result_summary.txt');
    const before = await readFile(summary);
    await appendFile(summary, 'x\n');
    try {
      expect(await pilot.cutover(['export', runId, '-o', at('forged.tar')])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/is not as it was sealed: 90_result_summary\.txt\. Nothing was written/),
      });
      expect(await readdir(pilot.directory)).not.toContain('forged.tar');
    } finally {
      await writeFile(summary, before);
    }
  });

  test.each([
    [['export'], 'Name a run, or ask for all of them: --population'],
    [['export', 'latest', '--population'], '--population is of all runs'],
    [['export', '--population', '-o', 'x'], '--population is of all runs'],
    [['export', '1999'], 'No run begins with "1999"'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, stderr } = await pilot.cutover(args);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining(message)]);
  });

  describe('--population', () => {
    const population = () => pilot.json<Document>(['export', '--population']);

    beforeAll(async () => {
      const start = ['start', '--again', '--reason', 'for the list'];
      expect(await pilot.cutover(start)).toMatchObject({ exitCode: 2 });
      await pilot.cutover(['abandon', 'latest', '--reason', 'for the list']);
      expect(await pilot.cutover(start)).toMatchObject({ exitCode: 2 });
    }, 60_000);

    test('lists every run, oldest first, whatever became of it, each with the one before it', async () => {
      const { runs, gaps } = await population();
      const ids = await pilot.runIds();
      expect(gaps).toEqual([]);
      expect(runs.map(({ run, status, verdict, previous }) => [run, status, verdict, previous?.run ?? null])).toEqual([
        [ids[0], 'completed', 'PASS', null],
        [ids[1], 'abandoned', null, ids[0]],
        [ids[2], 'waiting', null, ids[1]],
      ]);
      expect(runs.map(({ sealed }) => sealed === null)).toEqual([false, true, true]);
      expect(await pilot.cutover(['export', '--population'])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^3 runs, none is missing$/m),
      });
    });

    test('misses a run that was taken out of the database, by its successor and by its directory', async () => {
      const ids = await pilot.runIds();
      const database = join(pilot.site.repository, '.cutover/cutover.db');
      await cp(database, at('cut.db'));
      const db = new Database(at('cut.db'));
      db.pragma('foreign_keys = OFF');
      for (const { name } of db.prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()) {
        db.exec(`DROP TRIGGER ${name}`);
      }
      for (const table of ['runs', 'transitions', 'attempts', 'leases'])
        db.prepare(`DELETE FROM ${table} WHERE run_id = ?`).run(ids[1]);
      db.close();
      const { exitCode, stdout } = await pilot.cutover(['export', '--population', '--db', at('cut.db')]);
      expect(exitCode).toBe(1);
      expect(stdout).toContain(`GAP: run ${ids[1]} is missing: run ${ids[2]} was started after it`);
      expect(stdout).toMatch(new RegExp(`GAP: \\S+/${ids[1]} is of a run that the database does not have`));
      expect(stdout).toMatch(/^2 runs, gaps: 2$/m);
      await rm(at('cut.db'));
    });
  });
});
