import { initialTransition, transition, type AnyMachineSnapshot, type ExecutableActionObject, type SnapshotFrom } from 'xstate';
import { acceptedEvents, stateName } from '../../src/engine/advance.js';
import type { RunEvent } from '../../src/engine/definition.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import type { PilotContext } from '../../src/machine/context.js';
import { besideMayBeLocked, summaryMayBeLocked } from '../../src/machine/locked.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { isBefore, type Place } from '../../src/machine/steps.js';
import { alphabet } from './event-alphabet.js';
import { LEAD_SIGNS, pilotInput, request } from './pilot-facts.js';
import { recorded } from './pilot-run.js';
import { NOTHING_SEEN, witnessed, type Witness } from './witness.js';

const ALPHABET = alphabet();

/** About twice as many as there are: a machine that forgets or remembers too much is told from one that takes long. */
const MOST_RUNS = 20_000;

export type Snapshot = SnapshotFrom<typeof pilotMachine>;

/** A run that can be, up to what no guard tells apart. */
export interface ReachableRun {
  readonly key: string;
  readonly snapshot: Snapshot;
  readonly state: string;
  readonly context: PilotContext;
  readonly witness: Witness;
  /** The events that led there, for the reader of a failed test. */
  readonly path: readonly string[];
}

/** An event that a reachable run takes, and what comes of it. */
export interface Step {
  readonly from: ReachableRun;
  readonly event: RunEvent;
  readonly to: ReachableRun;
  readonly actions: readonly ExecutableActionObject[];
}

/** The drill's end without a plan is the one event that the machine answers with an exception: see the test of that name. */
export interface Defect {
  readonly from: ReachableRun;
  readonly event: RunEvent;
  readonly message: string;
}

export interface Reachable {
  readonly runs: readonly ReachableRun[];
  readonly steps: readonly Step[];
  readonly defects: readonly Defect[];
}

/** Every run that any sequence of events of the alphabet leads to, breadth first, and every step between two of them. */
export function reachableRuns(): Reachable {
  const runs = new Map<string, ReachableRun>();
  for (const policy of [request.policy, LEAD_SIGNS]) {
    const [first] = initialTransition(pilotMachine, pilotInput({ policy }));
    const start = runOf(first, NOTHING_SEEN, []);
    runs.set(start.key, start);
  }
  const steps: Step[] = [];
  const defects: Defect[] = [];
  for (const from of runs.values()) {
    if (runs.size > MOST_RUNS) throw new Error(`more than ${MOST_RUNS} runs can be, such as: ${from.path.join(', ')}`);
    for (const event of eventsFor(from)) {
      try {
        const [snapshot, actions] = transition(pilotMachine, from.snapshot, recorded(event, from.path.length + 2));
        const { context } = snapshot;
        const witness = witnessed(from.witness, from.state, event, stateName(snapshot.value), context);
        const reached = runOf(snapshot, witness, [...from.path, describe(event)]);
        const to = runs.get(reached.key) ?? reached;
        runs.set(to.key, to);
        steps.push({ from, event, to: reached, actions });
      } catch (error) {
        defects.push({ from, event, message: (error as Error).message });
      }
    }
  }
  return { runs: [...runs.values()], steps, defects };
}

/** The events of the alphabet that a run takes, guards asked. */
export function eventsFor({ snapshot, path }: Pick<ReachableRun, 'snapshot' | 'path'>): RunEvent[] {
  const types = new Set([...acceptedEvents(snapshot as AnyMachineSnapshot), ...ownSettlements(snapshot)]);
  return ALPHABET.filter(
    (event) => types.has(event.type) && isOfTheStep(event, snapshot) && snapshot.can(recorded(event, path.length + 2)),
  );
}

/** An upload is begun by the step whose it is: that of the archive by its own, all others beside it by the last. */
function isOfTheStep({ type, key }: RunEvent, { value }: Snapshot): boolean {
  return type !== 'UPLOAD_BEGUN' || (stateName(value) === 'summarizing') !== String(key).endsWith(`/${EVIDENCE.archive}`);
}

/** The same without the one that stops the engine, see `Defect`. */
export function soundEventsFor(snapshot: Snapshot): RunEvent[] {
  const unplanned = snapshot.context.drill.plan === null;
  return eventsFor({ snapshot, path: [] }).filter(({ type }) => !(unplanned && type === 'xstate.done.actor.drillingAppRollback'));
}

export function describe(event: RunEvent): string {
  const { type, from, override, acknowledgeLeftBehind, error } = event;
  const facts = [from, override === true ? 'override' : null, acknowledgeLeftBehind === true ? 'left behind' : null];
  const shown = [...facts, (error as { code: string } | undefined)?.code].filter((fact) => fact !== undefined && fact !== null);
  return shown.length === 0 ? type : `${type}(${shown.join(', ')})`;
}

/** The names of all states that a run can be found in. */
export function leaves(node = pilotMachine.root): string[] {
  const children = Object.values(node.states) as (typeof pilotMachine.root)[];
  return children.length === 0 ? [node.path.join('.')] : children.flatMap((child) => leaves(child));
}

/** The effects that a transition asks for. */
export function spawned(actions: Step['actions']): { id: string; src: string; input: unknown }[] {
  return (actions as readonly { type: string; params: unknown }[])
    .filter(({ type }) => type === 'xstate.spawnChild')
    .map(({ params }) => {
      const { id, src, input } = params as { id: string; src: string; input: unknown };
      return { id, src, input };
    });
}

function ownSettlements({ _nodes }: Snapshot): string[] {
  return _nodes.flatMap((node) => (node.ownEvents as string[]).filter((type) => type.startsWith('xstate.')));
}

function runOf(snapshot: Snapshot, witness: Witness, path: readonly string[]): ReachableRun {
  const { context } = snapshot;
  const state = stateName(snapshot.value);
  return { key: keyOf(state, context, witness), snapshot, state, context, witness, path };
}

/** Everything that a guard, an input or the summary can tell apart; dates, reasons and exceptions are not among them. */
export function keyOf(state: string, context: PilotContext, witness: Witness): string {
  const { results, attemptsInARow, drill, signOff, countersignatures, claim, seal, summary, failure, failures, abandoning } =
    context;
  return JSON.stringify([
    state,
    Object.keys(results).sort(),
    attemptsInARow,
    [drill.plan !== null, drill.restored, drill.leftBehind],
    context.request.policy.sha256,
    signOff !== null,
    claim !== null,
    countersignatures.length,
    seal && [seal.verdict, seal.putBegan, besideMayBeLocked(context), summaryMayBeLocked(context)],
    summary?.document.criteria.map(({ result }) => result) ?? null,
    failure && [failure.step, failure.code === 'SECRET_FOUND'],
    // A failure in sealing is of no account any more when the summary is frozen: all of sealing is proven then.
    Object.keys(failures)
      .filter((place) => isBefore(place as Place, 'sealing.scanning'))
      .sort(),
    abandoning,
    witness,
  ]);
}
