import { describe, expect, test } from '@jest/globals';
import { secretFinder } from '../../src/evidence/find-secrets.js';
import { HEX, MIXED, UPPER, word } from './secret-examples.js';

const inText = secretFinder([], false);
const inBinary = secretFinder([], true);
const seen = (text: string, find = inText) => find(text).map(({ kind, start, end }) => [kind, text.slice(start, end)]);

/** Of each kind that is known by its form: how it begins, of which characters it goes on, and with how many at least. */
const TOKENS: readonly [kind: string, begin: string, alphabet: string, least: number][] = [
  ...['p', 'o', 'u', 's', 'r'].map((type): [string, string, string, number] => ['github-token', `gh${type}_`, MIXED, 36]),
  ['github-token', 'github_pat_', `${MIXED}_`, 22],
  ['gitlab-token', 'glpat-', `${MIXED}_-`, 20],
  ['npm-token', 'npm_', MIXED, 36],
  ...['a', 'b', 'e', 'o', 'p', 'r', 's'].map((type): [string, string, string, number] => [
    'slack-token',
    `xox${type}-`,
    `${MIXED}-`,
    10,
  ]),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'].map((begin): [string, string, string, number] => [
    'stripe-key',
    begin,
    MIXED,
    16,
  ]),
  ['google-oauth-token', 'ya29.', `${MIXED}_-`, 20],
  ['supabase-key', 'sb_secret_', `${MIXED}_-`, 20],
  ['jwt', `eyJ${word(MIXED, 8)}.eyJ`, `${MIXED}_-`, 8],
];

describe('a token', () => {
  test.each(TOKENS)('of kind %s that begins with %s', (kind, begin, alphabet, least) => {
    const token = begin + word(alphabet, least);
    expect(seen(`: ${token} .`)).toEqual([[kind, token]]);
    expect(seen(token, inBinary)).toEqual([[kind, token]]);
    const longer = begin + word(alphabet, least + 40);
    expect(seen(`"${longer}"`)).toEqual([[kind, longer]]);
    expect(seen(`: ${token.slice(0, -1)} .`)).toEqual([]);
    expect(seen(`a${token}`)).toEqual([]);
    const [{ continues } = never()] = inText(token);
    expect([...alphabet].every((character) => continues.test(character))).toBe(true);
    expect(continues.test(' ')).toBe(false);
  });

  test.each([
    ['aws-access-key-id', `AKIA${word(UPPER, 16)}`],
    ['aws-access-key-id', `ASIA${word(UPPER, 16)}`],
    ['google-api-key', `AIza${word(`${MIXED}_-`, 35)}`],
    ['supabase-key', `sbp_${word(HEX, 40)}`],
  ])('of kind %s has its exact length: %s', (kind, token) => {
    expect(seen(`.${token}.`)).toEqual([[kind, token]]);
    expect(seen(`.${token}.`, inBinary)).toEqual([[kind, token]]);
    expect(seen(`.${token.slice(0, -1)}.`)).toEqual([]);
    expect(seen(`x${token}`)).toEqual([]);
    const [{ continues } = never()] = inText(token);
    expect([continues.test('A') || continues.test('a'), continues.test('.')]).toEqual([true, false]);
  });

  test('of AWS does not go on: a longer word is another thing', () => {
    expect(seen(`AKIA${word(UPPER, 17)}`)).toEqual([]);
    expect(seen(`AKIA${word(UPPER, 16)}a`)).toEqual([]);
  });

  test('of JSON is taken with its signature, however many parts it has', () => {
    const jwt = `eyJ${word(MIXED, 9)}.eyJ${word(MIXED, 9)}.${word(MIXED, 43)}.${word(MIXED, 5)}`;
    expect(seen(`${jwt}.`)).toEqual([['jwt', jwt]]);
    expect(seen(`-${jwt}`)).toEqual([]);
    expect(inText(jwt)[0]?.continues.test('.')).toBe(true);
    expect(seen(`eyJ${word(MIXED, 7)}.eyJ${word(MIXED, 9)}`)).toEqual([]);
  });
});

const BEARER = `${word(MIXED, 10)}._~+/=`;
const BASIC = '+/a=';
const SIGNATURE = word(HEX, 64);

