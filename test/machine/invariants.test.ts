import { describe as group, expect, test } from '@jest/globals';
import type { Scanned } from '../../src/config/step-contracts.js';
import { resultSummary } from '../../src/evidence/result-summary.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { replayRefusal } from '../../src/machine/replay.js';
import { stagingIsDirty } from '../../src/machine/context.js';
import { summaryMayBeLocked } from '../../src/machine/locked.js';
import { isStep, PLACES, STEPS } from '../../src/machine/steps.js';
import { RUN } from './pilot-facts.js';
import { BROKEN_BY_RUN, BROKEN_BY_STEP, PAUSE } from './promises.js';
import { leaves, reachableRuns, spawned, type ReachableRun, type Step } from './reachable-runs.js';

// Every run that can be, and every step between two of them: what is said below is said of all.
const { runs, steps, defects } = reachableRuns();

const ENDED = ['completed', 'sealedAsFailed', 'abandoned', 'superseded'];

/** No run, or step, is such; the first few that are say how they come about. */
function none<T extends ReachableRun | Step>(all: readonly T[], isSuch: (one: T) => boolean): void {
  const found = all.filter(isSuch).map((one) => ('event' in one ? told(one.to) : told(one)));
  expect(found.slice(0, 3)).toEqual([]);
}

function told({ path, state }: ReachableRun): string {
  return `${path.join(', ')} => ${state}`;
}

group('the runs that can be', () => {
  test('are all states of the machine, and take all of its events', () => {
    expect([...new Set(runs.map(({ state }) => state))].sort()).toEqual(leaves().sort());
    expect([...new Set(steps.map(({ event }) => event.type))].sort()).toEqual([...new Set<string>(pilotMachine.events)].sort());
  });
});

group('every run', () => {
  test.each(Object.entries(BROKEN_BY_RUN))('%s', (_, isBroken) => none(runs, isBroken));

  test('that completes is among them: what is said of completed runs is said of some', () => {
    expect(runs.filter(({ state }) => state === 'completed')).not.toEqual([]);
  });
});

group('every step between two runs', () => {
  test.each(Object.entries(BROKEN_BY_STEP))('%s', (_, isBroken) => none(steps, isBroken));

  test('but one is taken: an undo that was made without a recorded plan stops the engine instead of going on', () => {
    expect(new Set(defects.map(({ from, event, message }) => `${from.state} ${event.type}: ${message}`))).toEqual(
      new Set([`drillingAppRollback xstate.done.actor.drillingAppRollback: run ${RUN} has no drill to restore`]),
    );
  });
});

group('a person can always end a run', () => {
  test('ABANDONED is taken everywhere but where the run has ended, or its summary may be locked', () => {
    const ending = new Set(steps.filter(({ event }) => event.type === 'ABANDONED').map(({ from }) => from));
    none(runs, (run) => ending.has(run) === (ENDED.includes(run.state) || summaryMayBeLocked(run.context)));
  });

  test('it ends, or staging is restored and then it ends', () => {
    const abandoning = steps.filter(({ event }) => event.type === 'ABANDONED');
    none(abandoning, ({ to }) => to.state !== 'abandoned' && to.state !== 'restoringStaging');
    none(abandoning, ({ to }) => to.state === 'restoringStaging' && !stagingIsDirty(to.context));
    const restored = steps.filter(
      ({ from, event }) => event.type === 'xstate.done.actor.restoringStaging' && from.context.abandoning,
    );
    none(restored, ({ to }) => to.state !== 'abandoned');
  });
});

