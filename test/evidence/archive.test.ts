import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { discardArchive, indexEvidence, writeArchive, type IndexedFile } from '../../src/evidence/archive.js';
import type { EvidenceDir } from '../../src/evidence/evidence-dir.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';

const CONTENT: Readonly<Record<string, string>> = {
  '00_scope.txt': 'Timestamp: now\n',
  '30_rc_gates.txt': 'gates passed\n'.repeat(10_000),
  '56_shots/ü.png': 'unicode',
  '58_history.ndjson': '',
};
const live = new AbortController().signal;

let root: string;
let evidence: EvidenceDir;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'archive-'));
  evidence = openEvidenceDir(join(root, 'run'), { root, redactor: () => createRedactor() });
  await evidence.create();
  await evidence.makeDirectory('56_shots');
  for (const [name, text] of Object.entries(CONTENT)) await evidence.write(name, text);
});
afterEach(() => rm(root, { recursive: true }));

const hex = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const path = (name: string) => join(evidence.path, name);
const entry = (name: string, text = CONTENT[name] ?? '') => ({ name, sha256: hex(text), size: Buffer.byteLength(text) });
const indexText = Object.keys(CONTENT)
  .map((name) => `${hex(CONTENT[name] ?? '')}  ${name}\n`)
  .join('');
const INDEXED = [...Object.keys(CONTENT).map((name) => entry(name)), entry('59_index.sha256', indexText)];
const archives = async () => (await readdir(evidence.path)).filter((name) => name.startsWith('evidence.tar.gz'));
const seal = async (from = evidence, signal = live) => writeArchive(from, await indexEvidence(evidence, signal), signal);

async function expectNothingOpen(): Promise<void> {
  const open = async () => {
    const paths = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return paths.filter((each) => each.startsWith(root));
  };
  for (let turn = 0; turn < 200 && (await open()).length > 0; turn += 1) await nextTurn();
  expect(await open()).toEqual([]);
}

