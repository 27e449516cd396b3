import { expect, test } from '@jest/globals';
import { getAdjacencyMap } from 'xstate/graph';
import { stateName } from '../../src/engine/advance.js';
import type { RunEvent } from '../../src/engine/definition.js';
import { stagingIsDirty } from '../../src/machine/context.js';
import { besideMayBeLocked, summaryMayBeLocked } from '../../src/machine/locked.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { isStep } from '../../src/machine/steps.js';
import { LEAD_SIGNS, pilotInput } from '../machine/pilot-facts.js';
import { recorded } from '../machine/pilot-run.js';
import { describe, keyOf, leaves, soundEventsFor, type Snapshot } from '../machine/reachable-runs.js';
import { NOTHING_SEEN } from '../machine/witness.js';
import { SimulatedPilot, type Fate } from './simulated-pilot.js';

/** A way through the machine: the events, and where the last one leads. */
interface Path {
  readonly events: readonly RunEvent[];
  readonly end: Snapshot;
}

const paths = pathsOfTheMachine();

/** A shortest path over each transition of the machine, by its two states and its event; those that longer ones begin with are left out. */
function pathsOfTheMachine(): Path[] {
  const graph = getAdjacencyMap(pilotMachine, {
    input: pilotInput({ policy: LEAD_SIGNS }),
    events: (snapshot) => soundEventsFor(snapshot as Snapshot).map((event) => recorded(event, 2)),
    serializeState: (snapshot) => place(snapshot as Snapshot),
  });
  const to = new Map<Snapshot, Path>();
  const found = new Map<string, Path>();
  for (const { state, transitions } of Object.values(graph)) {
    const from = state as Snapshot;
    const before = to.get(from)?.events ?? [];
    for (const { event, state: next } of Object.values(transitions) as { event: RunEvent; state: Snapshot }[]) {
      const path = { events: [...before, event], end: next };
      const transition = `${nameOf(from)} ${event.type} ${nameOf(path.end)}`;
      if (!to.has(path.end)) to.set(path.end, path);
      if (!found.has(transition)) found.set(transition, path);
    }
  }
  const all = [...found.values()];
  const beginnings = new Set(all.flatMap(({ events }) => events.map((_, index) => JSON.stringify(events.slice(0, index)))));
  return all.filter(({ events }) => !beginnings.has(JSON.stringify(events)));
}

/** What bounds the graph: runs that are equal in this are taken for the same. */
function place({ value, context, tags }: Snapshot): string {
  const { failure, claim, seal, drill, abandoning, results, signOff } = context;
  return JSON.stringify([
    stateName(value),
    failure?.step,
    claim !== null,
    [seal?.verdict, seal?.putBegan, besideMayBeLocked(context), summaryMayBeLocked(context)],
    [drill.plan !== null, stagingIsDirty(context), results.drillingAppRollback !== undefined],
    abandoning,
    tags.has('waiting') && signOff !== null,
  ]);
}

test('each transition of the machine is made by the engine, its drivers killed on the way, and every write keeps the promises', async () => {
  const entered = new Set<string>();
  const taken = new Set<string>();
  for (const { events, end } of paths) {
    const { snapshot, examiner } = await SimulatedPilot.live(following(events)).catch((error: unknown) => {
      throw new Error(`on the path ${told(events)}`, { cause: error });
    });
    expect(`${told(events)}: ${known(snapshot)}`).toBe(`${told(events)}: ${known(end)}`);
    for (const { to, event } of examiner.history) {
      entered.add(to);
      taken.add(event.type);
    }
  }
  expect([...entered].sort()).toEqual(leaves().sort());
  expect([...taken].sort()).toEqual(['STARTED', ...new Set<string>(pilotMachine.events)].sort());
}, 300_000);

/** The events of a path, one after the other; the driver that asks for more dies. */
function following(events: readonly RunEvent[]): Fate {
  const left = [...events];
  let askedForMore = false;
  const next = () => {
    askedForMore = left.length === 0;
    return left.shift() ?? null;
  };
  return {
    during: next,
    between: (snapshot) => (isStep(nameOf(snapshot)) ? null : next()),
    crash: () => null,
    isOver: (snapshot) => askedForMore || (left.length === 0 && !isStep(nameOf(snapshot))),
  };
}

function known({ value, context }: Snapshot): string {
  return keyOf(stateName(value), context, NOTHING_SEEN);
}

function nameOf({ value }: Snapshot): string {
  return stateName(value);
}

function told(events: readonly RunEvent[]): string {
  return events.map(describe).join(', ');
}
