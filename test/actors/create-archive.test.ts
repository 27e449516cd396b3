import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorContext } from '../../src/actors/actor.js';
import { createArchive } from '../../src/actors/create-archive.js';
import type { EvidenceDir } from '../../src/evidence/evidence-dir.js';
import { recordHash } from '../../src/evidence/hash-chain.js';
import { parseIndex } from '../../src/evidence/index-file.js';
import { failure, sealingRun, type SealingRun } from './sealing-context.js';

const LONG = `56_db_restore_screenshots/${'long-folder-name/'.repeat(12)}${'n'.repeat(120)}.png`;
const UNICODE = '56_db_restore_screenshots/복구 확인 — ü.png';
/** As the files are, before a test changes them. */
const SIGNED = {
  '00_scope.txt': hex(Buffer.from('Timestamp: now\n')),
  '30_rc_gates.txt': hex(Buffer.from('gates passed\n'.repeat(1000))),
  '55_db_rollback_human_checkpoint.txt': hex(Buffer.from('Status: COMPLETED\n')),
  [LONG]: hex(Buffer.from('long')),
  [UNICODE]: hex(Buffer.from('unicode')),
};

let run: SealingRun;
beforeEach(async () => {
  run = await sealingRun();
  await put('00_scope.txt', 'Timestamp: now\n');
  await put('30_rc_gates.txt', 'gates passed\n'.repeat(1000));
  await put('55_db_rollback_human_checkpoint.txt', 'Status: COMPLETED\n');
  await put('57_secret_scan.json', '{}\n');
  await put(LONG, 'long');
  await put(UNICODE, 'unicode');
  await put('70_worm_upload_stdout.txt', 'not archived');
  await put('evidence.tar.gz.sha256', 'not archived');
});
afterEach(() => run.end());

const seal = (overrides: Partial<ActorContext> = {}, signedFiles: Record<string, string> | null = null) =>
  createArchive({ upToSeq: 6, signedFiles }, run.context(overrides));

