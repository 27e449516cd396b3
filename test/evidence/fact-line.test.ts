import { expect, test } from '@jest/globals';
import { FactError, LINE_BREAKS } from '../../src/evidence/fact-line.js';

test.each(['\0', '\b', '\n', '\v', '\f', '\r', '\u001b', '\u001f', '\u007f', '\u0085', '\u009f', '\u2028', '\u2029'])(
  'a fact with %j could forge another line',
  (character) => expect(LINE_BREAKS.test(`a${character}b`)).toBe(true),
);

test.each(['', 'a\tb', ' ~', '\u00a0ü', '\u2027'])('a fact with %j is one line', (text) =>
  expect(LINE_BREAKS.test(text)).toBe(false),
);

test('facts from which a document must not be written say which, why, and that nothing was written', () => {
  expect(new FactError('scope', 'hostname', 'is empty')).toMatchObject({
    name: 'FactError',
    code: 'FACT_INVALID',
    document: 'scope',
    field: 'hostname',
    fault: 'is empty',
    message:
      "The scope cannot be written: hostname is empty. Nothing was written; look at the run's history with: cutover history latest",
  });
});
