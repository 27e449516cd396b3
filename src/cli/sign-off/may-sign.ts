import type { SigningRole } from '../../config/policy.js';
import type { RunView } from '../../engine/engine.js';
import type { Identity } from '../../evidence/history-record.js';
import type { PilotContext } from '../../machine/context.js';
import { keyRefusal, nameRefusal, type Action } from '../../machine/permissions.js';
import { lookForDrift } from '../drift.js';
import { PermissionRefusedError } from '../errors.js';
import type { Io, Workspace } from '../io.js';
import { contextOf } from '../run-facts.js';
import { requireLevel } from '../sign-off-gate.js';
import type { SigningOptions } from './key-options.js';
import { allowedSignersOf } from './ssh-signing.js';

/**
 * Asked before anything else is: whether this could be signed at all, with a name or a key. Throws `SignatureRefusedError` where no key
 * counts, and what `requireNameMaySign` throws.
 */
export async function requireMaySign(
  view: RunView,
  role: SigningRole,
  options: SigningOptions & Asking,
  workspace: Workspace,
  io: Io,
): Promise<void> {
  const key = options.signWith ?? options.request;
  if (key === null) await requireNameMaySign(view, role, options, workspace, io);
  // A signature that came back is looked at as a whole.
  else if (options.response === null) allowedSignersOf(view, key);
}

interface Asking {
  readonly who: Identity;
  readonly acceptDrift: string | null;
}

/**
 * For who is about to sign with a name: asked before any question, so that nobody answers them all for nothing. Refuses only what stays
 * refused, whatever the answers are. Throws `SignatureRequiredError`, `PermissionRefusedError`, and what `lookForDrift` throws.
 */
async function requireNameMaySign(
  view: RunView,
  role: SigningRole,
  options: Asking,
  workspace: Workspace,
  io: Io,
): Promise<void> {
  const context = contextOf(view);
  requireLevel(view, { role, level: 'asserted' });
  // Without separation an operator hands in what a verifier has written: who signs off is then said by the form.
  if (context.signOff === null && !context.request.policy.separation) return;
  const action = signingAction(context, role);
  if (nameRefusal(context, action, options.who) === null) return;
  // AWS may know this person by a name that the policy lists.
  const { who } = await lookForDrift(view, { ...options, purpose: 'sign' }, workspace, io);
  refuse(view, nameRefusal(context, action, who));
}

/** For a key that is about to sign, here or elsewhere: by the name that its statement has. Throws `PermissionRefusedError`. */
export function requireKeyMaySign(view: RunView, { role, signer }: { role: SigningRole; signer: string }): void {
  const context = contextOf(view);
  refuse(view, keyRefusal(context, signingAction(context, role), signer));
}

function signingAction({ signOff }: PilotContext, role: SigningRole): Action {
  return signOff === null ? 'sign-off' : `sign --role ${role}`;
}

function refuse(view: RunView, refusal: string | null): void {
  if (refusal !== null) throw new PermissionRefusedError(refusal, view.run.runId);
}
