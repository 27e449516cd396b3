import {
  initialTransition,
  transition,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ExecutableActionObject,
} from 'xstate';
import { EventRefusedError, SettlementIgnoredError } from './errors.js';
import type { Definition, RunEvent, StoredSnapshot } from './definition.js';

/** An effect that a transition asks for. */
export interface AskedEffect {
  readonly step: string;
  readonly src: string;
  readonly input: unknown;
  /** Milliseconds to wait before it is started. */
  readonly delayMs: number;
}

/** What one transition comes to: nothing of it has happened yet. */
export interface Advance {
  readonly snapshot: StoredSnapshot;
  readonly state: string;
  readonly spawns: readonly AskedEffect[];
  /** Steps whose effect, if it still runs, is not wanted any more. */
  readonly stops: readonly string[];
}

/** The first transition of a machine. Executes nothing (xstate's `initialTransition` is pure). */
export function begin({ machine }: Definition, input: unknown): Advance {
  const [snapshot, actions] = initialTransition(machine, input as never);
  return read(null, snapshot as AnyMachineSnapshot, actions);
}

/**
 * The transition that an event causes. Throws `EventRefusedError` for an event that the state does not take, and
 * `SettlementIgnoredError` for an outcome that changes nothing: xstate ignores both in silence. Another event may change nothing:
 * an actor that is made again reports again what is on record already.
 */
export function advance({ machine }: Definition, runId: string, stored: StoredSnapshot, event: RunEvent): Advance {
  const before = rehydrate(machine, stored);
  if (!before.can(event as never))
    throw new EventRefusedError(runId, event.type, stateName(before.value), acceptedEvents(before));
  const [snapshot, actions] = transition(machine, before, event as never);
  const after = read(before, snapshot as AnyMachineSnapshot, actions);
  const changed = after.spawns.length > 0 || JSON.stringify(after.snapshot) !== JSON.stringify(persisted(before));
  if (!changed && isOutcome(event)) throw new SettlementIgnoredError(runId, event.type, after.state);
  return after;
}

function isOutcome({ type }: RunEvent): boolean {
  return type.startsWith('xstate.');
}

/** Events that the state takes, guards not asked; the engine's own names (`xstate.*`) left out. */
export function acceptedEvents(snapshot: AnyMachineSnapshot): string[] {
  const types = snapshot._nodes.flatMap((node) => node.ownEvents as string[]);
  return [...new Set(types)].filter((type) => !type.startsWith('xstate.')).sort();
}

/** A restored state. Throws when the value names a state that the machine does not have. */
export function rehydrate(machine: AnyStateMachine, stored: StoredSnapshot): AnyMachineSnapshot {
  return machine.resolveState(stored as never) as AnyMachineSnapshot;
}

/** `{sealing: 'uploading'}` -> `sealing.uploading`. */
export function stateName(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([parent, child]) => `${parent}.${stateName(child)}`)
    .join(',');
}

function read(
  before: AnyMachineSnapshot | null,
  snapshot: AnyMachineSnapshot,
  actions: readonly ExecutableActionObject[],
): Advance {
  const spawns: Omit<AskedEffect, 'delayMs'>[] = [];
  let delayMs = 0;
  for (const { type, params } of actions as readonly { type: string; params: unknown }[]) {
    switch (type) {
      case 'xstate.spawnChild': {
        const { id, src, input } = params as { id: string; src: string; input: unknown };
        spawns.push({ step: id, src, input });
        break;
      }
      case 'xstate.stopChild':
        // Says nothing: a restored state has no children, so xstate cannot tell which one it means. See `stopped`.
        break;
      case 'scheduleRetry':
        ({ delayMs } = params as { delayMs: number });
        break;
      default:
        throw new Error(`the machine asks for action ${type}, which the engine does not know`);
    }
  }
  return {
    snapshot: persisted(snapshot),
    state: stateName(snapshot.value),
    spawns: spawns.map((spawn) => ({ ...spawn, delayMs })),
    stops: before === null ? [] : stopped(before, snapshot, spawns),
  };
}

/** The effects of the states that were left, and of those that were entered again. */
function stopped(before: AnyMachineSnapshot, after: AnyMachineSnapshot, spawns: readonly { readonly step: string }[]): string[] {
  const kept = effectsOf(after);
  return effectsOf(before).filter((step) => !kept.includes(step) || spawns.some((spawn) => spawn.step === step));
}

function effectsOf({ _nodes }: AnyMachineSnapshot): string[] {
  return _nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id));
}

function persisted({ value, context, historyValue, status }: AnyMachineSnapshot): StoredSnapshot {
  return { value, context, historyValue, status };
}
