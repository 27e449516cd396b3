import { describe, expect, test } from '@jest/globals';
import { secretFinder } from '../../src/evidence/find-secrets.js';
import { knownForms, knownSecrets } from '../../src/evidence/known-secrets.js';

describe('a variable holds a secret', () => {
  test.each([
    'PGPASSWORD',
    'MYSQL_PWD',
    'REDISCLI_AUTH',
    'SMTP_PASS',
    'TOKEN',
    'NPM_TOKEN',
    'CLIENT_SECRET',
    'DB_PASSWORD',
    'DB_PASSWD',
    'SSH_PASSPHRASE',
    'API_KEY',
    'api_key',
    'CUTOVER_NOTIFY_WEBHOOK',
    'CUTOVER_NOTIFY_SLACK',
    'CUTOVER_WEBHOOK_SECRET',
  ])('by its name: %s', (name) => expect(knownSecrets({ [name]: '12345678' })).toEqual([{ name, value: '12345678' }]));

  test.each(['TOKEN_FILE', 'MYTOKEN', 'KEYS', 'AWS_REGION', 'SECRETS'])('or does not: %s', (name) =>
    expect(knownSecrets({ [name]: '12345678' })).toEqual([]),
  );

  test.each([
    ['redis://:s3cr3t-pw@cache:6379/0', ['s3cr3t-pw']],
    ['postgres://dpp:a%2Fb%20cdefg@db/x', ['a%2Fb%20cdefg', 'a/b cdefg']],
    ['postgres://dpp:100%sure@db/x', ['100%sure']],
    ['postgres://dpp:short@db/x', []],
    ['postgres://dpp:${DB_PASSWORD}@db/x', []],
    ['https://example.com:8443/path@x', []],
  ])('by the password in its connection string: %s', (value, passwords) =>
    expect(knownSecrets({ DATABASE_URL: value })).toEqual(
      passwords.map((password) => ({ name: 'DATABASE_URL', value: password })),
    ),
  );

  test('only when it is long enough not to redact half of a log', () => {
    expect(knownSecrets({ TOKEN: '1234567', API_KEY: '', DB_PASSWORD: undefined })).toEqual([]);
  });
});

const forms = (...values: string[]) => [...knownForms(values.map((value, index) => ({ name: `N${index + 1}`, value })))];

describe('a known secret is looked for', () => {
  test('as it is, as in JSON, as in a URL and as base64', () => {
    expect(forms('pass "1"/é')).toEqual([
      ['pass "1"/\u00c3\u00a9', 'env-N1'],
      ['pass \\"1\\"/\u00c3\u00a9', 'env-N1'],
      ['pass%20%221%22%2F%C3%A9', 'env-N1'],
      ['cGFzcyAiMSIvw6k=', 'env-N1'],
    ]);
  });

  test('line by line, the frame of a key and short lines left out', () => {
    const value = '-----BEGIN KEY-----\n  line-of-8\t\r\n1234567\n12345678\n-----END KEY-----';
    expect(forms(value)).toEqual([
      [JSON.stringify(value).slice(1, -1), 'env-N1'],
      [encodeURIComponent(value), 'env-N1'],
      [Buffer.from(value).toString('base64'), 'env-N1'],
      ['line-of-8', 'env-N1'],
      ['12345678', 'env-N1'],
    ]);
  });

  test('in pieces of about the same length when it is long', () => {
    const lengths = (length: number) => forms('x'.repeat(length)).map(([form]) => form.length);
    expect(lengths(1024)[0]).toBe(1024);
    const value = Array.from({ length: 1025 }, (_, at) => String.fromCharCode(97 + (at % 23))).join('');
    expect(forms(value).slice(0, 2)).toEqual([
      [value.slice(0, 513), 'env-N1'],
      [value.slice(513), 'env-N1'],
    ]);
  });

  test('by the name that held it first, and not at all when it is empty', () => {
    expect(forms('12345678', '12345678')[0]).toEqual(['12345678', 'env-N1']);
    expect(forms('12345678', '12345678').every(([, kind]) => kind === 'env-N1')).toBe(true);
    expect(forms('')).toEqual([]);
  });

  test('the longest one first, character by character, in binary files too', () => {
    const odd = 'a\\^$.*+?()[]{}|/';
    const find = secretFinder(
      [
        { name: 'SHORT', value: '12345678' },
        { name: 'LONG', value: '123456789' },
        { name: 'ODD', value: odd },
      ],
      true,
    );
    const text = `${odd} 123456789 12345678 a\\^$.xxxx()[]{}|/ ${odd}`;
    expect(find(text).map(({ kind, from, start, end }) => [kind, from === start, text.slice(start, end)])).toEqual([
      ['env-ODD', true, odd],
      ['env-LONG', true, '123456789'],
      ['env-SHORT', true, '12345678'],
      ['env-ODD', true, odd],
    ]);
    expect(find(text)[0]?.continues.test('1')).toBe(false);
  });
});
