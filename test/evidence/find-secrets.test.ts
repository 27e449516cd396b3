import { describe, expect, test } from '@jest/globals';
import { secretFinder } from '../../src/evidence/find-secrets.js';
import { knownSecrets } from '../../src/evidence/known-secrets.js';
import type { SecretFinding } from '../../src/evidence/redaction.js';
import { HEX, MIXED, pem, redact, SECRETS, UPPER, word } from './secret-examples.js';

describe('a secret', () => {
  test.each(SECRETS)('of kind $kind is replaced, and what stands around it is kept', ({ kind, secret, text }) => {
    expect(redact(text(secret))).toBe(text(`[REDACTED:${kind}]`).replace(/\]\n$/, ']\n'));
  });

  test('is shown by its kind and line, never by its text', () => {
    const found: SecretFinding[] = [];
    redact(`one\ntwo password=hunter22\n${pem}\nthree AKIA${word(UPPER, 16)}\n`, { onFinding: (finding) => found.push(finding) });
    expect(found).toEqual([
      { line: 2, kind: 'password' },
      { line: 3, kind: 'private-key' },
      { line: 9, kind: 'aws-access-key-id' },
    ]);
  });

  test('of a private key goes on over log prefixes, and a stray BEGIN does not hide the rest of a log', () => {
    const prefixed = pem
      .split('\n')
      .map((line) => `pod-1 | ${line}`)
      .join('\n');
    expect(redact(`${prefixed}\npod-1 | ready\n`)).toBe('pod-1 | [REDACTED:private-key]\npod-1 | ready\n');
    expect(redact('expected -----BEGIN PRIVATE KEY----- in the file\ngate failed, see above\n')).toBe(
      'expected [REDACTED:private-key] in the file\ngate failed, see above\n',
    );
  });
});

describe('an assigned value', () => {
  const find = secretFinder([], false);
  const unquoted = { on: 'a[*', off: [' ', '\t', '\r', '\n', '&', '<', '>', '"'] };
  const double = { on: "a '", off: ['"', '\r', '\n'] };
  const single = { on: 'a "', off: ["'", '\r', '\n'] };
  const escaped = { on: 'a ', off: ['"', "'", '\\', '\r', '\n'] };

  test.each([
    ...[' x', '\tx', '\nx', '\rx', '&x', '<x', '>x', '"x', ''].map((behind) => [
      'unquoted',
      'pwd=',
      'hu[nt]er',
      behind,
      unquoted,
    ]),
    ['in double quotes', 'pwd="', "a b'c&d", '" x', double],
    ['in double quotes, with a quote', 'pwd="', 'a\\"bc', '" x', double],
    ['in double quotes that stay open', 'pwd="', 'a bc', '\nx', double],
    ['in double quotes that end in a backslash', 'pwd="', 'a bc', '\\\nx', double],
    ['in single quotes', "pwd='", 'a b"c', "' x", single],
    ['in single quotes, with a quote', "pwd='", "a\\'bc", "' x", single],
    ['in single quotes that stay open', "pwd='", 'a bc', '\rx', single],
    ['in quotes of JSON in JSON', 'pwd=\\"', 'a bc', '\\" x', escaped],
    ['in quotes of JSON in JSON in JSON', 'pwd=\\\\\\"', 'a bc', '\\\\\\" x', escaped],
    ['in quotes of a shell in a shell', "pwd=\\'", 'a bc', "\\' x", escaped],
  ] as [string, string, string, string, typeof unquoted][])('%s ends where it ends: %s%s%s', (_, before, value, behind, goes) => {
    const [found = null] = find(before + value + behind);
    expect(found).toMatchObject({ kind: 'password', from: 0, start: before.length, end: before.length + value.length });
    for (const character of goes.on) expect(found?.continues.test(character)).toBe(true);
    for (const character of goes.off) expect(found?.continues.test(character)).toBe(false);
  });

  test.each(['PWD=/srv/dpp', 'oldpwd="~/dpp x"', '{"PWD": "/srv/dpp"}'])('is a directory: %s', (text) =>
    expect(find(text)).toEqual([]),
  );

  test.each(['DB_PWD=hunter/22', 'password=/srv/secret', 'passwd=~hunter', 'PWD=a~b/c'])('is no directory: %s', (text) =>
    expect(find(text)).toMatchObject([{ kind: 'password' }]),
  );

  test.each(['password=[REDACTED:password]', 'token="[REDACTED:env-A_1]"', '--password [REDACTED:x]', 'pwd=[REDACTED:x]abc'])(
    'that was redacted is none: %s',
    (text) => expect(find(text)).toEqual([]),
  );

  test.each(['password=[REDACTED:x]abcd', 'password="[REDACTED:a b]"', 'password=[REDACTED:]'])(
    'that only looks redacted is one: %s',
    (text) => expect(find(text)).toMatchObject([{ kind: 'password' }]),
  );

  test('stands among the others in the order of the text', () => {
    const text = `password=hunter2 AKIA${word(UPPER, 16)} password=hunter3`;
    expect(find(text).map(({ kind }) => kind)).toEqual(['password', 'aws-access-key-id', 'password']);
    expect(find('')).toEqual([]);
  });
});