group('an effect', () => {
  const inSteps = runs.filter(({ state }) => isStep(state));

  test('is run by each step, and each takes its end, its failure and a resume', () => {
    const unplanned = ({ state, context }: ReachableRun) => state === 'drillingAppRollback' && context.drill.plan === null;
    for (const [ending, except] of [
      ['xstate.done.actor.', unplanned],
      ['xstate.error.actor.', () => false],
    ] as const) {
      const taken = new Set(steps.filter(({ from, event }) => event.type === `${ending}${from.state}`).map(({ from }) => from));
      none(inSteps, (run) => !taken.has(run) && !except(run));
    }
    const resumed = steps.filter(({ event }) => event.type === 'RESUMED');
    expect(new Set(resumed.map(({ from }) => from))).toEqual(new Set(inSteps));
    none(resumed, ({ from, to, actions }) => to.state !== from.state || spawned(actions).length !== 1);
  });

  test('is asked for whenever a state is entered that is none of rest, and there is one at a time', () => {
    none(steps, ({ from, to, actions }) => {
      const asked = spawned(actions);
      const rests = !isStep(to.state);
      if (rests) return asked.length > 0;
      if (from.state !== to.state) return asked.length !== 1 || asked[0]?.id !== to.state;
      const ended = actions.some(({ type }) => type === 'xstate.stopChild');
      return asked.length !== (ended ? 1 : 0);
    });
    none(runs, ({ state, snapshot }) => isStep(state) !== (snapshot.tags.size === 0 || snapshot.hasTag('holdsEnvironment')));
  });

  test('that runs has nothing to do with an effect that ended: an outcome changes the run', () => {
    const outcomes = steps.filter(({ event }) => event.type.startsWith('xstate.'));
    none(outcomes, ({ from, to, actions }) => from.state === to.state && spawned(actions).length === 0);
  });

  test('is the one that the table of steps names', () => {
    none(steps, ({ actions }) => spawned(actions).some(({ id, src }) => !isStep(id) || STEPS[id].actor !== src));
  });

  test('is all that the machine asks for, with the delay before it', () => {
    const types = new Set(steps.flatMap(({ actions }) => actions.map(({ type }) => type)));
    expect(types).toEqual(new Set(['xstate.spawnChild', 'xstate.stopChild', 'scheduleRetry']));
  });
});

group('a failed gate', () => {
  const isGate = (run: ReachableRun) => ['runningRcGates', 'runningStagingDryRun'].includes(run.context.failure?.step ?? '');
  const afterwards = steps.filter(({ from }) => from.state === 'failed' && isGate(from));

  test('is judged again only by an override on the record', () => {
    expect(afterwards).not.toEqual([]);
    const again = afterwards
      .filter(({ to }) => isStep(to.state) && !to.state.startsWith('sealing.'))
      .filter(({ event }) => event.type !== 'RETRY_REQUESTED');
    none(again, ({ event }) => event.type !== 'REPLAY_REQUESTED' || event['override'] !== true);
    none(again, ({ to }) => !to.context.exceptions.at(-1)?.what.includes('override of a failed gate'));
  });

  test('that passed, and whose log held a secret, is not judged again: its outcome is given back to it', () => {
    const retried = afterwards.filter(({ event }) => event.type === 'RETRY_REQUESTED');
    expect(retried).not.toEqual([]);
    none(retried, ({ from, actions }) => {
      const { scan } = (spawned(actions)[0]?.input ?? {}) as Scanned;
      return from.context.failure?.code !== 'SECRET_FOUND' || (scan?.held ?? null) === null;
    });
  });

  test('is never tried again by itself', () => {
    none(steps, ({ from, event, to }) => event.type.startsWith('xstate.error.actor.running') && to.state === from.state);
  });
});

group('a replay', () => {
  test('is taken exactly where no refusal is given, and leads to its place', () => {
    const taken = new Map<ReachableRun, Step[]>();
    for (const step of steps) {
      if (step.event.type === 'REPLAY_REQUESTED') taken.set(step.from, [...(taken.get(step.from) ?? []), step]);
    }
    none(runs, (run) => {
      const open = run.state === 'failed' || run.state === PAUSE;
      const allowed = PLACES.flatMap((from) => [false, true].map((override) => ({ from, override }))).filter(
        ({ from, override }) => open && replayRefusal(run.context, from, override) === null,
      );
      const found = (taken.get(run) ?? []).map(
        ({ event, to }) => `${String(event['from'])} ${String(event['override'])} ${to.state}`,
      );
      return (
        found.sort().join() !==
        allowed
          .map(({ from, override }) => `${from} ${override} ${from}`)
          .sort()
          .join()
      );
    });
  });
});

group('a result summary', () => {
  const summarizing = runs.filter(({ state }) => state === 'summarizing');

  test('that is due can be written, whatever happened before', () => {
    expect(new Set(summarizing.map(({ context }) => context.seal?.verdict))).toEqual(new Set(['PASS', 'FAIL']));
    for (const { context } of summarizing) {
      expect(resultSummary(context.summary?.document as never)).toContain(`VERDICT: ${context.seal?.verdict}\n`);
    }
  });
});
