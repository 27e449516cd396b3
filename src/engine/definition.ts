import type { AnyStateMachine } from 'xstate';
import type { Actor } from '../actors/actor.js';
import type { HistoryRecord, Identity } from '../evidence/history-record.js';
import type { Deadline } from '../store/deadline.js';
import type { NewMessage } from '../store/outbox.js';
import type { RunStatus } from '../store/store.js';

/** What happened, as recorded: plain JSON. The machine gets it with `at`, `seq` and `who` of its record added. */
export interface RunEvent {
  readonly type: string;
  readonly [fact: string]: unknown;
}

/** A snapshot as it is stored: what `resolveState` needs, and nothing else. */
export interface StoredSnapshot {
  readonly value: unknown;
  readonly context: unknown;
  readonly historyValue: unknown;
  readonly status: string;
}

/** What the engine wants to know of a state, told by the machine's owner: the engine knows no step by name. */
export interface StateFacts {
  readonly status: RunStatus;
  /** The environment lock that this state holds, or null. */
  readonly environmentLock: string | null;
  readonly environment: string | null;
  readonly gitHead: string | null;
  /** What is due while this state lasts, each with the transition that entered it. */
  readonly deadlines: readonly Deadline[];
}

/** A transition as it is about to be committed: all that will be on record of it but the hash. */
export interface Announced extends Pick<HistoryRecord, 'seq' | 'at' | 'event' | 'from' | 'to' | 'who'> {
  readonly runId: string;
  readonly snapshot: StoredSnapshot;
}

/** All that the engine must be given to step a machine durably. */
export interface Definition {
  readonly machine: AnyStateMachine;
  /** Snapshots of another version are refused. */
  readonly version: string;
  /** The machine's input, made of the run's first event. */
  input(first: HistoryRecord['event'], meta: { readonly runId: string; readonly at: string; readonly who: Identity }): unknown;
  facts(snapshot: StoredSnapshot): StateFacts;
  /** What people are told of a transition; written with it, delivered later. Pure. */
  announce(transition: Announced): readonly NewMessage[];
  /** Milliseconds that an attempt of this step may take. */
  timeoutMs(step: string): number;
  readonly actors: Readonly<Record<string, Actor<never, unknown>>>;
}
