import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ArchiveReader } from '../../../src/evidence/verify/archive-reader.js';
import { liveMemory } from '../../live-memory.js';
import { readBytes, tarOf, withChecksum, type TarEntry } from './tar-of.js';

/** What is written by mistake would be written here. */
let directory: string;
const before = process.cwd();
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'verify-fuzz-'));
  process.chdir(directory);
});
afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

const part = fc.constantFrom('..', '.', '', 'a', 'ü', 'b\\c', 'con', 'e\nf', '56_shots');
const type = fc.constantFrom(
  'file',
  'link',
  'symlink',
  'directory',
  'fifo',
  'block-device',
  'character-device',
  'contiguous-file',
);
const entry: fc.Arbitrary<TarEntry> = fc.record({
  name: fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/')),
  content: fc.string({ maxLength: 600 }),
  type: type as fc.Arbitrary<never>,
  linkname: fc.constantFrom('/etc/passwd', '../x'),
});

const isSafe = (name: string) => name !== '' && name.split('/').every((each) => !['', '.', '..'].includes(each));
const hex = (content: string) => createHash('sha256').update(content).digest('hex');

test('whatever entries an archive has, only plain files with names that stay inside are taken, and nothing is written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
      const packed = entries.map((each) => (each.type === 'file' ? each : { ...each, content: '' }));
      const { files, fault } = await readBytes(gzipSync(await tarOf(packed)));
      const taken = [...files];
      expect(taken.map(([name]) => name)).toEqual(packed.slice(0, taken.length).map(({ name }) => name));
      for (const [at, [name, { sha256 }]] of taken.entries()) {
        expect([isSafe(name), packed[at]?.type, sha256]).toEqual([true, 'file', hex(String(packed[at]?.content))]);
      }
      if (fault === null) expect(taken).toHaveLength(packed.length);
    }),
    { numRuns: 300 },
  );
  expect(readdirSync(directory)).toEqual([]);
});

test('whatever bytes of an archive are changed, cut off or put in, reading ends, with every file as it was or a fault', async () => {
  const entries = ['00_scope.txt', '30_rc_gates.txt', '56_shots/1.png'].map((name) => ({ name, content: name.repeat(200) }));
  const bytes = await tarOf(entries);
  const edit = fc.record({ at: fc.nat(bytes.length), drop: fc.nat(700), put: fc.uint8Array({ maxLength: 700 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.boolean(), async (edits, zipFirst) => {
      let changed = zipFirst ? gzipSync(bytes) : bytes;
      for (const { at, drop, put } of edits) {
        const from = at % (changed.length + 1);
        changed = Buffer.concat([changed.subarray(0, from), put, changed.subarray(from + drop)]);
      }
      const { files, fault } = await readBytes(zipFirst ? changed : gzipSync(changed), undefined, 997);
      for (const name of files.keys()) expect(isSafe(name)).toBe(true);
      if (fault !== null) expect(fault.fault).not.toBe('');
    }),
    { numRuns: 400 },
  );
  expect(readdirSync(directory)).toEqual([]);
});

test('whatever stands in the fields of a header, the reader does not fail, hang or take an unsafe name', async () => {
  const header = await tarOf([{ name: '00_scope.txt', content: 'x' }]);
  const field = fc.record({ at: fc.nat(511), bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(field, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('0', 'x', 'g', 'L', 'K', 'S', '7'),
      async (fields, kind) => {
        const bytes = Buffer.from(header);
        bytes.write(kind, 156);
        for (const { at, bytes: put } of fields) bytes.set(put.subarray(0, 512 - at), at);
        // A right checksum, so that the fields themselves are looked at.
        const sum = bytes.subarray(0, 512).reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
        bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
        const { files } = await readBytes(gzipSync(Buffer.concat([bytes, bytes])));
        for (const name of files.keys()) expect(isSafe(name)).toBe(true);
      },
    ),
    { numRuns: 400 },
  );
});

/** Fields of 12 bytes, in octal, base-256 and neither. */
const SIZES = [
  ...['0', '00000000001 ', '00000001000 ', '77777777777 ', 'zzz', '-0000000005 '],
  ...['\x80\0\0\0\0\0\0\0\0\0\0\x05', '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb', '\x81\0', `\x80${'\xff'.repeat(11)}`],
];
const BODIES = ['', 'x', '11 size=5\n', '15 path=../../x\n', '12 size=-7\n', '9 size=\n', '5'.repeat(512), ' '.repeat(1000)];
const block = fc.record({
  kind: fc.constantFrom('0', 'x', 'g', 'L', 'K', 'S', '7', '5', '2', '\0'),
  size: fc.constantFrom(...SIZES),
  body: fc.constantFrom(...BODIES),
  isPadded: fc.boolean(),
});

test('whatever extended headers and sizes come one after the other, reading ends', async () => {
  const plain = (await tarOf([{ name: 'x' }])).subarray(0, 512);
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 6 }), async (blocks) => {
      const parts = blocks.flatMap(({ kind, size, body, isPadded }, at) => {
        const header = Buffer.from(plain);
        header.write(String(at));
        header.write(kind, 156, 'latin1');
        header.fill(0, 124, 136).write(size, 124, 'latin1');
        return [withChecksum(header), Buffer.from(body), Buffer.alloc(isPadded ? (512 - (body.length % 512)) % 512 : 0)];
      });
      const { files } = await readBytes(gzipSync(Buffer.concat(parts)));
      for (const name of files.keys()) expect(isSafe(name)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('a bomb is read in constant memory: 1 GiB of zeros out of 1 MiB, in a file and after the last one', async () => {
  const header = (await tarOf([{ name: '30_rc_gates.txt' }])).subarray(0, 512);
  header.write('10000000000\0', 124); // octal: 1 GiB
  withChecksum(header);
  for (const begin of [header, await tarOf([{ name: 'a' }])]) {
    const reader = await ArchiveReader.create(() => null);
    const zeros = Buffer.alloc(1024 * 1024);
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const packed = (async () => {
      for await (const chunk of gzip as AsyncIterable<Buffer>) await reader.push(chunk);
    })();
    const atStart = liveMemory();
    let most = 0;
    gzip.write(begin);
    for (let times = 0; times < 1024; times += 1) {
      if (!gzip.write(zeros)) await new Promise((goOn) => gzip.once('drain', goOn));
      if (times % 512 === 511) most = Math.max(most, liveMemory());
    }
    gzip.end();
    await packed;
    const { fault, files } = await reader.end();
    expect(most - atStart).toBeLessThan(16 * 1024 * 1024);
    if (begin === header) expect([fault, files.get('30_rc_gates.txt')?.size]).toEqual([null, 1024 ** 3]);
    else expect(fault).toMatchObject({ fault: 'has more than 8388608 bytes that belong to no file' });
  }
});
