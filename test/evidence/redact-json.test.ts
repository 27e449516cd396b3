import { expect, test } from '@jest/globals';
import { jsonRedactor } from '../../src/evidence/redact-json.js';
import { UPPER, word } from './secret-examples.js';

const SECRET = 'correct-horse';
const redact = jsonRedactor([{ name: 'DEPLOY_TOKEN', value: SECRET }]);

test('every string of a JSON value is redacted, in lists and in fields, and all else is as it was', () => {
  const value = {
    text: `a ${SECRET} b`,
    key: `AKIA${word(UPPER, 16)}`,
    list: [SECRET, ['plain', 1, null, { deep: SECRET, none: undefined }]],
    [SECRET]: true,
    empty: {},
    nothing: [],
  };
  const before = structuredClone(value);
  expect(redact(value)).toStrictEqual({
    text: 'a [REDACTED:env-DEPLOY_TOKEN] b',
    key: '[REDACTED:aws-access-key-id]',
    list: ['[REDACTED:env-DEPLOY_TOKEN]', ['plain', 1, null, { deep: '[REDACTED:env-DEPLOY_TOKEN]', none: undefined }]],
    [SECRET]: true,
    empty: {},
    nothing: [],
  });
  expect(value).toStrictEqual(before);
});

test.each([[null], [undefined], [1], [false], ['plain ü']])('a value that is no secret stays itself: %j', (value) => {
  expect(redact(value)).toBe(value);
});

test('a string is redacted alone, without a line feed at its end', () => {
  expect(redact(`one\n${SECRET}`)).toBe('one\n[REDACTED:env-DEPLOY_TOKEN]');
});
