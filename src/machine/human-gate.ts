import { comparable, isSamePerson } from '../evidence/person.js';
import type { Claim, PilotContext } from './context.js';

/** The claim that keeps these people from deciding at the human gate; null when there is none, or one of them holds it. */
export function claimOfAnother({ claim }: Pick<PilotContext, 'claim'>, people: readonly (string | undefined)[]): Claim | null {
  return claim === null || isSamePerson(comparable([claim.by]), comparable(people)) ? null : claim;
}
