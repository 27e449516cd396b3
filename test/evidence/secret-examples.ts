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

export const base64 = (text: string) => Buffer.from(text).toString('base64');
/** PKCS #8 of Ed25519: 48 bytes, of which the first 16 are always the same (RFC 8410). */
export const ed25519 = `MC4CAQAwBQYDK2VwBCIEI${word(MIXED, 43)}`;
const secretYaml = (data: string) => `apiVersion: v1\ndata:\n  some.key: ${data}\nkind: Secret\n`;

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
  {
    kind: 'private-key',
    secret: ed25519,
    text: (s) => (s === ed25519 ? `-----BEGIN PRIVATE KEY-----\n${s}\n-----END PRIVATE KEY-----\n` : `${s}\n`),
  },
  { kind: 'private-key', secret: ed25519, text: (s) => `der ${s} end` },
  { kind: 'private-key', secret: base64(pem), text: (s) => `    client-key-data: ${s}` },
  { kind: 'private-key', secret: base64(pem), text: (s) => `key=${s}` },
  { kind: 'url-password', secret: 's3cr3t', text: (s) => `"redis:\\/\\/:${s}@cache.example.com:6379\\/0"` },
  { kind: 'aws-session-token', secret: `IQoJb3JpZ2luX2Vj${word(MIXED, 300)}==`, text: (s) => `token for it: ${s}` },
  { kind: 'aws-unique-id', secret: `AROA${word(UPPER, 17).slice(1)}`, text: (s) => `"UserId": "${s}:operator"` },
  { kind: 'kubernetes-token', secret: `k8s-aws-v1.${word(MIXED, 60)}`, text: (s) => `the ${s}` },
  {
    kind: 'jwt',
    secret: `eyJ${word(MIXED, 30)}.eyJ${word(MIXED, 600)}.${word(MIXED, 342)}`,
    text: (s) => `users:\n- name: staging\n  user:\n    token: ${s}\n`,
  },
  { kind: 'authorization', secret: `${word(HEX, 8)}-${word(HEX, 4)}-${word(HEX, 12)}`, text: (s) => `Authorization: ${s}` },
  { kind: 'authorization', secret: word(HEX, 40), text: (s) => `-H "Authorization: Token ${s}" x` },
  { kind: 'option-password', secret: 'hunter22', text: (s) => `curl -u ":${s}" https://example.com` },
  { kind: 'option-password', secret: 'hunter22', text: (s) => `curl --user dpp:'${s}' https://example.com` },
  { kind: 'password', secret: 'basic-auth-pw', text: (s) => `  user:\n    username: dpp\n    password: ${s}\n` },
  { kind: 'kubernetes-secret', secret: base64('hunter2'), text: secretYaml },
  { kind: 'kubernetes-secret', secret: base64('p\u00e4ssw\u00f6rd'), text: (s) => secretYaml(`"${s}"`) },
  { kind: 'kubernetes-secret', secret: word(MIXED, 44), text: secretYaml },
  { kind: 'kubernetes-secret', secret: 'YWI=', text: (s) => `kind: Secret\napiVersion: v1\ndata:\n  a: ${s}\n` },
  { kind: 'kubernetes-secret', secret: 'plain text, too', text: (s) => `  stringData:\n    some.key: ${s}\n  type: Opaque\n` },
  { kind: 'kubernetes-secret', secret: 'one: two', text: (s) => `stringData:\n  some.key: |\n    ${s}\n` },
  {
    kind: 'kubernetes-secret',
    secret: base64('hunter2'),
    text: (s) => `12:00 pod data:\n12:00 pod   a: ${s}\n12:00 pod kind: Secret\n`,
  },
  {
    kind: 'kubernetes-secret',
    secret: base64('hunter2'),
    text: (s) =>
      `{\n  "apiVersion": "v1",\n  "data": {\n    "empty": null,\n    "some.key": "${s}"\n  },\n  "kind": "Secret"\n}\n`,
  },
  {
    kind: 'kubernetes-secret',
    secret: 'a "b',
    text: (s) => `{"kind":"Secret","stringData":{"x":"true","a":${JSON.stringify(s)}}}`,
  },
  {
    kind: 'kubernetes-secret',
    secret: base64('hunter2'),
    text: (s) => `{"apiVersion":"v1","data":{"b":"x","a":"${s}"},"kind":"Secret"}`,
  },
  { kind: 'kubernetes-secret', secret: 'YWI=', text: (s) => `'{\\"kind\\":\\"Secret\\",\\"data\\":{\\"a\\":\\"${s}\\"}}'` },
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
