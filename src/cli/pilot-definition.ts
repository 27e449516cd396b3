import type { Actor } from '../actors/actor.js';
import { pilotActors } from '../actors/index.js';
import type { RunRequest } from '../config/settings.js';
import type { Definition, StateFacts, StoredSnapshot } from '../engine/definition.js';
import { proven, stagingIsDirty, type PilotContext, type PilotInput } from '../machine/context.js';
import { pauseDeadlines } from '../machine/pause.js';
import { pilotMachine } from '../machine/pilot-machine.js';
import { PILOT_VERSION } from '../machine/version.js';
import { isStep, STEPS } from '../machine/steps.js';
import { announcements } from './notify/message.js';

/** The pilot cutover as the engine wants it: the only place where machine, actors and engine meet. */
export const pilotDefinition: Definition = {
  machine: pilotMachine,
  version: PILOT_VERSION,
  input: (first, { runId, at, who }): PilotInput => {
    if (first.type !== 'STARTED') throw new Error(`run ${runId} begins with ${first.type} instead of STARTED`);
    return { runId, at, operator: who, evidenceDir: first['evidenceDir'] as string, request: first['request'] as RunRequest };
  },
  facts: stateFacts,
  announce: (told) => announcements(told, stateFacts(told.snapshot).status),
  timeoutMs(step) {
    if (!isStep(step)) throw new Error(`the pilot has no step ${step}`);
    return STEPS[step].timeoutMs;
  },
  actors: pilotActors as Readonly<Record<string, Actor<never, unknown>>>,
};

const ENDED = ['waiting', 'failed', 'completed', 'abandoned', 'superseded'] as const;

function stateFacts(stored: StoredSnapshot): StateFacts {
  const snapshot = pilotMachine.resolveState(stored as never);
  const context: PilotContext = snapshot.context;
  const preflight = context.results.preflight === undefined ? null : proven(context, 'preflight');
  return {
    status: ENDED.find((tag) => snapshot.hasTag(tag)) ?? 'active',
    // Deployments that are still rolled back are nobody else's to drill, in whatever state the run is.
    environmentLock:
      snapshot.hasTag('holdsEnvironment') || stagingIsDirty(context) ? proven(context, 'preflight').environment : null,
    environment: preflight?.environment ?? null,
    gitHead: preflight?.world.gitHead ?? null,
    deadlines: pauseDeadlines(context),
  };
}
