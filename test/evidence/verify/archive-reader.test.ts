import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ArchiveReader } from '../../../src/evidence/verify/archive-reader.js';
import { archiveOf, readBytes, tarOf, withChecksum, type TarEntry } from './tar-of.js';

const hex = (content: string) => createHash('sha256').update(content).digest('hex');
const fileOf = (content: string) => ({ sha256: hex(content), size: Buffer.byteLength(content) });
const A = { name: '00_scope.txt', content: 'scope\n' };
const B = { name: '56_shots/ü.png', content: 'unicode' };

test.each([1, 7, 65_536])('plain files are digested, in pieces of %d bytes too', async (piece) => {
  const { files, fault } = await readBytes(await archiveOf([A, B, { name: '58_empty' }]), undefined, piece);
  expect(fault).toBeNull();
  expect([...files]).toEqual([
    [A.name, fileOf(A.content)],
    [B.name, fileOf(B.content)],
    ['58_empty', fileOf('')],
  ]);
});

test('the content of a file goes to the reader that was given for its name, and no other', async () => {
  let seen = '';
  const asked: string[] = [];
  await readBytes(await archiveOf([A, B]), (name) => {
    asked.push(name);
    return name === A.name ? { push: (chunk) => void (seen += Buffer.from(chunk).toString()) } : null;
  });
  expect([seen, asked]).toEqual(['scope\n', [A.name, B.name]]);
});

test('a name that is too long for a plain tar header is read from the extended one', async () => {
  const name = `56_shots/${'n'.repeat(240)}.png`;
  const { files, fault } = await readBytes(await archiveOf([{ name, content: 'x' }]));
  expect([fault, [...files.keys()]]).toEqual([null, [name]]);
});

describe('reading ends with a fault that names the entry', () => {
  const cases: readonly [string, TarEntry, string][] = [
    ['a name that climbs out', { name: '../../etc/cron.d/x' }, 'has a name that has an empty part, "." or ".."'],
    ['an absolute name', { name: '/etc/passwd' }, 'has a name that is absolute'],
    ['a name with "."', { name: './00_scope.txt' }, 'has a name that has an empty part, "." or ".."'],
    ['a symbolic link', { name: 'x', type: 'symlink', linkname: '/etc/passwd' }, 'is no plain file but a symlink'],
    ['a hard link', { name: 'x', type: 'link', linkname: '00_scope.txt' }, 'is no plain file but a link'],
    ['a character device', { name: 'x', type: 'character-device' }, 'is no plain file but a character-device'],
    ['a block device', { name: 'x', type: 'block-device' }, 'is no plain file but a block-device'],
    ['a FIFO', { name: 'x', type: 'fifo' }, 'is no plain file but a fifo'],
    ['a folder', { name: 'x', type: 'directory' }, 'is no plain file but a directory'],
    ['a contiguous file', { name: 'x', type: 'contiguous-file' }, 'is no plain file but a contiguous-file'],
    ['a file that was there already', { name: A.name, content: 'other' }, 'is in the archive twice'],
    ['a file out of order', { name: '00_before' }, 'is not in its place: it comes after "00_scope.txt"'],
    ['a huge name', { name: 'n'.repeat(1_001) }, 'has a name of more than 1000 bytes'],
  ];
  test.each(cases)('%s', async (_what, entry, fault) => {
    const content = await readBytes(await archiveOf([A, entry, { name: 'z', content: 'after' }]));
    expect(content.fault).toEqual({ name: entry.name.slice(0, 1_000), fault });
    expect([...content.files.keys()]).toEqual([A.name]);
  });

  test('a type that tar does not know', async () => {
    const bytes = await tarOf([{ name: 'x' }]);
    bytes.write('Z', 156);
    expect((await readBytes(gzipSync(withChecksum(bytes)))).fault).toEqual({
      name: 'x',
      fault: 'is no plain file but a thing of an unknown type',
    });
  });

  test('a size that is neither octal nor base-256, on which tar-stream hangs', async () => {
    const bytes = await tarOf([{ name: 'x', content: 'x' }]);
    bytes[124] = 0x81;
    expect((await readBytes(gzipSync(withChecksum(bytes)))).fault).toEqual({ name: 'x', fault: 'has a size that is no number' });
  });

  test('more files than evidence has', async () => {
    const many = Array.from({ length: 20_001 }, (_, at) => ({ name: String(at).padStart(6, '0') }));
    const { files, fault } = await readBytes(await archiveOf(many));
    expect([files.size, fault]).toEqual([20_000, { name: '020000', fault: 'is one of more than 20000 files' }]);
  });
});

describe('reading ends with a fault of the archive itself', () => {
  test.each([
    ['no gzip', async () => Buffer.from('not an archive at all'), 'incorrect header check'],
    ['nothing', async () => Buffer.alloc(0), 'unexpected end of file'],
    ['a gzip that is cut off', async () => (await archiveOf([A, B])).subarray(0, -9), 'unexpected end of file'],
    ['a tar that is cut off', async () => gzipSync((await tarOf([A])).subarray(0, 515)), 'Unexpected end of data'],
    ['a tar with a broken header', async () => gzipSync((await tarOf([A])).fill(1, 0, 9)), 'Invalid tar header'],
    [
      'an extended header that is huge',
      async () => archiveOf([{ name: 'x', pax: { comment: 'c'.repeat(5 * 1024 * 1024) } as never }]),
      'Header exceeds max size',
    ],
    [
      'zeros without an end after the last file',
      async () => gzipSync(Buffer.concat([await tarOf([A]), Buffer.alloc(9 * 1024 * 1024)])),
      'has more than 8388608 bytes that belong to no file',
    ],
  ])('%s', async (_what, bytes, fault) => {
    const content = await readBytes(await bytes());
    expect(content.fault).toEqual({ name: null, fault: expect.stringContaining(fault) });
  });
});

test('pushing on after a fault does nothing, and does not hang', async () => {
  const reader = await ArchiveReader.create(() => null);
  const noise = Buffer.alloc(1024 * 1024, 'x');
  for (let times = 0; times < 20; times += 1) await reader.push(noise);
  expect((await reader.end()).fault?.fault).toContain('incorrect header check');
});
