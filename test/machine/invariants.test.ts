import { describe as group, expect, test } from '@jest/globals';
import { resultSummary } from '../../src/evidence/result-summary.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { replayRefusal } from '../../src/machine/replay.js';
import { stagingIsDirty } from '../../src/machine/context.js';
import { isBefore, isStep, PLACES, STEP_NAMES, STEPS, type Place } from '../../src/machine/steps.js';
import { RUN } from './pilot-facts.js';
import { reachableRuns, spawned, type ReachableRun, type Step } from './reachable-runs.js';

// Every run that can be, and every step between two of them: what is said below is said of all.
const { runs, steps, defects } = reachableRuns();

const PAUSE = 'awaitingDbVerification';
const FINAL = ['completed', 'sealedAsFailed'];
const ENDED = [...FINAL, 'abandoned', 'superseded'];
const isPlace = (state: string): state is Place => (PLACES as readonly string[]).includes(state);
const entered = ({ to, actions }: Step) => actions.some(({ type }) => type === 'xstate.spawnChild') && isPlace(to.state);

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
    expect([...new Set(runs.map(({ state }) => state))].sort()).toEqual(leaves(pilotMachine.root).sort());
    expect([...new Set(steps.map(({ event }) => event.type))].sort()).toEqual([...new Set<string>(pilotMachine.events)].sort());
  });
});

function leaves(node: typeof pilotMachine.root): string[] {
  const children = Object.values(node.states) as (typeof pilotMachine.root)[];
  return children.length === 0 ? [node.path.join('.')] : children.flatMap(leaves);
}

group('an undo on staging', () => {
  test('is never left behind unless staging was restored, or a person has put it on record', () => {
    none(
      runs,
      ({ state, witness }) =>
        ['completed', 'sealedAsFailed', 'abandoned'].includes(state) && witness.undone && !witness.acknowledged,
    );
  });

  test('is never left behind by a superseded run without a restore that was tried', () => {
    none(
      runs,
      ({ state, witness }) => state === 'superseded' && witness.undone && !witness.acknowledged && !witness.restoreTried,
    );
  });

  test('counts as one that must be restored from the moment it is planned', () => {
    none(runs, ({ context, witness }) => witness.undone && !witness.acknowledged && !stagingIsDirty(context));
  });

  test('is never sealed over', () => {
    none(runs, ({ state, witness }) => state.startsWith('sealing.') && witness.undone && !witness.acknowledged);
  });

  test('is not planned a second time over the first', () => {
    none(steps, ({ from, event }) => event.type === 'DRILL_PLANNED' && from.context.drill.plan !== null);
  });

  test('that was made without a recorded plan stops the engine instead of going on', () => {
    expect(new Set(defects.map(({ from, event, message }) => `${from.state} ${event.type}: ${message}`))).toEqual(
      new Set([`drillingAppRollback xstate.done.actor.drillingAppRollback: run ${RUN} has no drill to restore`]),
    );
  });
});

group('a completed run', () => {
  const completed = runs.filter(({ state }) => state === 'completed');

  test('has every step seen to be done since it was last thrown back, and a sign-off', () => {
    expect(completed).not.toEqual([]);
    none(completed, ({ witness }) => !STEP_NAMES.every((step) => witness.proven.includes(step)));
    none(completed, ({ witness, context }) => !witness.signed || context.signOff === null);
  });

  test('has all criteria and the seal at PASS', () => {
    none(completed, ({ context: { summary, seal } }) => seal?.verdict !== 'PASS' || summary?.document.verdict !== 'PASS');
    none(completed, ({ context: { summary } }) => !summary?.document.criteria.every(({ result }) => result === 'PASS'));
  });

  test('was never abandoned, superseded or sealed as failed', () => {
    none(steps, ({ from, to }) => ['abandoned', 'superseded'].includes(from.state) && to.context.seal?.verdict !== 'FAIL');
    none(steps, ({ from, to }) => from.context.seal?.verdict === 'FAIL' && to.context.seal?.verdict !== 'FAIL');
    none(steps, ({ from, to }) => from.context.seal?.verdict === 'FAIL' && isPlace(to.state) && !isBefore(PAUSE, to.state));
  });
});

