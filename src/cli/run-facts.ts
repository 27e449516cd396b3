import type { StoredSnapshot } from '../engine/definition.js';
import type { RunView } from '../engine/engine.js';
import { proven, type PilotContext } from '../machine/context.js';

/** What the machine remembers of a run. The snapshot was checked against this version when it was loaded. */
export function contextOf({ snapshot }: { readonly snapshot: StoredSnapshot | unknown }): PilotContext {
  return (snapshot as StoredSnapshot).context as PilotContext;
}

/** The published verdict, or null while there is none. */
export function verdictOf(view: RunView): 'PASS' | 'FAIL' | null {
  const context = contextOf(view);
  return context.results.summarizing === undefined ? null : proven(context, 'summarizing').verdict;
}

/** The change ticket as it was given, before the preflight as well; null: none was. */
export function changeTicketOf({ request }: PilotContext): string | null {
  return request.variables.CUTOVER_CHANGE_TICKET?.trim() || null;
}

/** Nothing drives it any more, and nothing will without a person. */
export function isResting({ run }: RunView): boolean {
  return run.status !== 'active';
}

/** Sealed as evidence of a run that did not pass: a final state, unlike any other with the status `failed`. */
export function isSealedAsFailed({ run }: RunView): boolean {
  return run.state === 'sealedAsFailed';
}
