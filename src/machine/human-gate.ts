import { comparable, isSamePerson, named } from '../evidence/person.js';
import type { Claim, PilotContext } from './context.js';

/** The claim that keeps these people from deciding at the human gate; null when there is none, or one of them holds it. */
export function claimOfAnother({ claim }: Pick<PilotContext, 'claim'>, people: readonly (string | undefined)[]): Claim | null {
  return claim === null || isSamePerson(comparable([claim.by]), comparable(people)) ? null : claim;
}

/** Who holds the gate, with how sure that is: a claim goes by the name that a command was given under, and nobody proves it. */
export function claimant({ by }: Claim): string {
  return named({ user: by, level: CLAIM_LEVEL });
}

/** Of every claim: no key is asked for one. */
export const CLAIM_LEVEL = 'asserted';