describe('a secret in a text', () => {
  test.each([
    ['slack-webhook', 'https://hooks.slack.com/services/', 'T0/B0/aZ9aZ9aZ9aZ9aZ'],
    ['bearer-token', 'bearer \t', BEARER],
    ['bearer-token', '"Bearer ', `${'a'.repeat(15)}1`],
    ['basic-authorization', 'authorization: basic ', BASIC],
    ['basic-authorization', '"Authorization":"Basic  ', BASIC],
    ['basic-authorization', "'Authorization'='Basic ", BASIC],
    ['basic-authorization', '\\"Authorization\\" : \\"Basic ', BASIC],
    ['cookie', 'Set-Cookie: ', 'a=bcdefg'],
    ['cookie', 'cookie:', 'sid=1; other="'.slice(0, -1)],
    ['presigned-url-signature', '&x-amz-signature=', SIGNATURE],
    ['url-password', 'postgres://u:', 'p'],
    ['url-password', 'amqp://:', `p@:${'x'.repeat(500)}`],
    ['xml-secret', '<SecretAccessKey>', 'abcd'],
    ['xml-secret', '<sessiontoken>', 'ab c"'],
    ['xml-secret', '<Password>', 'abcd'],
    ['option-password', 'tool --password ', 'abcd'],
    ['option-password', "tool --token \t'", 'abcd'],
    ['option-password', 'tool --secret "', 'abcd'],
    ['option-password', 'tool --api-key ', 'abcd'],
    ['option-password', 'tool --SECRET-KEY ', 'abcd'],
    ['option-password', 'tool --a-b-c-password ', 'abcd'],
    ['option-password', 'curl -u  me:', 'abcd'],
    ['option-password', 'curl --user "me:', 'abcd'],
    ['option-password', "curl '-u=me:", '12ab'],
    ['option-password', 'curl -u me:', 'a1234'],
  ])('of kind %s stands behind %s', (kind, before, secret) => {
    const behind = kind === 'url-password' ? '@host' : kind === 'xml-secret' ? '</x>' : '"';
    const text = `${before}${secret}${behind}`;
    expect(seen(text)).toEqual([[kind, secret]]);
    expect(seen(text, inBinary)).toEqual(kind === 'slack-webhook' ? [[kind, secret]] : []);
    const [{ from, continues } = never()] = inText(text);
    expect(from).toBeLessThanOrEqual(before.length);
    expect([continues.test(secret.charAt(0)), continues.test(kind === 'xml-secret' ? '<' : '"')]).toEqual([true, false]);
  });

  test.each([
    'hooks.slack.com/services/T0/B0/aZ9aZ9aZ9aZ9a',
    `Bearer ${'a'.repeat(20)}`,
    `Bearer ${'a'.repeat(14)}1`,
    `Bearer ${'a'.repeat(20)} 1`,
    `xBearer ${BEARER}`,
    'Authorization: Basic a=b',
    'cookie: a=bcdef',
    'cookies: a=bcdefghi',
    `X-Amz-Signature=${SIGNATURE.slice(1)}`,
    'http://host:80/x@y',
    'http://u:@host',
    `http://u:${'x'.repeat(513)}@host`,
    `http://${'u'.repeat(257)}:password1@host`,
    '<Password>abc</Password>',
    '<Passwords>abcdef</Passwords>',
    'tool --password abc',
    'tool --password -abcd',
    'tool --a-b-c-d-password abcd',
    'curl -u me:abc',
    'docker run -u 1000:1000',
    "docker run -u 1000:1000'",
    'xx-u me:abcd',
    `curl -u ${'u'.repeat(129)}:abcd`,
  ])('is not: %s', (text) => expect(seen(text)).toEqual([]));

  test('of a cookie goes on to the end of its line, or of its quotes', () => {
    expect(seen('Cookie: a=b; c=d e\nnext')).toEqual([['cookie', 'a=b; c=d e']]);
    expect(seen('"Cookie: a=b; c=d e", "next"')).toEqual([['cookie', 'a=b; c=d e']]);
  });
});

