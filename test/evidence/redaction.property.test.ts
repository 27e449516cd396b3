import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SecretFinding } from '../../src/evidence/redaction.js';
import { cut, redact, redactChunks, SECRETS } from './secret-examples.js';

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

  test('gives the same output however a line longer than all its windows is cut', () => {
    const filler = fc.tuple(fc.constantFrom('. ', '\u00e9', 'a', '=', '"'), fc.integer({ min: 1, max: 90 * 1024 }));
    const line = fc.array(fc.tuple(filler, fc.constantFrom(...SECRETS)), { minLength: 1, maxLength: 4 });
    const cuts = fc.array(fc.integer({ min: 1, max: 300 * 1024 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(line, cuts, (parts, chunkSizes) => {
        const text = parts.map(([[of, length], { secret, text: around }]) => `${of.repeat(length)} ${around(secret)} `);
        const bytes = Buffer.from(text.join(''), 'utf8');
        expect(redactChunks(cut(bytes, chunkSizes)).equals(redactChunks([bytes]))).toBe(true);
      }),
      { numRuns: 40 },
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
    for (const { secret, text } of SECRETS.filter((candidate) => !/\n./.test(candidate.text(candidate.secret)))) {
      for (const position of positions) {
        const bytes = Buffer.from(`${'. '.repeat(position / 2)} ${text(secret)} ${'. '.repeat(WINDOW / 2)}`, 'utf8');
        if (redactChunks([bytes]).includes(secret)) throw new Error(`${text('[secret]')} survives at ${position}`);
      }
    }
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