describe('createArchive', () => {
  test('the archive holds every file of the evidence and nothing else, as GNU tar reads it', async () => {
    const facts = await seal();
    const listing = tar('-tvf');
    const names = listing.map((line) => line.split(/\s+/).slice(5).join(' '));
    expect(names).toEqual(
      [
        '00_scope.txt',
        '30_rc_gates.txt',
        '55_db_rollback_human_checkpoint.txt',
        LONG,
        UNICODE,
        '57_secret_scan.json',
        '58_history.ndjson',
        '59_index.sha256',
      ].sort(),
    );
    expect(facts.files).toBe(names.length);
    for (const line of listing) expect(line).toMatch(/^-rw-r--r-- 0\/0 +\d+ 1980-01-01 00:00 /);
    expect(facts.chainHead).toBe(run.history[5]?.hash);
    const bytes = await readFile(join(run.directory, 'evidence.tar.gz'));
    expect(facts).toMatchObject({
      sha256: hex(bytes),
      size: bytes.length,
    });
    expect([...bytes.subarray(4, 8), bytes[9]]).toEqual([0, 0, 0, 0, 255]);
  });

  test('the index inside the archive checks out with sha256sum, and the extracted files are the original ones', async () => {
    await seal();
    const target = await mkdtemp(join(tmpdir(), 'cutover-extracted-'));
    try {
      expect(spawnSync('tar', ['xzf', join(run.directory, 'evidence.tar.gz'), '-C', target]).status).toBe(0);
      expect(spawnSync('sha256sum', ['--strict', '-c', '59_index.sha256'], { cwd: target, encoding: 'utf8' }).status).toBe(0);
      const indexed = parseIndex(await readFile(join(target, '59_index.sha256'), 'utf8')).map(({ name }) => name);
      expect(indexed).toHaveLength(7);
      expect(await readFile(join(target, UNICODE), 'utf8')).toBe('unicode');
      const history = (await readFile(join(target, '58_history.ndjson'), 'utf8')).trimEnd().split('\n');
      expect(history.map((line) => JSON.parse(line) as unknown)).toEqual(run.history.slice(0, 6));
    } finally {
      await rm(target, { recursive: true });
    }
  });

  test('a second attempt after a crash gives the same bytes, whatever the dates of the files', async () => {
    const first = await seal();
    await writeFile(join(run.directory, 'evidence.tar.gz.partial'), 'cut off by a crash');
    await utimes(join(run.directory, '00_scope.txt'), 1, 1);
    expect(await seal()).toEqual(first);
  });

  test('a signed file that changed, went away or was added invalidates the sign-off and leaves no archive', async () => {
    await seal();
    await put('30_rc_gates.attempt-1.txt', 'gates passed, too\n');
    await put('55_db_rollback_human_checkpoint.attempt-1.txt', 'Status: PENDING\n');
    await put('56_db_restore_screenshots/late.png', 'late');
    const signed = { ...SIGNED, '30_rc_gates.txt': '0'.repeat(64), '40_staging_dry_run.txt': '1'.repeat(64) };
    const error = await failure(seal({}, signed));
    expect(error.code).toBe('SIGN_OFF_INVALIDATED');
    const files = [
      '30_rc_gates.txt (changed)',
      '40_staging_dry_run.txt (missing)',
      '30_rc_gates.attempt-1.txt (not signed)',
      '56_db_restore_screenshots/late.png (not signed)',
    ];
    expect(error.options.details).toEqual({ files });
    expect(error.message).toBe(
      `The evidence is not what was signed: ${files.join(', ')}. No archive was written. ` +
        'Restore the signed files, or have the evidence signed again: cutover sign-off <run>',
    );
    await expectNoArchive();
  });

  test('what was signed and is unchanged is sealed', async () => {
    // An earlier form is no part of what is signed.
    await put('55_db_rollback_human_checkpoint.attempt-1.txt', 'Status: PENDING\n');
    expect((await seal({}, SIGNED)).files).toBe(9);
  });

  test.each([
    ['grown', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
    ['shortened', (bytes: Buffer) => bytes.subarray(1)],
    ['altered', (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1))],
  ])('a file %s between the index and the archive is named, and no archive is left', async (_how, change) => {
    const changing = () => onSecondRead(run.context().evidence, '30_rc_gates.txt', change);
    const error = await failure(seal({ evidence: changing() }));
    expect(error.code).toBe('EVIDENCE_CHANGED');
    expect(error.message).toContain('30_rc_gates.txt');
    await expectNoArchive();
    expect(await failure(seal({ evidence: changing() }, SIGNED))).toMatchObject({
      code: 'SIGN_OFF_INVALIDATED',
      options: { details: { files: ['30_rc_gates.txt (changed while it was archived)'] } },
    });
    await expectNoArchive();
  });

  test.each([
    ['went away', (name: string) => rm(name)],
    ['became a link', (name: string) => rm(name).then(() => symlink('/etc/hostname', name))],
  ])('a file that %s between the index and the archive is named, too', async (_what, change) => {
    const name = '30_rc_gates.txt';
    const changing = onSecondRead(
      run.context().evidence,
      name,
      (bytes) => bytes,
      () => change(join(run.directory, name)),
    );
    const error = await failure(seal({ evidence: changing }));
    expect(error).toMatchObject({ code: 'EVIDENCE_CHANGED', options: { details: { file: name } }, cause: { file: name } });
    expect(error.message).toMatch(/30_rc_gates\.txt.* No archive was written\.$/);
    await expectNoArchive();
  });

  test('a secret in the name of a file, which the index shows, is not sealed', async () => {
    const secret = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');
    await put(`56_db_restore_screenshots/${secret}.png`, 'x');
    const error = await failure(seal());
    expect(error.code).toBe('SECRET_FOUND');
    expect(error.message).toContain('59_index.sha256:');
    await expectNoArchive();
  });

  test('a file that comes while the archive is written is not passed over', async () => {
    const { evidence } = run.context();
    const late = onSecondRead(
      evidence,
      '57_secret_scan.json',
      (bytes) => bytes,
      () => put('56_db_restore_screenshots/late.png', 'late'),
    );
    const error = await failure(seal({ evidence: late }));
    expect(error.code).toBe('EVIDENCE_CHANGED');
    expect(error.message).toContain('late.png');
    await expectNoArchive();
  });

  test('a link among the evidence is refused', async () => {
    await symlink('/etc/hostname', join(run.directory, '56_db_restore_screenshots', 'link.png'));
    await expect(seal()).rejects.toMatchObject({ code: 'NOT_REGULAR', file: '56_db_restore_screenshots/link.png' });
    await expectNoArchive();
  });

  test('a name that tar would hold differently is refused', async () => {
    await put('56_db_restore_screenshots/a\\b.png', 'x');
    await expect(seal()).rejects.toMatchObject({ code: 'UNSAFE_NAME', file: '56_db_restore_screenshots/a\\b.png' });
    await expectNoArchive();
  });

  test('a history with a changed, missing or additional record is not sealed', async () => {
    const original = [...run.history];
    const changed = original.map((record) => (record.seq === 3 ? { ...record, to: 'b' } : record));
    run.history.splice(0, 8, ...changed);
    expect(await failure(seal())).toMatchObject({ code: 'HISTORY_BROKEN', options: { details: { seq: 3 } } });
    run.history.splice(0, 8, ...original.filter(({ seq }) => seq !== 4));
    expect((await failure(seal())).code).toBe('HISTORY_BROKEN');
    run.history.splice(0, 8, ...original.slice(0, 5));
    expect((await failure(seal())).code).toBe('HISTORY_INCOMPLETE');
    await expectNoArchive();
  });

  test('a secret in the history is not sealed', async () => {
    const env = { DEPLOY_TOKEN: 'tok-1234567890-STEP-value' };
    const other = await sealingRun(env);
    try {
      const first = other.history[0] ?? never();
      const leaking = { ...first, event: { type: 'REPLAY', reason: 'because tok-1234567890-STEP-value leaked' } };
      other.history.splice(0, 8, { ...leaking, hash: recordHash(leaking) });
      const error = await failure(createArchive({ upToSeq: 1, signedFiles: null }, other.context()));
      expect(error.code).toBe('SECRET_FOUND');
      expect(error.message).not.toContain('tok-1234567890');
    } finally {
      await other.end();
    }
  });

  test('an aborted attempt leaves no archive, and its reason is the error', async () => {
    const controller = new AbortController();
    const { evidence } = run.context();
    const reason = new Error('the lease was lost');
    const stopped = onSecondRead(
      evidence,
      '55_db_rollback_human_checkpoint.txt',
      (bytes) => bytes,
      () => controller.abort(reason),
    );
    await expect(seal({ evidence: stopped, signal: controller.signal })).rejects.toThrow('the lease was lost');
    await expectNoArchive();
  });
});

