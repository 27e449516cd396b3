import type { Claim, PilotContext, SignOff } from './context.js';

/** The claim that keeps these people from deciding at the human gate; null when there is none, or one of them holds it. */
export function claimOfAnother({ claim }: Pick<PilotContext, 'claim'>, people: readonly (string | undefined)[]): Claim | null {
  return claim === null || people.includes(claim.by) ? null : claim;
}

/** Why a sign-off of this level does not count under the frozen policy, in a few words; null when it does. */
export function signOffLevelFault(
  { request }: Pick<PilotContext, 'request'>,
  { role, level, signature }: Pick<SignOff, 'role' | 'level' | 'signature'>,
): string | null {
  if ((level === 'ssh-verified') !== (signature !== undefined))
    return `it is ${level}, but ${signature ? 'signed' : 'not signed'}`;
  const minimum = request.policy.roles[role].minimumLevel;
  return minimum === 'ssh-verified' && level === 'asserted' ? 'the policy wants one that is ssh-verified' : null;
}
