import type { WorldDifference } from '../actors/observe-world.js';
import type { World } from '../config/settings.js';
import type { RunEvent } from '../engine/definition.js';
import type { RunView } from '../engine/engine.js';
import { proven, worldOf } from '../machine/context.js';
import { DriftError, type Difference } from './errors.js';
import { applyFrozen } from './frozen-variables.js';
import type { Io, Workspace } from './io.js';
import { contextOf } from './run-facts.js';
import { settingDifferences } from './setting-differences.js';

/** What a person decided about a changed world: null where nothing was said. */
export type AcceptDrift = string | null;

/**
 * The world must not drift across the pause. Gives the events to commit before the run goes on: none when all is as it was, an
 * accepted drift otherwise. Throws `DriftError` when something differs and nobody accepted it. Applies the frozen variables.
 * Throws what `settingDifferences` throws, too.
 */
export async function driftEvents(view: RunView, accept: AcceptDrift, workspace: Workspace, io: Io): Promise<RunEvent[]> {
  const context = contextOf(view);
  const { variables } = context.request;
  const passed = context.results.preflight !== undefined;
  const differences = await settingDifferences(context.request, !passed, io);
  applyFrozen(variables, io.env);
  // Before the preflight has passed there is nothing observed to compare with; it will look at everything itself.
  if (!passed) {
    if (differences.length > 0) throw new DriftError(view.run.runId, differences);
    return [];
  }
  const { settings } = proven(context, 'preflight');
  const frozen = worldOf(context);
  const { endpointsOf, worldDifferences } = await import('../actors/observe-world.js');
  const differencesTo = (now: World) => worldDifferences(frozen, now).map(asDifference);
  // Whoever answers at another endpoint is asked nothing, not even who we are, unless that is accepted.
  const elsewhere = differencesTo({ ...frozen, ...endpointsOf(io.env) });
  if (elsewhere.length > 0 && accept === null) throw new DriftError(view.run.runId, [...differences, ...elsewhere]);
  const world = await workspace.observeWorld(settings);
  differences.push(...differencesTo(world));
  if (differences.length === 0) return [];
  if (accept === null) throw new DriftError(view.run.runId, differences);
  const facts = differences.map(({ what, frozen: before, now }) => `${what}: ${before} -> ${now}`);
  return [{ type: 'DRIFT_ACCEPTED', reason: accept, facts, world }];
}

function asDifference({ fact, before, after }: WorldDifference): Difference {
  const none = '(none)';
  return { what: fact, frozen: before ?? none, now: after ?? none };
}