describe('what is no secret', () => {
  test.each([
    `sha256=${word(HEX, 64)}  HEAD is now at ${word(HEX, 40)}`,
    `"etag": "\\"${word(HEX, 32)}-12\\"", "version_id": "${word(MIXED, 32)}"`,
    `"s3_key": "evidence/cutover/phase6_4_cutover/20260221T120000Z/evidence.tar.gz"`,
    'arn:aws:sts::123456789012:assumed-role/dpp-admin/operator in account 123456789012',
    'tests/test_token.py::test_password_reset PASSED [ 12%]',
    'PWD=/srv/dpp  OLDPWD=/srv',
    'password: ${DB_PASSWORD}  token: <token>  secret: null  password=********',
    'secretName: dpp-api  "secretKeyRef": {"key": "x"}  imagePullSecrets: []',
    'fencing_token: 1234567890, max_tokens=100000000',
    'http://localhost:4873/@types/node  https://example.com:8443/a@b',
    'git push -u origin main; docker run -u 1000:1000 image',
    'WWW-Authenticate: Bearer realm="dpp"',
  ])('passes unchanged: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('secrets of the environment', () => {
  const env = {
    AWS_SECRET_ACCESS_KEY: word(MIXED, 40).replace('a', '/'),
    DEPLOY_TOKEN: 'correct horse "battery"',
    LICENSE_KEY: `${word(UPPER, 30)}\n${word(HEX, 30)}\n`,
    BIG_SECRET: word(MIXED, 5000),
    PIN_PASSWORD: '1234567',
    AWS_REGION: 'ap-northeast-2',
    TOKEN_FILE: '/run/secrets/token',
  };

  test('are those of variables named like a secret, of 8 characters or more', () => {
    expect(knownSecrets(env).map(({ name }) => name)).toEqual([
      'AWS_SECRET_ACCESS_KEY',
      'DEPLOY_TOKEN',
      'LICENSE_KEY',
      'BIG_SECRET',
    ]);
  });

  test('are redacted by their value: as they are, in JSON, in a URL, in base64, line by line', () => {
    const known = knownSecrets(env);
    const token = env.DEPLOY_TOKEN;
    for (const form of [token, JSON.stringify(token), encodeURIComponent(token), Buffer.from(token).toString('base64')]) {
      expect(redact(`x${form}x`, { known })).toContain('[REDACTED:env-DEPLOY_TOKEN]');
    }
    expect(redact(`x${env.AWS_SECRET_ACCESS_KEY}x`, { known })).toBe('x[REDACTED:env-AWS_SECRET_ACCESS_KEY]x');
    expect(redact(`${env.LICENSE_KEY}`, { known })).toBe('[REDACTED:env-LICENSE_KEY]\n[REDACTED:env-LICENSE_KEY]\n');
    expect(redact(`<${env.BIG_SECRET}>`, { known })).toMatch(/^<(\[REDACTED:env-BIG_SECRET\])+>$/);
    expect(redact('in ap-northeast-2', { known })).toBe('in ap-northeast-2');
  });
});
