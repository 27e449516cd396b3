import { createHash } from 'node:crypto';
import { z } from 'zod';
import { LEVELS, NO_POLICY, ROLES, SIGNING_ROLES, type Policy, type PolicyRole } from './policy.js';
import { comparable, isFingerprint, isSamePerson } from '../evidence/person.js';
import { readYaml, YamlFileError } from './yaml-file.js';

const hours = z
  .number()
  .positive()
  .max(24 * 366);
const members = z
  .array(z.string().trim().min(1))
  .min(1)
  .describe('User names, mail addresses or key fingerprints (SHA256:...); without it: anyone.');
const minimumLevel = z.enum(LEVELS).describe('What its signatures must at least be; asserted, if nothing is said.');

/** Of a decision nobody can be asked for a key: only signatures carry one. */
const acting = z.strictObject({ members: members.optional() });
const signing = z.strictObject({
  ...acting.shape,
  minimum_level: minimumLevel.optional(),
  quorum: z.int().min(0).max(9).optional().describe('How many different people of the role must sign before anything is sealed.'),
});

/** cutover.policy.yaml, as a site writes it. */
const fields = z.strictObject({
  version: z.literal(1),
  separation: z.boolean().optional().describe('Separation of duties; true, if nothing is said.'),
  allowed_signers: z
    .string()
    .min(1)
    .optional()
    .describe('A file of allowed signers (ssh-keygen), relative to this one: its text is frozen with the policy.'),
  roles: z
    .strictObject({
      operator: acting.optional(),
      supervisor: acting.optional(),
      'db-restore-verifier': signing
        .refine(({ quorum }) => quorum !== 0, { path: ['quorum'], message: 'must be 1 or more: the gate is never open' })
        .optional(),
      'sre-lead': signing.optional(),
      'engineering-lead': signing.optional(),
    })
    .optional(),
  pause: z
    .strictObject({
      expires_after_hours: hours.optional().describe('After that the human gate must be armed anew, by a replay.'),
      remind_after_hours: z.array(hours).max(20).optional(),
    })
    .optional(),
  post_review_days: z.int().min(1).max(366).optional(),
});

/** What could never be satisfied is said before a run is started for it, not when the last signature is missing. */
const schema = fields.superRefine(({ allowed_signers: signers, roles, pause, separation = true }, context) => {
  const fault = (role: PolicyRole, key: string, message: string) =>
    context.addIssue({ code: 'custom', path: ['roles', role, key], message });
  for (const role of ['operator', 'supervisor'] as const) {
    const known = roles?.[role]?.members ?? [];
    if (known.length > 0 && known.every(isFingerprint))
      fault(role, 'members', 'must not be keys only: a decision carries no key');
  }
  const { expires_after_hours: expiry = Infinity, remind_after_hours: reminders = [] } = pause ?? {};
  if (reminders.some((after) => after >= expiry)) {
    const message = `must be less than expires_after_hours (${expiry}): the gate is closed then`;
    context.addIssue({ code: 'custom', path: ['pause', 'remind_after_hours'], message });
  }
  for (const role of SIGNING_ROLES) {
    const { members: known, minimum_level: level, quorum } = roles?.[role] ?? {};
    if (level === 'ssh-verified' && signers === undefined)
      fault(role, 'minimum_level', 'wants a key, and without allowed_signers nobody has one that counts');
    const people = known === undefined ? Infinity : peopleIn(known);
    if ((quorum ?? 0) > people) fault(role, 'quorum', `must not be more than the people in members (${people})`);
    const operators = roles?.operator?.members ?? [];
    const wanted = quorum ?? NO_POLICY.roles[role].quorum;
    if (separation && known !== undefined && peopleIn(operators) === 1 && wanted > peopleIn(known, comparable(operators))) {
      fault(role, 'members', 'has too few besides the one operator, who cannot sign what they drove (separation)');
    }
  }
});

/** The published JSON Schema of the policy. */
export function policyJsonSchema(): object {
  return { title: 'cutover.policy.yaml', ...z.toJSONSchema(schema, { io: 'input' }) };
}

/**
 * Reads a policy. `readSigners` gives the text of the file of allowed signers that the policy names; its errors go through.
 * Throws `YamlFileError`.
 */
export function parsePolicy(file: string, bytes: Buffer, readSigners: (name: string) => string): Policy {
  const { value, line } = readYaml(file, bytes.toString('utf8'), schema);
  const { separation, allowed_signers: signers, roles, pause, post_review_days: days } = value;
  const allowedSigners = signers === undefined ? null : readSigners(signers);
  if (signers !== undefined && allowedSigners !== null) {
    const fault = faultOfSigners(signers, allowedSigners);
    const key = 'allowed_signers';
    if (fault !== null) throw new YamlFileError(file, [{ line: line([key]), key, message: fault }]);
  }
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    roles: Object.fromEntries(ROLES.map((role) => [role, roleOf(role, roles?.[role])])) as Policy['roles'],
    separation: separation ?? true,
    allowedSigners,
    pause: {
      expiresAfterHours: pause?.expires_after_hours ?? null,
      remindAfterHours: (pause?.remind_after_hours ?? []).toSorted((a, b) => a - b),
    },
    postReviewDays: days ?? NO_POLICY.postReviewDays,
  };
}

function roleOf(role: PolicyRole, given: Partial<z.output<typeof signing>> | undefined): Policy['roles'][PolicyRole] {
  const defaults = NO_POLICY.roles[role];
  const isSigning = (SIGNING_ROLES as readonly string[]).includes(role);
  return {
    members: given?.members ?? null,
    minimumLevel: given?.minimum_level ?? defaults.minimumLevel,
    quorum: isSigning ? (given?.quorum ?? defaults.quorum) : 0,
  };
}

function peopleIn(members: readonly string[], except: readonly string[] = []): number {
  const people = members.map((member) => comparable([member])).filter((one) => !isSamePerson(one, except));
  return people.filter((one, index) => !people.slice(0, index).some((before) => isSamePerson(before, one))).length;
}

/** `principals [options] keytype base64-key [comment]`. Source: ssh-keygen(1), "ALLOWED SIGNERS". */
const SIGNER = /^\S.*\s(?:ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9-]+)(?:@openssh\.com)?\s+[A-Za-z0-9+/]+=*(?:\s|$)/;

/** ssh-keygen passes over what it can't read: nobody would know before it is time to sign. No line is repeated: it may be a secret. */
function faultOfSigners(name: string, text: string): string | null {
  const lines = text.split('\n').map((line) => line.trim());
  const isSaid = (line: string) => line !== '' && !line.startsWith('#');
  const wrong = lines.findIndex((line) => isSaid(line) && !SIGNER.test(line));
  if (wrong >= 0) return `${name}:${wrong + 1} is no allowed signer: principals, options and a public key, as ssh-keygen(1) says`;
  return lines.some(isSaid) ? null : `${name} lists nobody`;
}
