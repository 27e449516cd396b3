import { describe, expect, test } from '@jest/globals';
import { quoteOutput } from '../../../src/actors/process/quote-output.js';

describe('a quotation of output', () => {
  test.each([
    ['one line', 'error: no such thing\n', 'error: no such thing'],
    ['the first four lines that are not empty, on one', '\na\r\n\n  b  \nc\rd\ne\n', 'a | b | c | d'],
    ['nothing', ' \n\t\n', '(nothing)'],
    ['600 characters as they are', 'x'.repeat(600), 'x'.repeat(600)],
    ['no more than 600 characters', 'x'.repeat(601), `${'x'.repeat(600)}...`],
  ])('is %s', (_what, text, quoted) => {
    expect(quoteOutput(text, {})).toBe(quoted);
  });

  test('shows no secret, neither of a known form nor of the environment', () => {
    const key = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');
    const quoted = quoteOutput(`key ${key}\nword stand-in-secret-key`, { DB_PASSWORD: 'stand-in-secret-key' });
    expect(quoted).toMatch(/^key .*REDACTED.* \| word .*REDACTED/);
    expect(quoted).not.toMatch(/AKIA|stand-in/);
  });
});
