import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scanContent } from '../../src/evidence/secret-scan.js';
import { cut, MIXED, UPPER, word } from './secret-examples.js';
import { tarOf } from './verify/tar-of.js';

const KEY_ID = `AKIA${word(UPPER, 16)}`;
const LOG = `first line\nsecond ${KEY_ID}\n`;
const CLEAN = 'gates passed\n'.repeat(100);

/** Every finding as `file:line kind`. */
async function scanned(
  name: string,
  content: Uint8Array | string,
  chunkSizes: readonly number[] = [64 * 1024],
): Promise<string[]> {
  const { findings } = await scanContent(name, chunks(Buffer.from(content), chunkSizes), []);
  return findings.map(({ file, line, kind }) => `${file}:${line} ${kind}`);
}

async function* chunks(content: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  yield* cut(content, sizes);
}

const tarred = (files: Record<string, string | Buffer>) =>
  tarOf(Object.entries(files).map(([name, content]) => ({ name, content: Buffer.from(content) })));

describe('an archive in the evidence is opened', () => {
  test('gzip: a secret is named by its line in the content', async () => {
    expect(await scanned('gates.log.gz', gzipSync(LOG))).toEqual(['gates.log.gz:2 aws-access-key-id']);
    expect(await scanned('gates.log.gz', gzipSync(CLEAN))).toEqual([]);
  });

  test('gzip of several members, as logs are rotated into', async () => {
    expect(await scanned('a.gz', Buffer.concat([gzipSync(CLEAN), gzipSync(LOG)]))).toEqual(['a.gz:102 aws-access-key-id']);
  });

  test('tar, compressed or not: by the file in it', async () => {
    const tar = await tarred({ 'a/clean.txt': CLEAN, 'pod.log': `password=${word(MIXED, 12)}\n`, 'b.txt': CLEAN });
    expect(await scanned('logs.tar', tar)).toEqual(['logs.tar!/pod.log:1 password']);
    expect(await scanned('logs.tgz', gzipSync(tar))).toEqual(['logs.tgz!/pod.log:1 password']);
  });

  test('an archive in an archive, whatever it is called', async () => {
    const inner = gzipSync(await tarred({ 'x.txt': `password=${word(MIXED, 12)}\n` }));
    expect(await scanned('outer.dat', await tarred({ 'inner.dat': inner }))).toEqual(['outer.dat!/inner.dat!/x.txt:1 password']);
  });

  test('the name of a file in it is looked at, too', async () => {
    expect(await scanned('a.tgz', gzipSync(await tarred({ [`${KEY_ID}.txt`]: 'x' })))).toEqual([
      'a.tgz!/[REDACTED:aws-access-key-id].txt:0 aws-access-key-id',
      'a.tgz:1 aws-access-key-id',
    ]);
  });

  test('with the same findings however it arrives', async () => {
    const archive = gzipSync(await tarred({ 'a.txt': LOG, 'b.txt': CLEAN, 'c.gz': gzipSync(LOG) }));
    const whole = await scanned('a.tgz', archive);
    expect(whole).toContain('a.tgz!/c.gz:2 aws-access-key-id');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }), async (sizes) =>
        expect((await scanned('a.tgz', archive, sizes)).sort()).toEqual(whole.toSorted()),
      ),
      { numRuns: 20 },
    );
  });
});

describe('what cannot be opened is a finding', () => {
  const zip = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), randomBytes(200)]);
  const gzip = gzipSync(CLEAN);

  test.each([
    ['a zip, encrypted or not', zip, 'archive-not-opened'],
    ['7z', Buffer.from('7z\xbc\xaf\x27\x1c....', 'latin1'), 'archive-not-opened'],
    ['xz', Buffer.from('\xfd7zXZ\0...', 'latin1'), 'archive-not-opened'],
    ['bzip2', Buffer.from('BZh91AY&SY'), 'archive-not-opened'],
    ['zstd', Buffer.from('\x28\xb5\x2f\xfd...', 'latin1'), 'archive-not-opened'],
    ['a PKCS #12 key store', Buffer.from('\x30\x82\x09\x1f\x02\x01\x03\x30\x82', 'latin1'), 'key-store'],
    ['a Java key store', Buffer.from('\xfe\xed\xfe\xed\0\0\0\x02', 'latin1'), 'key-store'],
    ['a gzip that is cut off', gzip.subarray(0, -9), 'archive-corrupt'],
    ['a gzip with a wrong checksum', gzip.map((byte, at) => (at === gzip.length - 5 ? byte ^ 1 : byte)), 'archive-corrupt'],
    ['a gzip with something behind it', Buffer.concat([gzip, Buffer.from('something')]), 'archive-corrupt'],
  ])('%s', async (_what, content, kind) => {
    expect(await scanned('x', content)).toEqual([`x:1 ${kind}`]);
  });

  test('a tar that is cut off, or goes on as something else', async () => {
    const tar = await tarred({ 'a.txt': CLEAN, 'b.txt': CLEAN });
    expect(await scanned('a.tar', tar.subarray(0, 1200))).toEqual(['a.tar:1 archive-corrupt']);
    expect(await scanned('a.tar', Buffer.concat([tar.subarray(0, 2560), randomBytes(1024)]))).toEqual([
      'a.tar:1 archive-corrupt',
    ]);
  });

  test('one within too many others', async () => {
    const wrapped = (times: number) =>
      Array.from({ length: times }).reduce<Buffer>((inner) => gzipSync(inner), Buffer.from(CLEAN));
    expect(await scanned('a', wrapped(4))).toEqual([]);
    expect(await scanned('a', wrapped(5))).toEqual(['a:1 archive-too-deep']);
  });

  test('a bomb, of which no more than the bound is read', async () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024));
    const twice = gzipSync(await tarred({ 'a.gz': bomb, 'b.txt': CLEAN }));
    expect(await scanned('a', twice)).toEqual(['a:1 archive-too-large']);
  }, 120_000);

  test('and its own bytes are looked at all the same', async () => {
    expect(await scanned('x.zip', Buffer.concat([zip, Buffer.from(`\n${KEY_ID}\n`)]))).toEqual([
      'x.zip:1 archive-not-opened',
      expect.stringMatching(/^x\.zip:\d+ aws-access-key-id$/),
    ]);
  });
});
