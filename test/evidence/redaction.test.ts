import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRedactor, type SecretFinding } from '../../src/evidence/redaction.js';
import { MIXED, redact, redactChunks, SECRETS, word } from './secret-examples.js';

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
    expect(redactChunks(cut(bytes, [777, 65_536]), { binary: true }).equals(bytes)).toBe(true);
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
});

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
