import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createRedactor, type RedactorOptions, type SecretFinding } from '../../src/evidence/redaction.js';
import { cut, MIXED, redact, redactChunks, UPPER, word } from './secret-examples.js';

/** What a redactor gives for each chunk, and at the end. */
function stepwise(chunks: readonly string[], options: RedactorOptions = {}): string[] {
  const redactor = createRedactor(options);
  return [...chunks.map((chunk) => redactor.push(chunk)), redactor.flush()].map((bytes) => Buffer.from(bytes).toString());
}

function findingsIn(bytes: Buffer, sizes: readonly number[], options: RedactorOptions = {}): SecretFinding[] {
  const found: SecretFinding[] = [];
  redactChunks(cut(bytes, sizes), { ...options, onFinding: (finding) => found.push(finding) });
  return found;
}

describe('secrets that overlap', () => {
  test.each([
    [
      'the one that is known by its own form names the kind',
      `password="AKIA${word(UPPER, 16)} x"`,
      'password="[REDACTED:aws-access-key-id]"',
    ],
    ['the one that begins first names the kind', 'postgres://u:aaaxyz@12345.com', 'postgres://u:[REDACTED:url-password].com'],
    ['one inside of another is not shown', 'password="a xyz@12345 b" c', 'password="[REDACTED:password]" c'],
    ['one beside another is shown by its own kind', 'xyz@12345xyz@12345', '[REDACTED:env-K][REDACTED:env-K]'],
  ])('are replaced once: %s', (_, text, expected) => {
    const found: SecretFinding[] = [];
    const known = [{ name: 'K', value: 'xyz@12345' }];
    expect(redact(text, { known, onFinding: (finding) => found.push(finding) })).toBe(expected);
    expect(found.map(({ kind }) => `[REDACTED:${kind}]`)).toEqual(expected.match(/\[REDACTED:[^\]]+\]/g));
  });
});

describe('what is ready to be written', () => {
  test('is every line that is whole; the last one is held back until it is, or until the end', () => {
    expect(stepwise(['one', ' two', '\nthree\nfo', 'ur', ''])).toEqual(['', '', 'one two\nthree\n', '', '', 'four']);
    expect(stepwise([])).toEqual(['']);
    expect(stepwise(['one\n'])).toEqual(['one\n', '']);
  });

  test('is taken once: a second end has nothing', () => {
    const redactor = createRedactor();
    redactor.push('one');
    expect([Buffer.from(redactor.flush()).toString(), redactor.flush().length]).toEqual(['one', 0]);
  });

  test('of a line without end is all but the last 16 KiB of each 64', () => {
    const KIB = 1024;
    const lengths = (...chunks: number[]) =>
      stepwise(chunks.map((length) => 'a'.repeat(length))).map(({ length }) => length / KIB);
    expect(lengths(64 * KIB - 1)).toEqual([0, 64 - 1 / KIB]);
    expect(lengths(64 * KIB)).toEqual([48, 16]);
    expect(lengths(64 * KIB, 47 * KIB, KIB)).toEqual([48, 0, 48, 16]);
    expect(lengths(600 * KIB)).toEqual([576, 24]);
  });

  test.each([100, 48 * 1024 - 12, 48 * 1024 - 5, 48 * 1024, 64 * 1024 - 12, 64 * 1024 - 5, 64 * 1024])(
    'of a line without end is all but its secret, also where that is cut: at %i',
    (at) => {
      const text = `${'ab,'.repeat(70_000).slice(0, at - 1)} token=hunter2-hunter2 ${'ab,'.repeat(30_000)}`;
      expect(redact(text) === text.replace('hunter2-hunter2', '[REDACTED:secret]')).toBe(true);
    },
  );

  test('does not depend on whether a line is as long as a window', () => {
    for (const length of [65_534, 65_535, 65_536, 65_537]) {
      const line = `${'a '.repeat(length / 2 - 10)}password=hunter22`.padStart(length, '.');
      expect(redact(`x\n${line}\ny`)).toBe(`x\n${line.replace('hunter22', '[REDACTED:password]')}\ny`);
    }
  });
});

