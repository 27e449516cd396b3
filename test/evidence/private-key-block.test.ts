import { beforeEach, describe, expect, test } from '@jest/globals';
import { PrivateKeyBlock } from '../../src/evidence/private-key-block.js';
import { MIXED, word } from './secret-examples.js';

const BEGIN = '-----BEGIN RSA PRIVATE KEY-----';
const END = '-----END RSA PRIVATE KEY-----';
const BODY = word(MIXED, 64);

let block: PrivateKeyBlock;
beforeEach(() => {
  block = new PrivateKeyBlock();
});

describe('a key is opened', () => {
  test.each([
    [`${BEGIN}\n`, 32],
    [`one\ntwo ${BEGIN} three\nfour`, 46],
    [BEGIN, 31],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----\n', 38],
    ['-----BEGIN PRIVATE KEY-----\n', 28],
    [`${BEGIN}x${END} ${BEGIN}\nrest`, 31 + 1 + 29 + 1 + 31 + 1],
    [`${BEGIN}x${END}\n${BEGIN}\nrest`, 31 + 1 + 29 + 1 + 31 + 1],
  ])('by a line that begins one and does not end it: %j', (text, end) => {
    expect(block.openingLine(text)).toBe(end);
    expect(block.inside).toBe(true);
    block.leave();
    expect(block.inside).toBe(false);
  });

  test.each(['', 'text\n', '-----BEGIN PUBLIC KEY-----\n', '-----BEGIN rsa PRIVATE KEY-----\n', `${BEGIN}x${END}\n`])(
    'by no other line: %j',
    (text) => {
      expect(block.openingLine(text)).toBe(-1);
      expect(block.inside).toBe(false);
    },
  );
});

describe('inside of a key', () => {
  const prefix = 'pod-1 | ';
  const opened = (line = BEGIN) => block.openingLine(`${line}\n`);

  test.each([
    ['a line of base64', BODY],
    ['a short last line', 'a=='],
    ['a line that is quoted and goes on', `\t${BODY}\\",`],
    ['an empty line', ''],
    ['a line of blanks', ' \t'],
    ['a line of the armor', 'Proc-Type: 4,ENCRYPTED'],
    ['another one', ' DEK-Info: AES-128-CBC,00'],
    ...['Version', 'Comment', 'Hash', 'Charset'].map((name): [string, string] => [`a line with the ${name}`, `${name}: x y`]),
    ['a line with a prefix of another length', `2026-02-21T12:00:00Z pod-1 | ${word(MIXED, 40)}`],
    ['a line that ends in CR LF', `${BODY}\r`],
  ])('%s belongs to it', (_, line) => {
    opened();
    const text = `${line}\n`;
    expect(block.swallow(text + text)).toBe(2 * text.length);
    expect(block.inside).toBe(true);
  });

  test.each([
    ['a sentence', 'gate failed, see above'],
    ['a long word', 'a'.repeat(101) + '!'],
    ['a word with a prefix that is too short for a line of a key', `x ${word(MIXED, 39)}`],
    ['a header that no armor has', 'Subject: x y'],
    ['an armor header in the middle', 'x Version: y z'],
    ['blanks and a sign', ' !'],
  ])('%s does not: nothing of it is swallowed, and the key is left', (_, line) => {
    opened();
    expect(block.swallow(`${BODY}\n${line}\nmore\n`)).toBe(BODY.length + 1);
    expect(block.inside).toBe(false);
    expect(block.swallow(BODY)).toBe(0);
  });

  test.each([
    [`${END}\n`, END.length + 1],
    [`${END} \t\r\n`, END.length + 4],
    [`  ${END}", next\n`, END.length + 2],
    [`${END} and `, END.length],
    ['-----END PRIVATE KEY-----\n', 26],
    ['-----END PGP PRIVATE KEY BLOCK-----\n', 36],
  ])('its end is where it ends, and what follows on the line is kept: %j', (text, swallowed) => {
    opened();
    expect(block.swallow(`${BODY}\n${text}after\n`)).toBe(BODY.length + 1 + swallowed);
    expect(block.inside).toBe(false);
  });

  test('a last line without line feed is taken', () => {
    opened();
    expect(block.swallow(BODY)).toBe(BODY.length);
    expect(block.inside).toBe(true);
    expect(block.swallow('')).toBe(0);
  });

  test('lines with the prefix of the line that began it belong to it, however short', () => {
    opened(`one line\n${prefix}${BEGIN}`);
    const text = `${prefix}${BODY}\n${prefix}a=\n${prefix}\n${prefix}Version: 1\n`;
    expect(block.swallow(text)).toBe(text.length);
    expect(block.swallow(`${prefix}ready to serve\n`)).toBe(0);
  });
});
