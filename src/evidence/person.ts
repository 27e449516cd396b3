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

/** Every name by which a person is known, comparable: another case, or another form of Unicode, is no other person. */
export function namesOf({ user, email, osUser }: Pick<Identity, 'user' | 'email' | 'osUser'>): readonly string[] {
  return comparable([user, email, osUser]);
}

/** What is in angle brackets is a name by itself: who is written with a full name has no other address than without. */
export function comparable(names: readonly (string | null | undefined)[]): readonly string[] {
  const folded = names
    .map((name) => (name ?? '').normalize('NFKC').trim().toLowerCase())
    .flatMap((name) => [name, principalIn(name)]);
  return [...new Set(folded)].filter((name) => name !== '');
}

/** One name in common is enough: who shares an account or an address can't be told apart. */
export function isSamePerson(a: readonly string[], b: readonly string[]): boolean {
  return a.some((name) => b.includes(name));
}
