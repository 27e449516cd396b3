import type { SigningRole } from '../../config/policy.js';
import type { RunView } from '../../engine/engine.js';
import type { PilotContext } from '../../machine/context.js';
import { isLevelEnough } from '../../machine/permissions.js';
import { contextOf } from '../run-facts.js';

/** The command that gives the signature of this role now: the sign-off, which is the first one, or one of those after it. */
export function signingCommand(view: RunView, role: SigningRole): string {
  const { runId } = view.run;
  return contextOf(view).signOff === null ? `cutover sign-off ${runId}` : `cutover sign ${runId} --role ${role}`;
}

/** Where git does not see it, and of a name that no other run's has: a request is never written over. */
export function requestFile(runId: string, what: string): string {
  return `.cutover/${what}-${runId}.json`;
}

/** The command that follows once the form is complete. */
export function commandAfterForm(view: RunView, role: SigningRole): string {
  return isFormEnough(contextOf(view)) ? `cutover resume ${view.run.runId}` : signingCommand(view, role);
}

/**
 * Whether the completed form by itself is a sign-off, as the runbook has it, with which an operator goes on. With separation of duties no
 * operator gives one; nor is a form signed with a key, or counts after a sign-off was withdrawn.
 */
export function isFormEnough({ signOff, signOffWithdrawn, request: { policy } }: PilotContext): boolean {
  const isFirst = signOff === null && signOffWithdrawn === null;
  return isFirst && !policy.separation && isLevelEnough(policy, 'db-restore-verifier', 'asserted');
}
