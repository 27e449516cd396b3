import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { indexText, parseIndex } from '../../src/evidence/index-file.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const H = sha256('');

describe('an index', () => {
  test('is checked by the real sha256sum, odd names included', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'index-'));
    try {
      const names = ['plain.txt', 'with space', 'back\\slash', 'line\nfeed', '\\', ' leading', '*star', 'ünï'];
      for (const name of names) await writeFile(join(directory, name), name);
      await writeFile(join(directory, 'index'), indexText(names.map((name) => ({ name, sha256: sha256(name) }))));
      execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'index'], { cwd: directory });
      const theirs = execFileSync('sha256sum', ['--', ...names], { cwd: directory, encoding: 'utf8' });
      expect(parseIndex(theirs)).toEqual(names.map((name) => ({ name, sha256: sha256(name) })));
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('is read as it was written, sorted by name', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'B', '\\', '\n', '\r', 'n', ' ', '*', '/', 'é'),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 10 }), (names) => {
        const entries = names.map((each) => ({ name: each, sha256: sha256(each) }));
        expect(parseIndex(indexText(entries))).toEqual(entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
      }),
    );
  });

  test.each([
    ['a line that is cut off', `${H}  a`, 1],
    ['a short digest', `${H}  a\n${H.slice(1)}  b\n`, 2],
    ['an upper-case digest', `${H.toUpperCase()}  a\n`, 1],
    ['one space', `${H} a\n`, 1],
    ['no name', `${H}  \n`, 1],
    ['an empty line', `\n`, 1],
    ['a name given twice', `${H}  a\n${H}  a\n`, 2],
    ['an unknown escape', `\\${H}  a\\t\n`, 1],
    ['CRLF', `${H}  a\r\n`, 1],
  ])('with %s is refused by its line', (_, text, line) => {
    expect(() => parseIndex(text)).toThrow(expect.objectContaining({ name: 'IndexFileError', line }));
  });
});
