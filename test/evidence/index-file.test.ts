import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
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

  test('is sorted by code units, escapes what would break its lines, and is read as it was written', () => {
    const names = ['b', 'B', 'a\\b', 'a\nb', 'a\rb', '*a', 'é'];
    const text = indexText(names.map((name) => ({ name, sha256: H })));
    const sorted = ['*a', 'B', 'a\nb', 'a\rb', 'a\\b', 'b', 'é'];
    expect(text).toBe(
      [`${H}  *a`, `${H}  B`, `\\${H}  a\\nb`, `\\${H}  a\\rb`, `\\${H}  a\\\\b`, `${H}  b`, `${H}  é`, ''].join('\n'),
    );
    expect(parseIndex(text)).toEqual(sorted.map((name) => ({ name, sha256: H })));
    expect(parseIndex(`${H} *binary\n`)).toEqual([{ name: 'binary', sha256: H }]);
    expect(parseIndex('')).toEqual([]);
  });

  test('takes a backslash as it is on a line that is not marked as escaped', () => {
    expect(parseIndex(`${H}  a\\tb\n`)).toEqual([{ name: 'a\\tb', sha256: H }]);
  });

  const form = 'is not "<sha256>  <name>"';
  test.each([
    ['a line that is cut off', `${H}  a`, 1, 'is cut off: it has no line feed'],
    ['a second line that is cut off', `${H}  a\n${H}  b`, 2, 'is cut off: it has no line feed'],
    ['a short digest', `${H}  a\n${H.slice(1)}  b\n`, 2, form],
    ['a long digest', `0${H}  b\n`, 1, form],
    ['an upper-case digest', `${H.toUpperCase()}  a\n`, 1, form],
    ['one space', `${H} a\n`, 1, form],
    ['no name', `${H}  \n`, 1, form],
    ['an empty line', `\n`, 1, form],
    ['a name given twice', `${H}  a\n${H}  a\n`, 2, 'names "a" again'],
    ['a name given twice, once escaped', `${H}  a\n\\${H}  a\n`, 2, 'names "a" again'],
    ['an unknown escape', `\\${H}  a\\t\n`, 1, 'has the unknown escape \\t'],
    ['an escape that is cut off', `\\${H}  a\\\n`, 1, 'has the unknown escape \\'],
    ['CRLF', `${H}  a\r\n`, 1, form],
    ['a carriage return in a name', `${H}  a\rb\n`, 1, form],
  ])('with %s is refused by its line', (_, text, line, fault) => {
    expect(() => parseIndex(text)).toThrow(
      expect.objectContaining({
        name: 'IndexFileError',
        code: 'INDEX_INVALID',
        line,
        message: `Line ${line} of the index ${fault}. Compare it with the copy in the archive.`,
      }),
    );
  });
});
