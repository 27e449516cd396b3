import type { WorldDifference } from '../actors/observe-world.js';
import type { World } from '../config/settings.js';
import type { RunEvent } from '../engine/definition.js';
import type { RunView } from '../engine/engine.js';
import type { Identity } from '../evidence/history-record.js';
import { proven, worldOf } from '../machine/context.js';
import { named } from '../evidence/person.js';
import { DriftError, PermissionRefusedError, type Difference } from './errors.js';
import { applyFrozen } from './frozen-variables.js';
import type { Io, Workspace } from './io.js';
import { permitted } from './permission.js';
import { policyDifferences } from './policy-differences.js';
import { contextOf } from './run-facts.js';
import { settingDifferences } from './setting-differences.js';

export interface DriftOptions {
  readonly who: Identity;
  /** What a person decided about a changed world: null where nothing was said. */
  readonly acceptDrift: string | null;
  /**
   * Only who drives is asked for the same name at AWS as at start: the others have names of their own, and the account is the world. Who
   * signs is not asked for the key of the attestation.
   */
  readonly purpose: 'drive' | 'sign' | 'accept';
}

/** What a look at the world has told, before a run goes on. */
export interface Looked {
  /** Whoever asks, with the name that AWS has for them, where it was asked. */
  readonly who: Identity;
  /** To commit before the run goes on: none when all is as it was, an accepted drift otherwise. */
  readonly drift: readonly RunEvent[];
}

/**
 * The world must not drift across the pause, nor settings and policy: what is frozen stays in force. What was accepted once is no
 * difference any more. Throws `DriftError` when something differs and nobody accepted it, `PermissionRefusedError` for whoever may
 * not accept it, and what `settingDifferences` and `policyDifferences` throw. Applies the frozen variables.
 */
export async function lookForDrift(view: RunView, options: DriftOptions, workspace: Workspace, io: Io): Promise<Looked> {
  const context = contextOf(view);
  const { acceptDrift: accept } = options;
  const { request, acceptedDrift } = context;
  const passed = context.results.preflight !== undefined;
  const differences = [...(await settingDifferences(request, !passed, io)), ...(await policyDifferences(request))].filter(
    (difference) => !acceptedDrift.includes(inWords(difference)),
  );
  applyFrozen(request.variables, io.env);
  // Before the preflight has passed there is nothing observed to compare with; it will look at everything itself.
  if (!passed) {
    if (differences.length > 0) throw new DriftError(view.run.runId, differences);
    return { who: options.who, drift: [] };
  }
  const { settings } = proven(context, 'preflight');
  const frozen = worldOf(context);
  const { endpointsOf, worldDifferences } = await import('../actors/observe-world.js');
  const differencesTo = (now: World) => worldDifferences(frozen, now).map(asDifference);
  // Whoever answers at another endpoint is asked nothing, not even who we are, unless that is accepted.
  const elsewhere = differencesTo({ ...frozen, ...endpointsOf(io.env) });
  if (elsewhere.length > 0 && accept === null) throw new DriftError(view.run.runId, [...differences, ...elsewhere]);
  // The key of the attestation is its owner's alone: whoever signs as somebody else can't open it, and need not.
  const observed = await workspace.observeWorld(settings, options.purpose === 'sign' ? frozen : null);
  const who = { ...options.who, awsArn: observed.awsArn };
  // A policy says by name who may drive; without one, the first one's name at AWS is all there is.
  const namesWhoDrives = request.policy.sha256 !== null;
  const world = options.purpose === 'drive' && !namesWhoDrives ? observed : { ...observed, awsArn: frozen.awsArn };
  differences.push(...differencesTo(world));
  if (differences.length === 0) return { who, drift: [] };
  if (accept === null) throw new DriftError(view.run.runId, differences);
  if (options.purpose === 'sign') refuseToSign(view, who);
  const facts = differences.map(inWords);
  return { who, drift: [permitted(view, who, { type: 'DRIFT_ACCEPTED', reason: accept, facts, world })] };
}

/** The machine would take the one and refuse the other: a signature is not given by half of a command. */
function refuseToSign(view: RunView, who: Identity): void {
  const { runId } = view.run;
  if (!contextOf(view).request.policy.separation) return;
  throw new PermissionRefusedError(
    `${named(who)} would sign in a changed world that they accept with the same command (separation of duties): a supervisor accepts it before: cutover accept-drift ${runId} --reason "..."`,
    runId,
  );
}

function inWords({ what, frozen, now }: Difference): string {
  return `${what}: ${frozen} -> ${now}`;
}

function asDifference({ fact, before, after }: WorldDifference): Difference {
  const none = '(none)';
  return { what: fact, frozen: before ?? none, now: after ?? none };
}
