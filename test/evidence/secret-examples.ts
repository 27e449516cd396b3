import { createRedactor, type RedactorOptions } from '../../src/evidence/redaction.js';

// Put together at run time, so that no scanner takes this file for one that holds secrets.
export const word = (alphabet: string, length: number) =>
  Array.from({ length }, (_, index) => alphabet[(index * 7 + length) % alphabet.length]).join('');
export const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export const MIXED = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0';
export const HEX = '0123456789abcdef';
export const pem = [
  '-----BEGIN RSA PRIVATE KEY-----',
  ...[64, 64, 64, 21].map((n) => word(MIXED, n)),
  '-----END RSA PRIVATE KEY-----',
].join('\n');

/** Each secret, a text around it, and the kind by which it is shown. */
export const SECRETS: readonly { kind: string; secret: string; text: (secret: string) => string }[] = [
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

/** The whole input at once. */
export function redact(input: string | Uint8Array, options: RedactorOptions = {}): string {
  return redactChunks([input], options).toString('utf8');
}

export function redactChunks(chunks: (string | Uint8Array)[], options: RedactorOptions = {}): Buffer {
  const redactor = createRedactor(options);
  return Buffer.concat([...chunks.map((chunk) => redactor.push(chunk)), redactor.flush()]);
}

/** The bytes in chunks of these sizes, over and over. */
export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