async function put(name: string, content: string): Promise<void> {
  await mkdir(join(run.directory, name, '..'), { recursive: true });
  await writeFile(join(run.directory, name), content);
}

/** An evidence directory where one file's second reading as a stream shows something else. */
function onSecondRead(
  evidence: EvidenceDir,
  name: string,
  change: (bytes: Buffer) => Buffer,
  before: () => void | Promise<void> = () => {},
): EvidenceDir {
  return new Proxy(evidence, {
    get(target, property) {
      if (property === 'stream') {
        return (asked: string) =>
          asked === name && archiving(target) ? Readable.from(changed(target, name, change, before)) : target.stream(asked);
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The scan reads the files as streams too, but before the archive is begun. */
function archiving({ path }: EvidenceDir): boolean {
  return readdirSync(path).includes('evidence.tar.gz.partial');
}

async function* changed(
  evidence: EvidenceDir,
  name: string,
  change: (bytes: Buffer) => Buffer,
  before: () => void | Promise<void>,
) {
  await before();
  yield change(await evidence.read(name));
}

async function expectNoArchive(): Promise<void> {
  expect((await readdir(run.directory)).filter((name) => name.startsWith('evidence.tar.gz'))).toEqual([]);
}

function tar(option: string): string[] {
  const { stdout, stderr, status } = spawnSync(
    'tar',
    [`--utc`, '--quoting-style=literal', option, join(run.directory, 'evidence.tar.gz')],
    {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trimEnd().split('\n');
}

function hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function never(): never {
  throw new Error('there is no record');
}
