import type { SigningRole } from '../../config/policy.js';
import type { RunView } from '../../engine/engine.js';
import { contextOf } from '../run-facts.js';

/** The command that gives the signature of this role now: the sign-off, which is the first one, or one of those after it. */
export function signingCommand(view: RunView, role: SigningRole): string {
  const { runId } = view.run;
  return contextOf(view).signOff === null ? `cutover sign-off ${runId}` : `cutover sign ${runId} --role ${role}`;
}
