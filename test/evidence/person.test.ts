import { expect, test } from '@jest/globals';
import {
  comparable,
  describePerson,
  isFingerprint,
  isSamePerson,
  named,
  namesOf,
  principalIn,
} from '../../src/evidence/person.js';

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
  ['what nobody sees', 'kim\u200b@exam\u00adple.com\u202e', 'kim@example.com'],
  ['a blank more', 'Kim  Lee', 'kim lee'],
  ['another form of Unicode', 'ｋｉｍ@example.com', 'kim@example.com'],
])('%s makes no other person', (_what, written, known) => {
  expect(isSamePerson(comparable([written]), comparable([known]))).toBe(true);
  expect(isSamePerson(comparable([written]), comparable(['lee@example.com', null, '']))).toBe(false);
});

const person = { user: 'kim', host: 'jumphost', email: 'kim@example.com', osUser: 'op', level: 'asserted' } as const;
const at = (resource: string) => ({ ...person, awsArn: `arn:aws:sts::000000000000:${resource}` });

test('all that is known of a person stands on a line, with how sure it is', () => {
  expect(describePerson(at('assumed-role/deployer/session'))).toBe(
    'kim (asserted), host jumphost, account op, kim@example.com, arn:aws:sts::000000000000:assumed-role/deployer/session',
  );
  const earlier = { user: 'kim', host: 'jumphost', level: 'asserted' } as const;
  expect(describePerson({ ...earlier, email: null })).toBe('kim (asserted), host jumphost');
});

test.each([
  ['a user', 'user/division/Kim', 'arn:aws:sts::000000000000:user/division/kim'],
  ['a federated user', 'federated-user/kim', 'arn:aws:sts::000000000000:federated-user/kim'],
  ['a session of IAM Identity Center', 'assumed-role/AWSReservedSSO_Admin_0123456789abcdef/Kim.Lee', 'kim.lee'],
  ['a session that is called by an address', 'assumed-role/deployer/kim@other.example.com', 'kim@other.example.com'],
])('%s at AWS is a person, by a name more', (_what, resource, name) => {
  expect(namesOf(at(resource))).toEqual(['kim', 'kim@example.com', 'op', name]);
});

test.each([
  ['an instance', 'assumed-role/bastion/i-0123456789abcdef0'],
  ['a session that the SDK named', 'assumed-role/deployer/aws-sdk-js-1700000000000'],
  ['the root of the account', 'root'],
  ['a role without a session', 'assumed-role/deployer'],
  ['a role itself, whatever it is called', 'role/deployers/kim@other.example.com'],
  ['nothing', ''],
])('%s at AWS is many people, or none: no name of anybody', (_what, resource) => {
  expect(namesOf(at(resource))).toEqual(namesOf(person));
});

test('one name in common is one person, whatever its case or form', () => {
  expect(isSamePerson(namesOf(person), namesOf({ user: 'ＫＩＭ ', email: null }))).toBe(true);
  expect(isSamePerson(namesOf(person), namesOf({ user: 'lee', email: null, osUser: 'lee' }))).toBe(false);
});

test('what the engine says under the name of a driver is shown as no word of theirs', () => {
  expect([named(person), named({ ...person, level: 'engine' })]).toEqual(['kim (asserted)', 'kim']);
});

test('a fingerprint is known by its first word, in any case', () => {
  const names = ['SHA256:abc', ' sha256:abc', 'kim SHA256:abc', 'kim'];
  expect(names.map(isFingerprint)).toEqual([true, true, false, false]);
});
