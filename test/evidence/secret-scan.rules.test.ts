import { performance } from 'node:perf_hooks';
import { describe, expect, test } from '@jest/globals';
import { scanContent } from '../../src/evidence/secret-scan.js';
import { cut, MIXED, redact, SECRETS, word } from './secret-examples.js';

/** A token of a form that our own rules do not know, and secretlint's do. */
const VAULT = `hvs.${word(MIXED, 95)}`;
const KIND = 'secretlint-hashicorp-vault-HASHICORP_VAULT_SERVICE_TOKEN';

async function scanned(content: string | Buffer, chunkSize = 64 * 1024): Promise<string[]> {
  const chunks = async function* () {
    yield* cut(Buffer.from(content), [chunkSize]);
  };
  return (await scanContent('a.txt', chunks(), [])).findings.map(({ line, kind }) => `${line} ${kind}`);
}

describe("secretlint's rules look at what our own leave over", () => {
  test('and name the line, after a key over several lines as well', async () => {
    const key = ['-----BEGIN PRIVATE ', 'KEY-----\n', `${word(MIXED, 64)}\n`.repeat(3), '-----END PRIVATE ', 'KEY-----\n'].join(
      '',
    );
    expect(await scanned(`${key}\ntoken: é ${VAULT}\n`)).toEqual(['1 private-key', `7 ${KIND}`]);
  });

  test('in binary content and in UTF-16, too', async () => {
    expect(await scanned(Buffer.concat([Buffer.from([0, 0xe9, 0x20]), Buffer.from(VAULT)]))).toEqual([`1 ${KIND}`]);
    const utf16 = Buffer.from(`\ufeffone\npassword=hunter22\n${VAULT}\n`, 'utf16le');
    expect(await scanned(utf16)).toEqual(['2 password', `3 ${KIND}`]);
    expect(await scanned(utf16.swap16())).toEqual(['2 password', `3 ${KIND}`]);
  });

  test.each(['secretlint-disable', 'secretlint-disable-line', 'secretlint-disable-next-line'])(
    'whatever a comment says: %s',
    async (comment) => {
      expect(await scanned(`/* ${comment} */\n${VAULT} // ${comment}\n`)).toEqual([`2 ${KIND}`]);
    },
  );

  test('wherever a window ends, once each', async () => {
    const WINDOW = 256 * 1024;
    for (const at of [WINDOW - 110, WINDOW - 99, WINDOW - 50, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 64]) {
      const filler = '. '.repeat(at / 2) + (at % 2 === 1 ? '.' : '');
      expect(await scanned(`${filler}\n${VAULT}\n${'. '.repeat(WINDOW)}`, 50_000)).toEqual([`2 ${KIND}`]);
    }
  });

  test('but not what was redacted', async () => {
    for (const { secret, text } of SECRETS) expect(await scanned(redact(text(secret)))).toEqual([]);
    const url = (password: string) => `postgres://dpp:${password}@db.internal:5432/dpp mongodb://dpp:${password}@m.internal/x`;
    expect(await scanned(redact(url(word(MIXED, 12))))).toEqual([]);
    expect(await scanned(url(word(MIXED, 12)))).toEqual(['1 url-password', '1 url-password']);
  });

  test('and leave nothing behind in the process', async () => {
    const marks = () => performance.getEntriesByType('mark').length;
    const before = marks();
    await scanned('. '.repeat(512 * 1024));
    expect(marks()).toBe(before);
  });
});

describe('an id of an AWS account', () => {
  const ACCOUNT = '1234'.repeat(3);

  test.each([`account_id = ${ACCOUNT}`, `"AccountId": "${ACCOUNT}"`, `AWS_ACCOUNT_ID=${ACCOUNT}`, `the account: ${ACCOUNT}`])(
    'is a finding: %s',
    async (text) => expect(await scanned(text)).toEqual(['1 secretlint-aws-AWSAccountID']),
  );

  test.each([
    `Operator:      o@example.com\nAWS account:   ${ACCOUNT}\nAWS region:    x`,
    `{"world":{"awsAccount":"${ACCOUNT}","awsArn":"x"}}`,
    `drift accepted (awsAccount: ${ACCOUNT} -> ${ACCOUNT.replace('1', '9')})`,
    `arn:aws:sts::${ACCOUNT}:assumed-role/dpp-admin/operator in account ${ACCOUNT}`,
  ])('where the scope and the history show it is none: %s', async (text) => expect(await scanned(text)).toEqual([]));
});
