import type { Identity } from './history-record.js';

/** A person's name with how sure it is: `operator (asserted)`. What the engine says under a driver is no person's word. */
export function named({ user, level }: Pick<Identity, 'user' | 'level'>): string {
  return level === 'engine' ? user : `${user} (${level})`;
}

/**
 * Whom a written name is of: what stands in angle brackets, as in `Name <name@example.com>`, else all of it. Allowed signers list people
 * by that (ssh-keygen(1), "ALLOWED SIGNERS").
 */
export function principalIn(name: string): string {
  return /<([^<>\s]+)>\s*$/.exec(name)?.[1] ?? name.trim();
}

/** All that is known of a person, on a line: `operator (asserted), host jumphost, account op, operator@example.com, arn:aws:...`. */
export function describePerson(who: Identity): string {
  const { host, osUser, email, awsArn } = who;
  return [named(who), `host ${host}`, ...(osUser === undefined ? [] : [`account ${osUser}`]), email, awsArn]
    .filter((part) => part !== null && part !== undefined)
    .join(', ');
}

/** Every name by which a person is known, comparable: another case, or another form of Unicode, is no other person. */
export function namesOf({ user, email, osUser, awsArn }: Omit<Identity, 'host' | 'level'>): readonly string[] {
  return comparable([user, email, osUser, awsArn === undefined ? null : personAtAws(awsArn)]);
}

/**
 * What is in angle brackets is a name by itself: who is written with a full name has no other address than without. What nobody sees
 * (zero-width characters, soft hyphens, marks of direction) tells no two people apart.
 */
export function comparable(names: readonly (string | null | undefined)[]): readonly string[] {
  const folded = names
    .map((name) => (name ?? '').normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, ''))
    .map((name) => name.replaceAll(/\s+/g, ' ').trim().toLowerCase())
    .flatMap((name) => [name, principalIn(name)]);
  return [...new Set(folded)].filter((name) => name !== '');
}

/**
 * The one person behind an ARN, as far as it names one: an IAM or federated user, the session of IAM Identity Center (its roles begin
 * with AWSReservedSSO_, the session is called as the user), or a session that is called by a mail address. Null for the others: a
 * machine's role or a pipeline's is many people's, and the SDK makes up a session's name anew each time.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
function personAtAws(arn: string): string | null {
  const [kind, name, session] = (arn.split(':')[5] ?? '').split('/');
  if (kind === 'user' || kind === 'federated-user') return arn;
  if (kind !== 'assumed-role' || name === undefined || session === undefined) return null;
  return name.startsWith('AWSReservedSSO_') || session.includes('@') ? session : null;
}

/** Of a key, as `ssh-keygen -l` shows it. */
export function isFingerprint(name: string): boolean {
  return /^\s*sha256:/i.test(name);
}

/** One name in common is enough: who shares an account or an address can't be told apart. */
export function isSamePerson(a: readonly string[], b: readonly string[]): boolean {
  return a.some((name) => b.includes(name));
}
