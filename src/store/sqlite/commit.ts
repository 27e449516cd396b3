import type { HistoryRecord } from '../../evidence/history-record.js';
import type { DeadlineRecord } from '../deadline.js';
import { StaleSnapshotError } from '../errors.js';
import type { NewMessage } from '../outbox.js';
import type { LeaseHolder, LeaseRecord, NewRun, TransitionCommit } from '../store.js';
import { AttemptTable } from './attempts.js';
import { DeadlineTable } from './deadlines.js';
import type { Database } from './driver.js';
import { EnvironmentLockTable } from './environment-locks.js';
import { LeaseTable } from './leases.js';
import { OutboxTable } from './outbox.js';
import { RunTable } from './runs.js';
import { TransitionTable } from './transitions.js';

export interface Tables {
  readonly runs: RunTable;
  readonly transitions: TransitionTable;
  readonly attempts: AttemptTable;
  readonly leases: LeaseTable;
  readonly environmentLocks: EnvironmentLockTable;
  readonly deadlines: DeadlineTable;
  readonly outbox: OutboxTable;
}

export function tablesOf(db: Database): Tables {
  return {
    runs: new RunTable(db),
    transitions: new TransitionTable(db),
    attempts: new AttemptTable(db),
    leases: new LeaseTable(db),
    environmentLocks: new EnvironmentLockTable(db),
    deadlines: new DeadlineTable(db),
    outbox: new OutboxTable(db),
  };
}

/**
 * Writes all of a transition; to be called inside one immediate transaction, which an error rolls back.
 * Throws `RunNotFoundError`, `LeaseLostError`, `StaleSnapshotError`, `EnvironmentHeldError`, `CycleTakenError`, `AttemptStateError`.
 */
export function commitTransition(tables: Tables, transition: TransitionCommit): HistoryRecord {
  const { runId, fence, seq, at } = transition;
  const head = tables.runs.head(runId);
  tables.leases.requireHeld(runId, fence);
  if (seq !== head.seq + 1) throw new StaleSnapshotError(runId, seq, head.seq);
  tables.environmentLocks.settle(runId, transition.environmentLock);
  const record = tables.transitions.append(head, transition);
  for (const settlement of transition.settles) tables.attempts.settle(runId, seq, at, settlement);
  for (const spawn of transition.spawns) tables.attempts.spawn(runId, seq, spawn);
  tables.deadlines.settle(runId, seq, transition.deadlines);
  tables.outbox.add({ runId, seq, at }, transition.messages);
  tables.runs.advance(record, transition);
  // A run that is in the cycle stays in it, whichever one was begun beside it on the record.
  if (transition.isAloneInCycle) tables.runs.requireAloneInCycle(runId, head, transition);
  return record;
}

/**
 * Writes a run with its lease and first transition, whose event names the run before it, so that each vouches for its predecessor;
 * to be called as `commitTransition` is. Throws `RunExistsError` besides.
 */
export function createRun(
  tables: Tables,
  run: NewRun,
  holder: LeaseHolder,
  first: Omit<TransitionCommit, 'fence' | 'runId' | 'seq'>,
): LeaseRecord {
  const previous = tables.runs.newest();
  tables.runs.insert(run, first);
  const lease = tables.leases.insert(run.runId, holder, first.at);
  const event = { ...first.event, previous };
  commitTransition(tables, { ...first, event, runId: run.runId, fence: lease.fence, seq: 1 });
  return lease;
}

/** Marks deadlines of one run as fired, with what is told of it; false when one has ended or fired. To be called as `commitTransition` is. */
export function fireDeadlines(
  { deadlines, outbox }: Tables,
  due: readonly DeadlineRecord[],
  at: string,
  messages: readonly NewMessage[],
): boolean {
  const [first] = due;
  if (first === undefined || !due.every((deadline) => deadlines.isOpen(deadline))) return false;
  for (const deadline of due) deadlines.fire(deadline, at);
  outbox.add({ runId: first.runId, seq: first.armedSeq, at }, messages);
  return true;
}