describe('a private key on one line', () => {
  const begin = '-----BEGIN EC PRIVATE KEY-----';
  const end = '-----END EC PRIVATE KEY-----';
  test.each([
    [`${begin}\\n${word(MIXED, 64)}\\n${end}`],
    [`${begin} ${word(MIXED, 64)} ${end}`],
    ['-----BEGIN PRIVATE KEY-----x-----END PRIVATE KEY-----'],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----x-----END PGP PRIVATE KEY BLOCK-----'],
    [`${begin}\\r\\n \t${word(MIXED, 20)}\\n${word(MIXED, 20)}+/=`],
  ])('is taken whole: %s', (key) => {
    for (const find of [inText, inBinary]) expect(seen(`{"key": '${key}'}`, find)).toEqual([['private-key', key]]);
    const [{ continues } = never()] = inText(key);
    for (const character of ['a', 'Z', '9', '+', '/', '=', '\\', ' ', '\t', '-']) expect(continues.test(character)).toBe(true);
    expect(continues.test('"')).toBe(false);
  });

  test('that is cut off is taken as far as it looks like one', () => {
    expect(seen(`${begin}\\n${word(MIXED, 20)} ${word(MIXED, 19)}`)).toEqual([['private-key', `${begin}\\n${word(MIXED, 20)}`]]);
    expect(seen('-----BEGIN PUBLIC KEY-----')).toEqual([]);
    expect(seen('-----BEGIN x PRIVATE KEY-----')).toEqual([]);
    expect(seen(`-----BEGIN ${'X'.repeat(41)}PRIVATE KEY-----`)).toEqual([]);
  });
});

describe('what a value is assigned to', () => {
  test.each([
    ...['secret_access_key', 'secret-access-key', 'aws_secretAccessKey', 'SECRET_ACCESS_KEY'].map((name) => [
      'aws-secret-access-key',
      name,
      8,
    ]),
    ...['session_token', 'sessionToken', 'session-token', 'x-amz-security-token', 'security_token', 'securitytoken'].map(
      (name) => ['aws-session-token', name, 8],
    ),
    ...['password', 'DB_PASSWD', 'passphrase', 'pwd', 'PGPASSWORD'].map((name) => ['password', name, 4]),
    ...['client_secret', 'token', 'access_token', 'api_key', 'api-key', 'apiKey', 'secret_key', 'private_key', 'signing_key'].map(
      (name) => ['secret', name, 8],
    ),
    ...['encryption-key', 'service_role_key', 'serviceRoleKey', 'service-role-key'].map((name) => ['secret', name, 8]),
  ] as [string, string, number][])('makes it of kind %s: %s', (kind, name, least) => {
    const value = word(MIXED, least);
    for (const assigned of [`${name}=`, `${name} : `, `"${name}":"`, `'${name}' => '`, `${name}:=`, `\\"${name}\\": \\"`]) {
      const text = `${assigned}${value}`;
      expect(seen(text)).toEqual([[kind, value]]);
      expect(seen(text.slice(0, -1))).toEqual([]);
      expect(seen(text, inBinary)).toEqual([]);
    }
  });

  test.each(['fencing_token', 'fencing token', 'fencing-token', 'fencingtoken', 'key', 'public_key', 'passing', 'tokens'])(
    'makes it no secret: %s',
    (name) => expect(seen(`${name}=${word(MIXED, 30)}`)).toEqual([]),
  );
});

describe('a value that stands where a secret would', () => {
  test.each([
    ...[
      '${A}',
      '${A',
      '$(cat x)',
      '$(cat',
      '$DB_PASSWORD',
      '$_A1',
      '$pw',
      '{{ x }}',
      '<token>',
      '****',
      '...',
      'xxx',
      '*.x',
      '*****',
    ],
    ...['null', 'none', 'nil', 'true', 'false', 'undefined', 'yes', 'no', 'pass', 'passed', 'fail', 'failed', 'ok', 'error'],
    ...['skipped', 'required', 'optional', 'missing', 'unset', 'empty', 'set', 'present', 'absent', 'redacted', 'hidden'],
    ...['changed', 'unchanged', 'valid', 'invalid', 'expired', 'string', 'str', 'bool', 'boolean', 'int', 'integer', 'number'],
    ...['object', 'bytes', 'secretstr', 'token', 'password', 'secret', 'NULL', 'missing.,;:)]}!', '.,;:)]}!'],
  ])('is none: %s', (value) => {
    expect(seen(`password="${value}"`)).toEqual([]);
  });

  test.each([
    ...['a${A}', '${A}b', 'a$(x)', '$(x)b', 'a$DB_PASS', '$DB_PASSw0rd!?', 'a{{x}}', '<abc>d', 'a<abc', '****a', 'a***'],
    ...['anull', 'nulla', 'passes', 'missing?', 'xx-x'],
  ])('is one: %s', (value) => {
    expect(seen(`password="${value}"`)).toEqual([['password', value]]);
  });
});

function never(): never {
  throw new Error('nothing was found');
}
