import { expect, test } from '@jest/globals';
import { comparable, isSamePerson, principalIn } from '../../src/evidence/person.js';

test('a key must be of whom the name says: what stands in angle brackets at its end, else all of it', () => {
  expect(principalIn('verifier@example.com')).toBe('verifier@example.com');
  expect(principalIn(' verifier ')).toBe('verifier');
  expect(principalIn('A Verifier <verifier@example.com>')).toBe('verifier@example.com');
  expect(principalIn('<a@example.com> and <b@example.com> ')).toBe('b@example.com');
  expect(principalIn('<a@example.com> or so')).toBe('<a@example.com> or so');
});

test.each([
  ['a full name around the address', 'Kim Lee <kim@example.com>', 'kim@example.com'],
  ['another case, and blanks', ' Kim@Example.com', 'kim@example.com'],
  ['another form of Unicode', 'ｋｉｍ@example.com', 'kim@example.com'],
])('%s makes no other person', (_what, written, known) => {
  expect(isSamePerson(comparable([written]), comparable([known]))).toBe(true);
  expect(isSamePerson(comparable([written]), comparable(['lee@example.com', null, '']))).toBe(false);
});
