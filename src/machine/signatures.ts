import { SIGNING_ROLES, type SigningRole } from '../config/policy.js';
import type { PilotContext, SignOff } from './context.js';

/** The signature of another person than the one who signed off: of a further verifier, or of a lead. Binds the very same files. */
export interface Countersignature extends Omit<SignOff, 'role'> {
  readonly role: SigningRole;
}

/** All that count, the sign-off first. */
export function signaturesOf({
  signOff,
  countersignatures,
}: Pick<PilotContext, 'signOff' | 'countersignatures'>): readonly Countersignature[] {
  return signOff === null ? [] : [signOff, ...countersignatures];
}

/** How many more people of which role must sign before anything is sealed, by the frozen policy. */
export interface MissingSignatures {
  readonly role: SigningRole;
  readonly missing: number;
}

/** Empty when the gate can be left. `another`: as if someone of this role had signed, too. */
export function missingSignatures(
  context: Pick<PilotContext, 'signOff' | 'countersignatures' | 'request'>,
  another: SigningRole | null = null,
): readonly MissingSignatures[] {
  const signed = [...signaturesOf(context).map(({ role }) => role), ...(another === null ? [] : [another])];
  return SIGNING_ROLES.flatMap((role) => {
    const missing = context.request.policy.roles[role].quorum - signed.filter((one) => one === role).length;
    return missing > 0 ? [{ role, missing }] : [];
  });
}

/** It is of this run, and signs what the sign-off has bound. */
export function isOfTheSignOff({ runId, signOff }: PilotContext, { runId: of, files }: Countersignature): boolean {
  if (signOff === null || of !== runId) return false;
  const names = Object.keys(files);
  return names.length === Object.keys(signOff.files).length && names.every((name) => files[name] === signOff.files[name]);
}

/** What says that it is ssh-verified carries the signature, and nothing else does. */
export function isSignedAsItSays({ level, signature }: Pick<SignOff, 'level' | 'signature'>): boolean {
  return (level === 'ssh-verified') === (signature !== undefined);
}

/** `asserted`, or `ssh-verified` with the fingerprint of the key. */
export function levelOf({ level, signature }: Pick<SignOff, 'level' | 'signature'>): string {
  return signature === undefined ? level : `${level} ${signature.fingerprint}`;
}
