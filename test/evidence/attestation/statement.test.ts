import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  attestationStatement,
  parseStatement,
  StatementError,
  statementJson,
  statementJsonSchema,
} from '../../../src/evidence/attestation/statement.js';
import { attested } from '../../actors/sealing-context.js';

const archive = { sha256: 'a'.repeat(64), md5: '', size: 7, files: 1, chainHead: 'b'.repeat(64) };
const statement = attestationStatement(attested(archive), { seq: 9, hash: 'c'.repeat(64) }, [
  { name: '60_evidence_seal_manifest.json', sha256: 'd'.repeat(64) },
]);
const text = statementJson(statement);

test('a statement is about the archive, and read as it was written', () => {
  expect(statement.subject).toEqual([{ name: 'evidence.tar.gz', digest: { sha256: archive.sha256 } }]);
  expect(parseStatement(text)).toEqual(statement);
});

test('the published schema is the one that is enforced', () => {
  const published = readFileSync(new URL('../../../docs/evidence-attestation.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(published)).toEqual(statementJsonSchema());
});

describe('a statement is refused', () => {
  test.each([
    ['no JSON', '{', 'is not JSON'],
    ['another type of statement', text.replace('Statement/v1', 'Statement/v0.1'), '_type: '],
    ['another predicate', text.replace('evidence-seal:v1', 'evidence-seal:v2'), 'predicateType: '],
    ['an unknown field', text.replace('"verdict":', '"approved":true,"verdict":'), 'predicate: Unrecognized key: "approved"'],
    ['a digest that is none', text.replace('a'.repeat(64), 'a'), 'must be 64 lower-case hexadecimal digits'],
    ['spaces that canonical JSON has not', text.replace('{', '{ '), 'is not the canonical JSON of what it says'],
  ])('with %s', (_what, changed, words) => {
    expect(changed).not.toBe(text);
    expect(() => parseStatement(changed)).toThrow(StatementError);
    expect(() => parseStatement(changed)).toThrow(words);
  });

  test('rather than written: with a digest that is none', () => {
    expect(() => attestationStatement(attested(archive), { seq: 9, hash: 'x' }, [])).toThrow(StatementError);
  });
});
