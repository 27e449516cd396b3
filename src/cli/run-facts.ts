import { NO_POLICY } from '../config/policy.js';
import { PILOT_SITE } from '../config/site.js';
import type { StoredSnapshot } from '../engine/definition.js';
import type { RunView } from '../engine/engine.js';
import { proven, type PilotContext } from '../machine/context.js';
import { missingSignatures } from '../machine/signatures.js';

/**
 * What the machine remembers of a run. To go on with it, the snapshot was checked against this version when it was loaded; to be looked
 * at, a run of an earlier version need not know of policies and of who drove it.
 */
export function contextOf({ snapshot }: { readonly snapshot: StoredSnapshot | unknown }): PilotContext {
  const context = (snapshot as StoredSnapshot).context as PilotContext;
  return 'acceptedDrift' in context ? context : earlier(context);
}

const UNKNOWN_EARLIER = { drivers: [], countersignatures: [], signers: [], acceptedDrift: [], pause: null, claim: null };
const UNASKED_EARLIER = { policy: NO_POLICY, again: null, site: PILOT_SITE, channels: [], configFile: null, origins: {} };

function earlier({ request, exceptions, ...known }: PilotContext): PilotContext {
  return {
    ...UNKNOWN_EARLIER,
    ...known,
    request: { ...UNASKED_EARLIER, ...request },
    exceptions: exceptions.map(({ reviewBy = 'not recorded', ...exception }) => ({ ...exception, reviewBy })),
  };
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

/** Whose signatures a waiting run waits for: `db-restore-verifier x2, sre-lead`; null for a run that does not wait. */
export function waitingOn(view: RunView): string | null {
  if (view.run.status !== 'waiting') return null;
  return missingText(contextOf(view));
}

/** The roles whose signatures are missing, as `waitingOn` has them. */
export function missingText(context: PilotContext): string {
  return missingSignatures(context)
    .map(({ role, missing }) => (missing === 1 ? role : `${role} x${missing}`))
    .join(', ');
}

/** Nothing drives it any more, and nothing will without a person. */
export function isResting({ run }: RunView): boolean {
  return run.status !== 'active';
}

/** Sealed as evidence of a run that did not pass: a final state, unlike any other with the status `failed`. */
export function isSealedAsFailed({ run }: RunView): boolean {
  return run.state === 'sealedAsFailed';
}
