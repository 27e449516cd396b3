import type { HistoryRecord } from '../../src/evidence/history-record.js';
import type { AttemptRecord, Store } from '../../src/store/store.js';
import { RUN } from './builders.js';

/** All that a run has in the store. */
export async function everything(store: Store, runId = RUN): Promise<unknown> {
  return {
    run: await store.getRun(runId),
    history: await collect(store.history(runId)),
    attempts: await store.attempts(runId),
    lease: await store.getLease(runId),
    deadlines: await store.deadlines(runId),
    messages: await store.messages({ runId }),
  };
}

export async function collect(history: AsyncIterable<HistoryRecord>): Promise<HistoryRecord[]> {
  const records: HistoryRecord[] = [];
  for await (const record of history) records.push(record);
  return records;
}

export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('an error was expected');
}

/** The run's one attempt. */
export async function soleAttempt(store: Store, runId = RUN): Promise<AttemptRecord> {
  const [attempt, ...others] = await store.attempts(runId);
  if (attempt === undefined || others.length > 0) throw new Error(`one attempt expected, found ${others.length + 1}`);
  return attempt;
}