describe('the line of a finding', () => {
  const key = ['-----BEGIN RSA PRIVATE KEY-----', word(MIXED, 64), '-----END RSA PRIVATE KEY-----'].join('\n');
  const secret = 'password=hunter22';
  const long = `${'. '.repeat(100_000)}${secret} ${'. '.repeat(40_000)}`;
  const text = [secret, '', key, secret, long, `"${secret}" ${secret}`, 'é', `key ${key}`, secret, long].join('\n');
  const expected = [1, 3, 6, 7, 8, 8, 10, 13, 14].map((line) => ({
    line,
    kind: [3, 10].includes(line) ? 'private-key' : 'password',
  }));

  test.each([[[1_000_000]], [[1000]], [[65_536]], [[17, 40_000, 1]]])('is told however the input is cut: %j', (sizes) => {
    expect(findingsIn(Buffer.from(text), sizes)).toEqual(expected);
  });

  test('is told in a binary file too, where only exact tokens are secrets', () => {
    const bytes = Buffer.from(`\0\n${secret}\nAKIA${word(UPPER, 16)}\n`);
    expect(findingsIn(bytes, [5], { binary: true })).toEqual([{ line: 3, kind: 'aws-access-key-id' }]);
    expect(findingsIn(bytes, [5])).toHaveLength(2);
  });
});

describe('a key', () => {
  const begin = '-----BEGIN RSA PRIVATE KEY-----';
  const body = `${word(MIXED, 64)}\n`.repeat(3);
  const end = '-----END RSA PRIVATE KEY-----';

  test('is swallowed line by line as it comes', () => {
    expect(stepwise([`a ${begin}`, '\n', body, body, `${end}\nb`, '\nc'])).toEqual([
      '',
      'a [REDACTED:private-key]\n',
      '',
      '',
      '',
      'b\n',
      'c',
    ]);
  });

  test('that never ends is not shown at the end either', () => {
    expect(stepwise([`${begin}\n${body}`, word(MIXED, 20)])).toEqual(['[REDACTED:private-key]\n', '', '']);
  });

  test('that follows another one is replaced as well', () => {
    expect(redact(`${begin}\n${body}${end}\n${begin}\n${body}${end}\nb\n`)).toBe(
      '[REDACTED:private-key]\n[REDACTED:private-key]\nb\n',
    );
  });

  test('does not go on behind a line without end', () => {
    const long = '. '.repeat(50_000);
    expect(redact(`${begin}\n${long}\n${body}`)).toBe(`[REDACTED:private-key]\n${long}\n${body}`);
  });
});

describe('the redactor', () => {
  test('follows a secret that is longer than what it holds back to its end', () => {
    const secret = word(MIXED, 300_000);
    for (const text of [`token=${secret} end`, `"password": "${secret}" end`, `Bearer ${secret} end`]) {
      const bytes = Buffer.from(text);
      const out = redactChunks(cut(bytes, [10_000])).toString();
      expect(out).toBe(redact(text));
      expect(out.replace(/\[REDACTED:[a-z-]+\]/, '#')).toBe(text.replace(secret, '#'));
    }
  });

  test('holds back no more than one window of a line without end', () => {
    const redactor = createRedactor();
    let out = 0;
    for (let turn = 1; turn <= 64; turn += 1) {
      out += redactor.push(Buffer.alloc(64 * 1024, 'a')).length;
      expect(turn * 64 * 1024 - out).toBeLessThanOrEqual(64 * 1024);
    }
  });

  test('lets bytes that are not UTF-8 pass unchanged', () => {
    const bytes = randomBytes(200_000);
    expect(redactChunks(cut(bytes, [777, 65_536]), { binary: true }).equals(bytes)).toBe(true);
    expect(redactChunks([Buffer.from([0xff, 0xfe, 0x0a, 0x80])])).toEqual(Buffer.from([0xff, 0xfe, 0x0a, 0x80]));
  });
});