group('what counts as proven', () => {
  test('is what was seen to be done since the last throw-back, in every run', () => {
    none(runs, ({ context, witness }) => Object.keys(context.results).sort().join() !== [...witness.proven].sort().join());
  });

  test('never skips a step: every step that runs has all before it proven, or its run is sealed as failed', () => {
    none(runs, ({ state, context }) => {
      if (!isStep(state) || context.seal?.verdict === 'FAIL' || state === 'restoringStaging') return false;
      return STEP_NAMES.some((step) => isBefore(step, state) && context.results[step] === undefined);
    });
  });
});

group('a sign-off', () => {
  test('is on record only after the pause', () => {
    none(runs, ({ state, context }) => isPlace(state) && !isBefore(PAUSE, state) && context.signOff !== null);
  });

  test('falls with a replay from the pause or earlier', () => {
    const replayed = steps.filter(({ event }) => event.type === 'REPLAY_REQUESTED' && !isBefore(PAUSE, event['from'] as Place));
    none(replayed, ({ to }) => to.context.signOff !== null);
  });

  test('is held by every run that seals a PASS, and only if it was given and not withdrawn', () => {
    none(runs, ({ context }) => context.seal?.verdict === 'PASS' && context.signOff === null);
    none(runs, ({ context, witness }) => context.signOff !== null && !witness.signed);
  });

  test('of another run is not taken', () => {
    none(steps, ({ event }) => event.type === 'SIGNED_OFF' && (event['signOff'] as { runId: string }).runId !== RUN);
  });
});

group('once a PUT was begun', () => {
  test('nothing before the upload is entered again', () => {
    none(steps, (step) => step.from.witness.putBegan && entered(step) && isBefore(step.to.state as Place, 'sealing.uploading'));
    none(steps, ({ from, to }) => from.witness.putBegan && to.state === PAUSE);
  });

  test('neither the archive nor what is frozen with it changes', () => {
    const frozen = ({ context: { seal, results } }: ReachableRun) =>
      JSON.stringify([
        seal,
        ...(['sealing.archiving', 'sealing.hashing', 'sealing.retention'] as const).map((step) => results[step]),
      ]);
    none(steps, ({ from, to }) => from.witness.putBegan && frozen(from) !== frozen(to));
  });

  test('and the summary is frozen, only the summary is made again, with the same words', () => {
    none(steps, (step) => step.from.context.summary !== null && entered(step) && step.to.state !== 'summarizing');
    none(steps, ({ from, to }) => from.context.summary !== null && to.context.summary !== from.context.summary);
  });
});

group('a person can always end a run', () => {
  test('ABANDONED is taken everywhere but where the run has ended', () => {
    const ending = new Set(steps.filter(({ event }) => event.type === 'ABANDONED').map(({ from }) => from));
    none(runs, (run) => ending.has(run) === ENDED.includes(run.state));
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
    const again = afterwards.filter(({ to }) => isStep(to.state) && !to.state.startsWith('sealing.'));
    none(again, ({ event }) => event.type !== 'REPLAY_REQUESTED' || event['override'] !== true);
    none(again, ({ to }) => !to.context.exceptions.at(-1)?.what.includes('override of a failed gate'));
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

  test('has the verdict of the seal: nothing else ends a run', () => {
    none(steps, ({ to }) => to.state === 'completed' && to.context.seal?.verdict !== 'PASS');
    none(steps, ({ to }) => to.state === 'sealedAsFailed' && to.context.seal?.verdict !== 'FAIL');
    none(runs, ({ context: { summary, seal } }) => summary !== null && summary.document.verdict !== seal?.verdict);
  });
});
