import type { RunEvent } from '../engine/definition.js';
import type { RunView } from '../engine/engine.js';
import type { Identity } from '../evidence/history-record.js';
import { isDriver } from '../machine/drivers.js';
import type { PilotEvent } from '../machine/events.js';
import { permissionRefusal } from '../machine/permissions.js';
import { named } from '../evidence/person.js';
import { PermissionRefusedError } from './errors.js';
import { contextOf } from './run-facts.js';

/**
 * The event, if the frozen policy lets this person ask for it. The machine's guards refuse it as well; here it is said why.
 * Throws `PermissionRefusedError`.
 */
export function permitted<Event extends RunEvent>(view: RunView, who: Identity, event: Event): Event {
  // Its time is not known before it is committed, and no permission asks for it.
  const asked = { ...event, at: view.run.updatedAt, seq: view.run.headSeq + 1, who } as unknown as PilotEvent;
  const refusal = permissionRefusal(contextOf(view), asked);
  if (refusal !== null) throw new PermissionRefusedError(refusal, view.run.runId);
  return event;
}

/** For who drives a run on: on record as its driver, or let by the policy to become one. Throws `PermissionRefusedError`. */
export function requireDriver(view: RunView, who: Identity): void {
  if (!isDriver(contextOf(view), who)) permitted(view, who, { type: 'DRIVER_JOINED' });
}

/**
 * For who signs and drives on with one command, be it by a completed form. Asked before anything is signed: a signature is not given by half of a command.
 * Throws `PermissionRefusedError`.
 */
export function requireDriverAfterwards(view: RunView, who: Identity): void {
  if (contextOf(view).request.policy.separation) {
    const { runId } = view.run;
    const refusal = `${named(who)} would drive the run that is signed with the same command (separation of duties): the verifier signs without --and-resume (cutover sign-off ${runId}), then an operator goes on`;
    throw new PermissionRefusedError(refusal, runId);
  }
  requireDriver(view, who);
}
