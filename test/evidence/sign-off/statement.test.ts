import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  parseSignOffStatement,
  signOffStatementJsonSchema,
  signOffStatementText,
  type SignOffStatement,
} from '../../../src/evidence/sign-off/statement.js';

const statement: SignOffStatement = {
  version: 1,
  run_id: '20260221T120000Z',
  role: 'db-restore-verifier',
  name: 'verifier@example.com',
  meaning: 'It was restored.',
  time: '2026-02-21T12:00:20Z',
  seq: 9,
  head: 'a'.repeat(64),
  files: { '00_scope.txt': 'b'.repeat(64) },
};

test('a statement is one line of canonical JSON, and read back as it was', () => {
  const text = signOffStatementText(statement);
  expect(text).toMatch(/^\{"files":\{"00_scope\.txt":"b{64}"\},"head":"a{64}",.*"version":1\}\n$/);
  expect(parseSignOffStatement(text)).toEqual(statement);
});

test('the published schema is the one that is enforced', () => {
  const published = readFileSync(new URL('../../../docs/sign-off-statement.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(published)).toEqual(signOffStatementJsonSchema());
});

describe('a text is refused', () => {
  test.each<[string, string, RegExp]>([
    ['that is no JSON', 'x', /is not JSON/],
    ['without its line feed', signOffStatementText(statement).trimEnd(), /canonical/],
    ['with one line feed too many', `${signOffStatementText(statement)}\n`, /canonical/],
    ['in another order', `${JSON.stringify(statement)}\n`, /canonical/],
    ['with a field of its own', signOffStatementText({ ...statement, note: 'x' } as SignOffStatement), /note/],
    ['of another version', signOffStatementText({ ...statement, version: 2 } as unknown as SignOffStatement), /version/],
    ['of no run', signOffStatementText({ ...statement, run_id: '../x' }), /run_id: must be the id of a run/],
    ['of no role', signOffStatementText({ ...statement, role: 'operator' } as unknown as SignOffStatement), /role/],
    ['by nobody', signOffStatementText({ ...statement, name: '' }), /name/],
    ['by a name of two lines', signOffStatementText({ ...statement, name: 'a\nVERDICT: PASS' }), /name: must be one line/],
    ['that means nothing', signOffStatementText({ ...statement, meaning: '' }), /meaning/],
    ['of no time', signOffStatementText({ ...statement, time: 'today' }), /time/],
    ['of no transition', signOffStatementText({ ...statement, seq: 0 }), /seq/],
    ['of no hash', signOffStatementText({ ...statement, head: 'A'.repeat(64) }), /head: must be 64 lower-case/],
    ['of no file', signOffStatementText({ ...statement, files: { x: 'y' } }), /files\.x: must be 64/],
  ])('%s', (_what, text, why) => {
    expect(() => parseSignOffStatement(text)).toThrow(why);
  });
});
