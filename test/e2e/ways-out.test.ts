import { execFile } from 'node:child_process';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { finished, Pilot, until } from './pilot.js';

const exec = promisify(execFile);
const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';

describe('a run is neither lost nor wedged', () => {
  let pilot: Pilot;
  beforeEach(async () => {
    pilot = await Pilot.create({ warm: true });
  });
  afterEach(() => pilot.dispose());

  const database = () => join(pilot.site.repository, '.cutover/cutover.db');

  test('an old failed run that this version cannot go on from does not spoil the exit code of a new one', async () => {
    pilot.site.staging.control({ faults: [{ path: '/readyz', times: 'always', status: 503 }] });
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 1 });
    pilot.site.staging.control({ clearFaults: true });
    const db = new Database(database());
    db.exec(`DROP TRIGGER transitions_refuse_update; UPDATE transitions SET machine_version = 'old'`);
    db.close();
    const { exitCode, stderr } = await pilot.cutover(['run']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
  }, 60_000);

  test('a run that left staging rolled back keeps its environment, also from another checkout', async () => {
    await pilot.site.kubernetes.control({
      onRolloutOf: 'dpp-worker',
      then: { fault: { do: 'status', status: 403, verb: 'patch', message: 'forbidden' } },
    });
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 1 });
    await pilot.site.kubernetes.control({ clearFaults: true });
    const before = pilot.site.kubernetes.effects().length;
    const other = join(pilot.directory, 'other');
    await exec('git', ['clone', '--quiet', pilot.site.repository, other]);
    const start = `cd ${other} && exec "$0" ${join(process.cwd(), 'dist/bin/cutover.js')} start --db ${database()}`;
    const { code } = await exec('sh', ['-c', start, process.execPath], { env: { ...pilot.site.env } }).then(
      () => ({ code: 0 }),
      (error: { code: number }) => error,
    );
    expect(code).not.toBe(2);
    expect(pilot.site.kubernetes.effects().length).toBe(before);
  }, 60_000);

  test('a secret given as a name is redacted before it is recorded, and does not keep the run from being sealed', async () => {
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    expect(await pilot.cutover(['sign-off', 'latest', '--as', TOKEN])).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout, stderr } = await pilot.cutover(['resume', 'latest']);
    expect({ exitCode, said: stdout + stderr }).toMatchObject({ exitCode: 0 });
    for (const file of [database(), `${database()}-wal`])
      expect((await readFile(file).catch(() => Buffer.alloc(0))).includes(TOKEN)).toBe(false);
  }, 60_000);

  test('an archive that is lost after the upload was begun is made again, byte by byte, or there is another way to a seal', async () => {
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    pilot.site.s3.control({ faults: [{ operation: 'UploadPart', hang: true }] });
    const child = pilot.spawn(['resume', 'latest']);
    const ended = finished(child);
    let said = '';
    child.stderr?.on('data', (text: string) => (said += text));
    await until('the PUT is under way', () => said.includes('Upload begun'));
    child.kill('SIGKILL');
    await ended;
    pilot.site.s3.control({ clearFaults: true });
    await rm(join(await pilot.runDirectory(), 'evidence.tar.gz'));
    const resumed = await pilot.cutover(['resume', 'latest']);
    const sealed = await pilot.cutover(['seal', 'latest', '--verdict', 'FAIL', '--reason', 'the archive is lost']);
    expect([resumed.exitCode, sealed.exitCode]).toContain(0);
  }, 60_000);

  test('what lies beside the archive is locked as it is on record: a lost manifest is written anew, an edited upload log is refused', async () => {
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    const denied = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
    const manifest = '60_evidence_seal_manifest.json';
    pilot.site.s3.control({ faults: [{ operation: 'CreateMultipartUpload', key: manifest, times: 'always', error: denied }] });
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 1 });
    pilot.site.s3.control({ clearFaults: true });
    const directory = await pilot.runDirectory();
    await rm(join(directory, manifest));
    const log = join(directory, '70_worm_upload_stdout.txt');
    const recorded = await readFile(log);
    await appendFile(log, 'one line more\n');
    const refused = await pilot.cutover(['retry', 'latest']);
    expect(refused).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('summarizing: EVIDENCE_CHANGED') });
    expect(refused.stdout).toContain('Restore it as it was, then: cutover retry <run>');
    await writeFile(log, recorded);
    const sealed = await pilot.cutover(['retry', 'latest']);
    expect({ ...sealed }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(`(${manifest} was missing: written anew from the record)`),
    });
    expect(await pilot.cutover(['verify', 'latest'])).toMatchObject({ exitCode: 0 });
  }, 60_000);

  test('a run whose archive is locked already is not superseded: it can still be finished', async () => {
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    const [first] = await pilot.runIds();
    const lie = { headers: { 'x-amz-object-lock-mode': 'COMPLIANCE' } };
    pilot.site.s3.control({ faults: [{ operation: 'HeadObject', times: 'always', lie }] });
    expect(await pilot.cutover(['resume', first ?? ''])).toMatchObject({ exitCode: 1 });
    pilot.site.s3.control({ clearFaults: true });
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    expect(await pilot.cutover(['retry', first ?? ''])).toMatchObject({ exitCode: 0 });
  }, 60_000);
});