/** The evidence, but one file's bytes are others when they are read as a stream. */
function reading(name: string, bytes: (asked: Buffer) => AsyncIterable<Buffer> | Iterable<Buffer>): EvidenceDir {
  async function* content() {
    yield* bytes(await evidence.read(name));
  }
  return new Proxy(evidence, {
    get(target, property) {
      if (property === 'stream') return (asked: string) => (asked === name ? Readable.from(content()) : target.stream(asked));
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('the index', () => {
  test('is about every file of the archive by its name, itself left out, and belongs to it', async () => {
    await evidence.write('59_index.sha256', 'of an earlier attempt');
    for (const name of ['60_evidence_seal_manifest.json', '90_result_summary.txt', 'evidence.tar.gz.sha256'])
      await evidence.write(name, 'written after the archive');
    expect(await indexEvidence(evidence, live)).toEqual(INDEXED);
    expect(await readFile(path('59_index.sha256'), 'utf8')).toBe(indexText);
  });

  test('stands where its name belongs, also before other files', async () => {
    await evidence.write('a.txt', '');
    const names = (await indexEvidence(evidence, live)).map(({ name }) => name);
    expect(names).toEqual([...Object.keys(CONTENT), '59_index.sha256', 'a.txt']);
  });

  test('is not written by an attempt that was aborted', async () => {
    await expect(indexEvidence(evidence, AbortSignal.abort(new Error('the lease was lost')))).rejects.toThrow(
      'the lease was lost',
    );
    expect(await readdir(evidence.path)).not.toContain('59_index.sha256');
  });
});

describe('the archive', () => {
  test('holds the files of the index, all of one date, mode and owner, and tells its digests', async () => {
    const written = await seal();
    const bytes = await readFile(path('evidence.tar.gz'));
    expect(written).toEqual({
      sha256: hex(bytes),
      size: bytes.length,
    });
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, expect.any(Number), 255]);
    expect(await archives()).toEqual(['evidence.tar.gz']);
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    const listing = spawnSync('tar', ['--utc', '--full-time', '--numeric-owner', '-tvf', path('evidence.tar.gz')], { env });
    expect(listing.stdout.toString()).toBe(
      INDEXED.map(({ name, size }) => `-rw-r--r-- 0/0 ${String(size).padStart(15)} 1980-01-01 00:00:00 ${name}\n`).join(''),
    );
    const content = spawnSync('tar', ['-xOzf', path('evidence.tar.gz')], { maxBuffer: 2 ** 24 }).stdout;
    expect(content.toString()).toBe([...Object.values(CONTENT), indexText].join(''));
  });

  test('is the same, byte for byte, whatever the dates of the files and whatever an earlier attempt left', async () => {
    const first = await seal();
    for (const name of ['evidence.tar.gz', 'evidence.tar.gz.partial', 'evidence.tar.gz.sha256'])
      await writeFile(path(name), 'cut off by a crash');
    await utimes(path('00_scope.txt'), 1, 1);
    expect(await seal()).toEqual(first);
    expect(await archives()).toEqual(['evidence.tar.gz']);
  });

  test('reads one file at a time', async () => {
    const open = new Set<string>();
    let most = 0;
    const counted = new Proxy(evidence, {
      get(target, property) {
        if (property !== 'stream') return Reflect.get(target, property, target) as unknown;
        return (name: string) => {
          open.add(name);
          most = Math.max(most, open.size);
          return target.stream(name).once('close', () => open.delete(name));
        };
      },
    });
    const bound = Object.assign(Object.create(counted) as EvidenceDir, {
      rename: evidence.rename.bind(evidence),
      list: evidence.list.bind(evidence),
    });
    await writeArchive(bound, await indexEvidence(evidence, live), live);
    expect([most, open.size]).toEqual([1, 0]);
  });

  test.each<[string, (bytes: Buffer) => Buffer[]]>([
    ['grew', (bytes) => [bytes, Buffer.from('x')]],
    ['was shortened', (bytes) => [bytes.subarray(1)]],
    ['was altered', (bytes) => [Buffer.from(bytes.map((byte) => byte ^ 1))]],
    ['is empty now', () => []],
  ])('is not left where a file %s after it was indexed', async (_, bytes) => {
    await expect(seal(reading('30_rc_gates.txt', bytes))).rejects.toMatchObject({
      name: 'EvidenceError',
      code: 'CHANGED',
      file: '30_rc_gates.txt',
      message: 'An evidence file changed while it was archived: "30_rc_gates.txt". Find out who writes to it, then seal again.',
    });
    expect(await archives()).toEqual([]);
  });

  test.each<[string, (files: IndexedFile[]) => Promise<void>, string]>([
    ['came', () => evidence.write('56_shots/late.png', 'late').then(() => undefined), '56_shots/late.png'],
    ['was not indexed', async (files) => void files.splice(1, 1), '30_rc_gates.txt'],
  ])('is not left where a file %s', async (_, change, file) => {
    const files = await indexEvidence(evidence, live);
    await change(files);
    await expect(writeArchive(evidence, files, live)).rejects.toMatchObject({
      code: 'CHANGED',
      file,
      message: `An evidence file came or went while the archive was written: "${file}". Find out who writes there, then seal again.`,
    });
    expect(await archives()).toEqual([]);
  });

  test('is not left where a file went away once it was read', async () => {
    async function* andGone(bytes: Buffer) {
      yield bytes;
      await rm(path('00_scope.txt'));
    }
    await expect(seal(reading('00_scope.txt', andGone))).rejects.toMatchObject({ code: 'CHANGED', file: '00_scope.txt' });
    expect(await archives()).toEqual([]);
  });

  test('does not follow a file that grows without end', async () => {
    let given = 0;
    function* growing() {
      for (; given < 200; given += 1) yield Buffer.alloc(64 * 1024);
    }
    await expect(seal(reading('00_scope.txt', growing))).rejects.toMatchObject({ code: 'CHANGED', file: '00_scope.txt' });
    expect(given).toBeLessThan(200);
  });

  test('that cannot be written is an error of the evidence', async () => {
    const nowhere = openEvidenceDir(join(root, 'nowhere'), { root, redactor: () => createRedactor() });
    await expect(writeArchive(nowhere, [], live)).rejects.toMatchObject({
      name: 'EvidenceError',
      file: 'evidence.tar.gz',
      cause: { syscall: 'open' },
    });
  });

  test('leaves no file open, whether it is written or broken off', async () => {
    await evidence.write('56_shots/large.bin', randomBytes(8 * 1024 * 1024));
    await seal();
    await expectNothingOpen();
    const controller = new AbortController();
    const stopping = new Proxy(evidence, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (property === 'stream' && args[0] === '56_shots/large.bin') setImmediate(() => controller.abort());
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
    await expect(seal(stopping, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    await expectNothingOpen();
  });

  test('is not left where a file cannot be read', async () => {
    const files = await indexEvidence(evidence, live);
    await rm(path('30_rc_gates.txt'));
    await expect(writeArchive(evidence, files, live)).rejects.toMatchObject({ code: 'MISSING', file: '30_rc_gates.txt' });
    expect(await archives()).toEqual([]);
  });

  test('is not left where tar would hold a name differently', async () => {
    await evidence.write('56_shots/a\\b.png', 'x');
    await expect(seal()).rejects.toMatchObject({
      code: 'UNSAFE_NAME',
      file: '56_shots/a\\b.png',
      message:
        'The archive would hold the file as "56_shots/a/b.png": "56_shots/a\\\\b.png". Give the file a name without a backslash.',
    });
    expect(await archives()).toEqual([]);
  });

  test('is not left by an attempt that was aborted, whose error is the reason', async () => {
    const controller = new AbortController();
    async function* whileAborted(bytes: Buffer) {
      yield bytes.subarray(0, 10);
      controller.abort(new Error('the lease was lost'));
      yield bytes.subarray(10);
    }
    await expect(seal(reading('30_rc_gates.txt', whileAborted), controller.signal)).rejects.toThrow('the lease was lost');
    expect(await archives()).toEqual([]);
  });

  test('of large files is compressed as it is read', async () => {
    await evidence.write('big.bin', Buffer.alloc(3 * 1024 * 1024, 'x'));
    await seal();
    expect(gunzipSync(await readFile(path('evidence.tar.gz'))).includes(Buffer.alloc(3 * 1024 * 1024, 'x'))).toBe(true);
  });
});

test('discarding takes the archive, its digest and what was left of one, and nothing else', async () => {
  const before = await readdir(evidence.path);
  await discardArchive(evidence);
  for (const name of ['evidence.tar.gz', 'evidence.tar.gz.partial', 'evidence.tar.gz.sha256']) await writeFile(path(name), 'x');
  await discardArchive(evidence);
  expect(await readdir(evidence.path)).toEqual(before);
});
