import { expect, test } from '@jest/globals';
import { productionInText } from '../../../src/actors/staging/production-in-text.js';

test.each([
  ['https://api.prod.example.com', 'prod'],
  ['db:\n  primary:\n    host: db.production.example.com\n', 'production'],
  ['{"url":"postgres:\\/\\/PROD-db:5432"}', 'PROD'],
  ['{"db":"\\u0070rod-db"}', 'prod'],
  ['{"db":"\\u005CU0070rod"}', null],
  ['{"db":"\\u0070\\u0072\\u006F\\u0064-db"}', 'prod'],
  ['{"a":"x\\nprod-db"}', 'prod'],
  ['{"a":"x\\tprod-db"}', 'prod'],
  ['{"a":"x\\rprod-db"}', 'prod'],
  ['{"a":"x\\bprod-db"}', 'prod'],
  ['{"a":"x\\fprod-db"}', 'prod'],
  ['{"a":"pr\\"od"}', null],
  ['{"a":"x\\zprod"}', null],
  ['{"inner":"{\\"hosts\\":\\"a\\\\nprod-db\\"}"}', 'prod'],
  ['host: db.staging.example.com', null],
  ['', null],
])('%j refers to production with %j', (text, part) => {
  expect(productionInText(text)).toBe(part);
});

/** `x\nprod` with its backslash escaped so many times: seen from within, a line that begins with prod. */
const nested = (levels: number) => `x${'\\'.repeat(2 ** levels)}nprod`;

test('is seen in documents within documents, as deep as anybody nests them', () => {
  expect(productionInText(nested(0))).toBe('prod');
  expect(productionInText(nested(3))).toBe('prod');
  expect(productionInText(nested(4))).toBeNull();
});

test('escapes become what they stand for', () => {
  expect(productionInText('non\\nprod')).toBe('prod');
  expect(productionInText('non\\u002Dprod')).toBeNull();
  expect(productionInText('pre\\u005fprod')).toBeNull();
  expect(productionInText('db\\/prod')).toBe('prod');
});
