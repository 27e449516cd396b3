import { expect, test } from '@jest/globals';
import { ActorError } from '../../src/actors/actor.js';
import { refuseSecrets } from '../../src/actors/refuse-secrets.js';

const findings = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ file: 'a.txt', line: index + 1, kind: 'jwt', text: 'never shown' }));
const refused = (count: number): ActorError => {
  try {
    refuseSecrets(findings(count));
  } catch (error) {
    return error as ActorError;
  }
  throw new Error('they were to be refused');
};
const WHAT_TO_DO =
  'Nothing of it was uploaded. Revoke each secret, remove it from the file or its name (or run the step again), then seal again. ' +
  'If it is none, a supervisor says so on the record: cutover accept-finding <run> --help';
const places = (count: number) =>
  findings(count)
    .map(({ line }) => `a.txt:${line} (jwt)`)
    .join(', ');

test('evidence without a secret is not refused', () => {
  expect(() => refuseSecrets([])).not.toThrow();
});

test.each([
  [1, `A secret is in the evidence, in ${places(1)}. ${WHAT_TO_DO}`],
  [2, `2 secrets are in the evidence, in ${places(2)}. ${WHAT_TO_DO}`],
  [10, `10 secrets are in the evidence, in ${places(10)}. ${WHAT_TO_DO}`],
  [11, `11 secrets are in the evidence, in ${places(10)}, and 1 more. ${WHAT_TO_DO}`],
])('%d: each is named by its place, up to ten', (count, message) => {
  const error = refused(count);
  expect(error).toBeInstanceOf(ActorError);
  expect([error.code, error.message]).toEqual(['SECRET_FOUND', message]);
});

test('the places are kept, up to a hundred, with how many there are; the text is not', () => {
  const listed = findings(100).map(({ file, line, kind }) => ({ file, line, kind }));
  expect(refused(101).options).toEqual({ details: { findings: listed, total: 101 } });
});
