import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EvidenceDir } from '../../src/evidence/evidence-dir.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';

let root: string;
let evidence: EvidenceDir;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evidence-'));
  evidence = openEvidenceDir(join(root, 'phase', '20260221T120000Z'), {
    root: join(root, 'phase'),
    redactor: () => createRedactor(),
  });
  await evidence.create();
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

/** As `git status` shows them in the whole root. */
function untracked(): string[] {
  const shown = execFileSync('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: root, encoding: 'utf8' });
  return shown
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(3))
    .sort();
}

describe('an evidence directory', () => {
  test('keeps itself out of git status, and leaves a .gitignore that is there as it is', async () => {
    const ignore = join(root, 'phase', '.gitignore');
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    expect(untracked()).toEqual([]);
    await writeFile(ignore, '# ours\n');
    await evidence.create();
    expect(await readFile(ignore, 'utf8')).toBe('# ours\n');
  });

  test('hides nothing from git but runs', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    for (const name of ['x.sh', 'README.md', '20260221T120000Z.sh', '20260221T12000Z'])
      await writeFile(join(root, 'phase', name), '');
    await mkdir(join(root, 'phase', 'tools', '20260221T120000Z'), { recursive: true });
    await writeFile(join(root, 'phase', 'tools', '20260221T120000Z', 'y.sh'), '');
    await evidence.write('00_scope.txt', '');
    expect(untracked()).toEqual([
      'phase/20260221T120000Z.sh',
      'phase/20260221T12000Z',
      'phase/README.md',
      'phase/tools/20260221T120000Z/y.sh',
      'phase/x.sh',
    ]);
  });

  test('touches nothing before create()', async () => {
    const other = openEvidenceDir(join(root, 'elsewhere', 'run'), {
      root: join(root, 'elsewhere'),
      redactor: () => createRedactor(),
    });
    await expect(other.list()).rejects.toMatchObject({ code: 'MISSING', file: '.' });
    expect(await other.exists('00_scope.txt')).toBe(false);
    expect(await readdir(root)).toEqual(['phase']);
  });

  test('writes a whole file, leaves no temporary one, and tells the digest of what is on disk', async () => {
    const written = await evidence.write('00_scope.txt', 'naïve\n');
    expect(written).toEqual({ sha256: sha256('naïve\n'), size: 7 });
    expect(await evidence.digest('00_scope.txt')).toEqual(written);
    expect(await evidence.list()).toEqual([{ name: '00_scope.txt', size: 7 }]);
    await evidence.write('00_scope.txt', 'new');
    expect((await evidence.read('00_scope.txt')).toString()).toBe('new');
  });

  test('lists files of all folders by code units', async () => {
    await evidence.makeDirectory('56_db_restore_screenshots');
    await evidence.makeDirectory('56_db_restore_screenshots');
    for (const name of [
      'b',
      'B',
      'a',
      '56_db_restore_screenshots/z.png',
      '56_db_restore_screenshots.txt',
      '\u{1f600}',
      '\uff5e',
    ]) {
      await evidence.write(name, name);
    }
    const names = (await evidence.list()).map(({ name }) => name);
    expect(names).toEqual([
      '56_db_restore_screenshots.txt',
      '56_db_restore_screenshots/z.png',
      'B',
      'a',
      'b',
      '\u{1f600}',
      '\uff5e',
    ]);
  });

  test('reads a file of the given size, and refuses a larger one instead of reading a part', async () => {
    const content = randomBytes(200_000);
    await evidence.write('big', content);
    expect((await evidence.read('big', 200_000)).equals(content)).toBe(true);
    await expect(evidence.read('big', 199_999)).rejects.toMatchObject({
      name: 'EvidenceError',
      code: 'TOO_LARGE',
      file: 'big',
      message: 'The evidence file has more than 199999 bytes: "big". Read it as a stream, or find out why it has grown.',
    });
    expect(evidence.stream('big').readableObjectMode).toBe(false);
    expect(await evidence.digest('big')).toEqual({ sha256: sha256(content), size: 200_000 });
    const streamed: Buffer[] = [];
    for await (const chunk of evidence.stream('big') as AsyncIterable<Buffer>) streamed.push(chunk);
    expect(Buffer.concat(streamed).equals(content)).toBe(true);
    for (const [start, end] of [
      [0, 1],
      [10, 150_000],
      [199_999, 200_000],
      [7, 7],
      [150_000, 300_000],
    ] as const) {
      const part = Buffer.concat((await evidence.stream('big', { start, end }).toArray()) as Buffer[]);
      expect(part.equals(content.subarray(start, end))).toBe(true);
    }
  });

  test('renames, but never onto other evidence', async () => {
    await evidence.write('30_rc_gates.txt', 'first');
    await evidence.rename('30_rc_gates.txt', '30_rc_gates.attempt-1.txt');
    expect(await evidence.exists('30_rc_gates.txt')).toBe(false);
    await evidence.write('30_rc_gates.txt', 'second');
    await expect(evidence.rename('30_rc_gates.txt', '30_rc_gates.attempt-1.txt')).rejects.toMatchObject({
      code: 'EXISTS',
      message: 'Evidence is never overwritten by a rename: "30_rc_gates.attempt-1.txt". Choose another name for 30_rc_gates.txt.',
    });
    await evidence.makeDirectory('folder');
    await evidence.rename('30_rc_gates.txt', 'folder/moved.txt');
    expect((await evidence.read('folder/moved.txt')).toString()).toBe('second');
    await expect(evidence.rename('missing', 'other')).rejects.toMatchObject({ code: 'MISSING', file: 'missing' });
    expect((await evidence.read('30_rc_gates.attempt-1.txt')).toString()).toBe('first');
  });

  test('says what is missing, and what to do', async () => {
    await expect(evidence.read('00_scope.txt')).rejects.toThrow(
      'There is no such evidence file: "00_scope.txt". Restore it, or run the step again that writes it.',
    );
    await expect(evidence.digest('00_scope.txt')).rejects.toMatchObject({ code: 'MISSING' });
    await expect(evidence.stream('00_scope.txt').toArray()).rejects.toMatchObject({ code: 'MISSING' });
    await expect(evidence.write('no/folder', 'x')).rejects.toMatchObject({ code: 'MISSING', file: 'no/folder' });
  });
});

