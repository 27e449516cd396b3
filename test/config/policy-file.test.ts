import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { NO_POLICY } from '../../src/config/policy.js';
import { parsePolicy } from '../../src/config/policy-file.js';
import { YamlFileError } from '../../src/config/yaml-file.js';

const FILE = '/site/cutover.policy.yaml';
const SIGNERS = 'verifier@example.com ssh-ed25519 AAAA\n';

function parse(text: string) {
  return parsePolicy(FILE, Buffer.from(text), (name) => `# ${name}\n${SIGNERS}`);
}

/** What is wrong with it, as it is told. */
function problems(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof YamlFileError) return error.problems.map(({ line, key, message }) => `${line} ${key}: ${message}`);
    throw error;
  }
  return [];
}

describe('a policy', () => {
  test('that says nothing but its version separates duties, and leaves the rest as without one', () => {
    const text = 'version: 1\n';
    const sha256 = createHash('sha256').update(text).digest('hex');
    expect(parse(text)).toEqual({ ...NO_POLICY, sha256, separation: true });
  });

  test('says who may do what', () => {
    const policy = parse(`
version: 1
allowed_signers: signers
roles:
  supervisor: { members: [lead@example.com] }
  db-restore-verifier: { members: [verifier@example.com, colleague@example.com], minimum_level: ssh-verified, quorum: 2 }
  sre-lead: { quorum: 1 }
pause: { expires_after_hours: 72, remind_after_hours: [48, 24] }
post_review_days: 3
`);
    expect(policy.allowedSigners).toBe(`# signers\n${SIGNERS}`);
    expect(policy.roles).toEqual({
      ...NO_POLICY.roles,
      supervisor: { members: ['lead@example.com'], minimumLevel: 'asserted', quorum: 0 },
      'db-restore-verifier': {
        members: ['verifier@example.com', 'colleague@example.com'],
        minimumLevel: 'ssh-verified',
        quorum: 2,
      },
      'sre-lead': { members: null, minimumLevel: 'asserted', quorum: 1 },
    });
    expect(policy.pause).toEqual({ expiresAfterHours: 72, remindAfterHours: [24, 48] });
    expect(policy.postReviewDays).toBe(3);
  });

  test.each([
    ['an unknown key with a near one', 'version: 1\nseparaton: true\n', '2 separaton: is not known; did you mean separation?'],
    [
      'an unknown key, deep inside',
      'version: 1\nroles:\n  sre-lead:\n    quorun: 1\n',
      '4 roles.sre-lead.quorun: is not known; did you mean quorum?',
    ],
    [
      'an unknown role',
      'version: 1\nroles:\n  auditor: {}\n',
      '3 roles.auditor: is not known; known here: operator, supervisor, db-restore-verifier, sre-lead, engineering-lead',
    ],
    [
      'a key asked of those who sign nothing',
      'version: 1\nroles:\n  supervisor:\n    minimum_level: ssh-verified\n',
      '4 roles.supervisor.minimum_level: is not known; known here: members',
    ],
    ['a key that is there twice', 'version: 1\nversion: 1\n', expect.stringMatching(/^2 : .*unique/)],
    ['no YAML', 'version: [1\n', expect.stringMatching(/^2 : /)],
    ['no text', '', expect.stringMatching(/^null version: /)],
    ['a list', '- version\n', expect.stringMatching(/^null : .*object/)],
    ['another version', 'version: 2\n', expect.stringMatching(/^1 version: .*1/)],
    [
      'a gate that is never closed',
      'version: 1\nroles:\n  db-restore-verifier:\n    quorum: 0\n',
      '4 roles.db-restore-verifier.quorum: must be 1 or more: the gate is never open',
    ],
    ['no members', 'version: 1\nroles:\n  operator:\n    members: []\n', expect.stringMatching(/^4 roles.operator.members: /)],
    [
      'a key that nobody can have',
      'version: 1\nroles:\n  sre-lead:\n    minimum_level: ssh-verified\n',
      '4 roles.sre-lead.minimum_level: wants a key, and without allowed_signers nobody has one that counts',
    ],
    [
      'more signatures than there are people for',
      'version: 1\nroles:\n  sre-lead:\n    members: [lead@example.com, A Lead <Lead@example.com>]\n    quorum: 2\n',
      '5 roles.sre-lead.quorum: must not be more than the people in members (1)',
    ],
    [
      'a reminder when the gate is closed',
      'version: 1\npause: { expires_after_hours: 24, remind_after_hours: [12, 24] }\n',
      '2 pause.remind_after_hours: must be less than expires_after_hours (24): the gate is closed then',
    ],
    [
      'a signature that only the operator could give',
      'version: 1\nroles:\n  operator: { members: [kim] }\n  db-restore-verifier:\n    members: [Kim]\n',
      '5 roles.db-restore-verifier.members: has too few besides the one operator, who cannot sign what they drove (separation)',
    ],
    [
      'a decision that only a key could make',
      'version: 1\nroles:\n  supervisor:\n    members: ["SHA256:abcdef"]\n',
      '4 roles.supervisor.members: must not be keys only: a decision carries no key',
    ],
    ['an alias', 'version: &one 1\npost_review_days: *one\n', expect.stringMatching(/^null : .*[Aa]lias/)],
    [
      'time that runs back',
      'version: 1\npause:\n  expires_after_hours: -1\n',
      expect.stringMatching(/^3 pause.expires_after_hours: /),
    ],
  ])('with %s is refused, and the place is named', (_what, text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  test.each([
    ['nothing', ''],
    ['comments only', '# to be filled in\n\n'],
    ['a public key without a principal', 'ssh-ed25519 AAAA verifier@example.com\n'],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n'],
    ['a principal without a key', `${SIGNERS}colleague@example.com\n`],
  ])('whose list of allowed signers holds %s is refused, and nothing of it is repeated', (_what, signers) => {
    const read = () => parsePolicy(FILE, Buffer.from('version: 1\nallowed_signers: signers\n'), () => signers);
    expect(read).toThrow(/:2: allowed_signers: signers(?::\d)? (?:lists nobody|is no allowed signer)/);
    expect(read).not.toThrow(/b3Blb|colleague/);
  });

  test.each([
    'verifier@example.com,v2@example.com namespaces="sign-off@cutover" ssh-ed25519 AAAA= a comment',
    '*@example.com cert-authority,valid-before="20270101" ecdsa-sha2-nistp256 AAAA',
    'verifier@example.com sk-ssh-ed25519@openssh.com AAAA\r',
    '"a verifier@example.com" ssh-rsa AAAA==',
  ])('takes what ssh-keygen takes for an allowed signer: %s', (line) => {
    const { allowedSigners } = parsePolicy(FILE, Buffer.from('version: 1\nallowed_signers: signers\n'), () => `${line}\n`);
    expect(allowedSigners).toBe(`${line}\n`);
  });

  test('with several faults names all of them', () => {
    expect(problems('version: 3\nrols: {}\n')).toHaveLength(2);
  });
});
