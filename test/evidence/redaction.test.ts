import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { knownSecrets } from '../../src/evidence/known-secrets.js';
import { createRedactor, type RedactorOptions, type SecretFinding } from '../../src/evidence/redaction.js';

function redact(input: string | Uint8Array, options: RedactorOptions = {}): string {
  return redactChunks([input], options).toString('utf8');
}

function redactChunks(chunks: (string | Uint8Array)[], options: RedactorOptions = {}): Buffer {
  const redactor = createRedactor(options);
  return Buffer.concat([...chunks.map((chunk) => redactor.push(chunk)), redactor.flush()]);
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

// Put together at run time, so that no scanner takes this file for one that holds secrets.
const word = (alphabet: string, length: number) =>
  Array.from({ length }, (_, index) => alphabet[(index * 7 + length) % alphabet.length]).join('');
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const MIXED = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0';
const HEX = '0123456789abcdef';
const pem = [
  '-----BEGIN RSA PRIVATE KEY-----',
  ...[64, 64, 64, 21].map((n) => word(MIXED, n)),
  '-----END RSA PRIVATE KEY-----',
].join('\n');

/** Each secret, a text around it, and the kind by which it is shown. */
const SECRETS: readonly { kind: string; secret: string; text: (secret: string) => string }[] = [
  { kind: 'aws-access-key-id', secret: `AKIA${word(UPPER, 16)}`, text: (s) => `key ${s} used` },
  { kind: 'aws-access-key-id', secret: `ASIA${word(UPPER, 16)}`, text: (s) => `"${s}"` },
  { kind: 'aws-secret-access-key', secret: `${word(MIXED, 30)}/+${word(MIXED, 8)}`, text: (s) => `aws_secret_access_key = ${s}` },
  { kind: 'aws-secret-access-key', secret: word(MIXED, 40), text: (s) => `{"SecretAccessKey": "${s}", "x": 1}` },
  { kind: 'aws-session-token', secret: `${word(MIXED, 300)}==`, text: (s) => `AWS_SESSION_TOKEN=${s}` },
  { kind: 'bearer-token', secret: word(MIXED, 32), text: (s) => `authorization: Bearer ${s}` },
  { kind: 'basic-authorization', secret: `${word(MIXED, 24)}==`, text: (s) => `Authorization: Basic ${s}` },
  { kind: 'jwt', secret: `eyJ${word(MIXED, 30)}.eyJ${word(MIXED, 60)}.${word(MIXED, 43)}`, text: (s) => `got ${s}.` },
  { kind: 'password', secret: 'hunter2', text: (s) => `DB_PASSWORD=${s}` },
  { kind: 'password', secret: 'it is a long phrase', text: (s) => `passphrase: "${s}"` },
  { kind: 'password', secret: 'pässwörd-à', text: (s) => `password: ${s}` },
  { kind: 'password', secret: 'nested-1', text: (s) => `{\\"password\\":\\"${s}\\"}` },
  { kind: 'secret', secret: word(MIXED, 20), text: (s) => `client_secret='${s}'` },
  { kind: 'secret', secret: word(HEX, 32), text: (s) => `x-api-key: ${s}` },
  { kind: 'secret', secret: word(HEX, 64), text: (s) => `?access_token=${s}&page=2` },
  { kind: 'url-password', secret: 's3cr3t', text: (s) => `postgres://dpp:${s}@db.example.com:5432/dpp` },
  { kind: 'url-password', secret: 'p@ss', text: (s) => `redis://:${s}@cache.example.com` },
  { kind: 'github-token', secret: `ghp_${word(MIXED, 36)}`, text: (s) => `remote ${s}` },
  { kind: 'slack-token', secret: `xoxb-${word('0123456789', 12)}-${word(MIXED, 24)}`, text: (s) => s },
  { kind: 'stripe-key', secret: `sk_live_${word(MIXED, 24)}`, text: (s) => `stripe ${s}` },
  { kind: 'google-api-key', secret: `AIza${word(MIXED, 35)}`, text: (s) => `maps?x=${s}` },
  { kind: 'option-password', secret: 'hunter22', text: (s) => `tool --db-password ${s} --verbose` },
  { kind: 'option-password', secret: 'hunter22', text: (s) => `curl -u dpp:${s} https://example.com` },
  { kind: 'xml-secret', secret: word(MIXED, 40), text: (s) => `<SecretAccessKey>${s}</SecretAccessKey>` },
  { kind: 'presigned-url-signature', secret: word(HEX, 64), text: (s) => `https://b.s3.amazonaws.com/k?X-Amz-Signature=${s}` },
  { kind: 'private-key', secret: pem, text: (s) => `${s}\n` },
  { kind: 'private-key', secret: pem.replaceAll('\n', '\\n'), text: (s) => `{"key": "${s}"}` },
];

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

describe('the redactor', () => {
  const noise = fc.oneof(
    fc.constantFrom(
      ...SECRETS.map(({ secret, text }) => text(secret)),
      '\n',
      '\n\n',
      ' ',
      'é',
      '-----BEGIN PRIVATE KEY-----\n',
      'password=',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  const content = fc.array(noise, { maxLength: 12 }).map((parts) => Buffer.from(parts.join(''), 'utf8'));
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

  test('gives the same output however its input is cut into chunks', () => {
    fc.assert(
      fc.property(content, sizes, (bytes, cuts) => {
        expect(redactChunks(cut(bytes, cuts))).toEqual(redactChunks([bytes]));
      }),
      { numRuns: 300 },
    );
  });

  test('lets no secret survive, whatever surrounds it on its lines and however it arrives', () => {
    const around = fc.string({ unit: fc.constantFrom('a', '7', ' ', 'é', '.', '=', ':', '\n'), maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...SECRETS), around, around, sizes, ({ secret, text }, before, after, cuts) => {
        const bytes = Buffer.from(`${before}\n${text(secret)}\n${after}`, 'utf8');
        expect(redactChunks(cut(bytes, cuts)).toString('utf8')).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });

  test('finds a secret wherever a line without end is cut', () => {
    const WINDOW = 64 * 1024;
    const positions = [48, 64, 96, 112].flatMap((kib) => [-400, -70, -21, -20, -1, 0, 1].map((offset) => kib * 1024 + offset));
    for (const { secret, text } of SECRETS.filter((candidate) => !candidate.secret.includes('\n'))) {
      for (const position of positions) {
        const bytes = Buffer.from(`${'. '.repeat(position / 2)} ${text(secret)} ${'. '.repeat(WINDOW / 2)}`, 'utf8');
        if (redactChunks([bytes]).includes(secret)) throw new Error(`${text('[secret]')} survives at ${position}`);
      }
    }
  });

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
    expect(redactChunks(cut(bytes, [777, 65_536]), { binary: true })).toEqual(bytes);
    expect(redactChunks([Buffer.from([0xff, 0xfe, 0x0a, 0x80])])).toEqual(Buffer.from([0xff, 0xfe, 0x0a, 0x80]));
  });

  test('changes nothing in what it redacted before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...SECRETS), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', ' \n', ', '),
        (secrets, between) => {
          const once = redact(secrets.map(({ secret, text }) => text(secret)).join(between));
          const found: SecretFinding[] = [];
          expect(redact(once, { onFinding: (finding) => found.push(finding) })).toBe(once);
          expect(found).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    `sha256=${word(HEX, 64)}  HEAD is now at ${word(HEX, 40)}`,
    `"etag": "\\"${word(HEX, 32)}-12\\"", "version_id": "${word(MIXED, 32)}"`,
    `"s3_key": "evidence/cutover/phase6_4_cutover/20260221T120000Z/evidence.tar.gz"`,
    'arn:aws:sts::123456789012:assumed-role/dpp-admin/operator UserId AROAABCDEFGHIJKLMNOPQ:operator',
    'tests/test_token.py::test_password_reset PASSED [ 12%]',
    'PWD=/srv/dpp  OLDPWD=/srv',
    'password: ${DB_PASSWORD}  token: <token>  secret: null  password=********',
    'secretName: dpp-api  "secretKeyRef": {"key": "x"}  imagePullSecrets: []',
    'fencing_token: 1234567890, max_tokens=100000000',
    'http://localhost:4873/@types/node  https://example.com:8443/a@b',
    'git push -u origin main; docker run -u 1000:1000 image',
    'WWW-Authenticate: Bearer realm="dpp"',
  ])('does not take for a secret: %s', (text) => {
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