describe('an evidence directory that the system does not let us use', () => {
  /** Linux: a place where files are readable in part, and none can be made. */
  const here = `/proc/${process.pid}`;
  const system = openEvidenceDir(here, { root: here, redactor: () => createRedactor() });

  test('says that a file could not be read', async () => {
    await expect(system.read('mem')).rejects.toThrow(
      'Evidence could not be read (EIO): "mem". Check its permissions and the disk.',
    );
  });

  test('is not taken for one that is there', async () => {
    await expect(system.create()).rejects.toMatchObject({ name: 'EvidenceError', file: here });
    await expect(system.write('00_scope.txt', 'x')).rejects.toMatchObject({ name: 'EvidenceError', file: '00_scope.txt' });
  });
});

test('a listing does not stumble over the temporary files of writes that go on meanwhile', async () => {
  let writing = true;
  const writes = (async () => {
    for (let turn = 0; turn < 60; turn += 1) await evidence.write(`${turn % 3}.txt`, 'x');
    writing = false;
  })();
  while (writing) for (const { name } of await evidence.list()) expect(name).toMatch(/^\d\.txt(?:\.partial)?$/);
  await writes;
  expect(await evidence.list()).toHaveLength(3);
});

test('no file stays open, whatever was asked for', async () => {
  await evidence.write('a', 'x');
  await evidence.read('a');
  await expect(evidence.read('a', 0)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  const log = await evidence.openLog('log', { append: true });
  await log.write('x');
  await log.close();
  const open = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  expect(open.filter((path) => path.startsWith(root))).toEqual([]);
});

describe('no name leads out of the evidence', () => {
  const unsafe = ['', '/etc/passwd', '..', '../x', 'a/../../x', 'a//b', 'a/', './a', 'a\0b'];

  test.each(unsafe)('%j is refused by every method', async (name) => {
    const calls = [
      () => evidence.exists(name),
      () => evidence.write(name, 'x'),
      () => evidence.openLog(name),
      () => evidence.read(name),
      () => evidence.stream(name).toArray(),
      () => evidence.rename(name, 'a'),
      () => evidence.makeDirectory(name),
      () => evidence.digest(name),
    ];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({ name: 'EvidenceError', code: 'UNSAFE_NAME', file: name });
    await evidence.write('source', 'x');
    await expect(evidence.rename('source', name)).rejects.toMatchObject({ code: 'UNSAFE_NAME' });
  });

  test('links, to files or folders, there or not, are refused and left alone', async () => {
    const outside = join(root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'untouched');
    await symlink(join(outside, 'file'), join(evidence.path, 'link'));
    await symlink(outside, join(evidence.path, 'folder'));
    await symlink(join(outside, 'new'), join(evidence.path, 'dangling'));
    for (const name of ['link', 'folder/file', 'dangling']) {
      await expect(evidence.read(name)).rejects.toMatchObject({ code: 'NOT_REGULAR' });
      await expect(evidence.write(name, 'x')).rejects.toMatchObject({ code: 'NOT_REGULAR' });
      await expect(evidence.openLog(name)).rejects.toMatchObject({ code: 'NOT_REGULAR' });
      await expect(evidence.exists(name)).rejects.toMatchObject({ code: 'NOT_REGULAR' });
    }
    await expect(evidence.list()).rejects.toMatchObject({
      code: 'NOT_REGULAR',
      message: expect.stringContaining('this is a symbolic link: '),
    });
    expect(await readFile(join(outside, 'file'), 'utf8')).toBe('untouched');
    expect(await readdir(outside)).toEqual(['file']);
  });

  test('a link in place of the temporary file is refused', async () => {
    await symlink(join(root, 'target'), join(evidence.path, '00_scope.txt.partial'));
    await expect(evidence.write('00_scope.txt', 'x')).rejects.toMatchObject({ code: 'NOT_REGULAR' });
    expect(await readdir(root)).toEqual(['phase']);
  });

  test('a FIFO is refused and does not hang the reader', async () => {
    execFileSync('mkfifo', [join(evidence.path, 'fifo')]);
    await expect(evidence.read('fifo')).rejects.toMatchObject({
      code: 'NOT_REGULAR',
      message: expect.stringContaining('special file'),
    });
    await expect(evidence.list()).rejects.toMatchObject({
      code: 'NOT_REGULAR',
      message: expect.stringContaining('this is a special file: "fifo"'),
    });
  });

  test('a folder is not taken for a file, nor a file for a folder', async () => {
    await evidence.makeDirectory('folder');
    await evidence.write('file', 'x');
    const refused = (what: string) => ({ code: 'NOT_REGULAR', message: expect.stringContaining(`this is ${what}: `) });
    await expect(evidence.read('folder')).rejects.toMatchObject(refused('a folder'));
    await expect(evidence.write('folder', 'x')).rejects.toMatchObject(refused('a folder'));
    await expect(evidence.openLog('folder')).rejects.toMatchObject(refused('a folder'));
    await expect(evidence.read('file/x')).rejects.toMatchObject(refused('a file used as a folder'));
    await expect(evidence.makeDirectory('file')).rejects.toMatchObject(refused('a file where a folder is wanted'));
  });

  test('a name that is not UTF-8 is an error of the listing', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${evidence.path}/`), Buffer.from([0x61, 0xff])]), 'x');
    await expect(evidence.list()).rejects.toMatchObject({
      code: 'UNSAFE_NAME',
      message: 'The name of an evidence file is not UTF-8: "a\ufffd". Rename the file.',
    });
  });
});

describe('a log', () => {
  test('is redacted across writes, and its digest is that of the bytes on disk', async () => {
    const log = await evidence.openLog('30_rc_gates.txt');
    await log.write('start\nDB_PASS');
    await log.write('WORD=hun');
    await log.write(Buffer.from('ter22\nend without a line feed'));
    const closed = await log.close();
    const onDisk = await readFile(join(evidence.path, '30_rc_gates.txt'));
    expect(onDisk.toString()).toBe('start\nDB_PASSWORD=[REDACTED:password]\nend without a line feed');
    expect(closed).toEqual({ sha256: sha256(onDisk), size: onDisk.length });
    expect(await log.close()).toEqual(closed);
    await expect(log.write('more')).rejects.toMatchObject({
      code: 'CLOSED',
      message: 'The log is closed: "30_rc_gates.txt". Open it again under a new attempt.',
    });
  });

  test('keeps the order of writes that nobody waited for', async () => {
    const log = await evidence.openLog('log');
    const writes = Array.from({ length: 500 }, (_, index) => log.write(`${index}\n`));
    await log.close();
    await Promise.all(writes);
    expect((await evidence.read('log')).toString()).toBe(Array.from({ length: 500 }, (_, index) => `${index}\n`).join(''));
  });

  test('opened again starts empty, or goes on at its end with append; the digest is always of the whole file', async () => {
    for (const [append, expected] of [
      [false, 'one\n'],
      [true, 'one\none\n'],
      [false, 'one\n'],
    ] as const) {
      const log = await evidence.openLog('log', { append });
      await log.write('one\n');
      expect(await log.close()).toEqual({ sha256: sha256(expected), size: expected.length });
      expect((await evidence.read('log')).toString()).toBe(expected);
    }
    const fresh = await evidence.openLog('fresh', { append: true });
    expect((await fresh.close()).size).toBe(0);
  });

  test('that someone else changed while it was written does not close as if nothing had happened', async () => {
    const log = await evidence.openLog('log');
    await log.write('one\ntwo\n');
    await truncate(join(evidence.path, 'log'), 4);
    await expect(log.close()).rejects.toMatchObject({
      name: 'EvidenceError',
      code: 'CHANGED',
      file: 'log',
      message: '8 bytes of log were written, the file has 4: "log". Find out who else writes to it, then run the step again.',
    });
    await expect(log.close()).rejects.toMatchObject({ code: 'CHANGED' });
  });
});
