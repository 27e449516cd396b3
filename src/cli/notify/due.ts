import type { Identity } from '../../evidence/history-record.js';
import { EXPIRY } from '../../machine/pause.js';
import type { DeadlineRecord } from '../../store/deadline.js';
import { recordExpiry } from '../expiry.js';
import type { Io, Workspace } from '../io.js';
import { contextOf } from '../run-facts.js';
import { reminder } from './message.js';

/** A deadline that was due, and what came of it. */
export interface Fired {
  readonly run: string;
  readonly kind: string;
  readonly due_at: string;
  /** Null: it was done. */
  readonly error: string | null;
}

/**
 * Does what is due in waiting runs: gates that have expired are closed on record, and whoever is waited for is reminded, with one
 * message however many reminders are due. A run that can't be changed now (a person is just deciding) is left to the next time.
 */
export async function fireDue(workspace: Workspace, who: Identity, io: Pick<Io, 'now'>): Promise<Fired[]> {
  const { store } = workspace;
  const fired: Fired[] = [];
  const attempt = async (due: readonly DeadlineRecord[], work: () => Promise<boolean>) => {
    const report = (error: string | null) =>
      fired.push(...due.map(({ runId, kind, dueAt }) => ({ run: runId, kind, due_at: dueAt, error })));
    try {
      if (await work()) report(null);
    } catch (error) {
      report((error as Error).message);
    }
  };
  for (const due of (await store.dueDeadlines(io.now().toISOString())).filter(({ kind }) => kind === EXPIRY)) {
    await attempt([due], async () => (await recordExpiry(workspace, due.runId, who, io)).run.status !== 'waiting');
  }
  // An expiry has ended the reminders of its run; of one that could not be recorded now, nobody is told that it still waits.
  const still = await store.dueDeadlines(io.now().toISOString());
  const expired = still.filter(({ kind }) => kind === EXPIRY).map(({ runId }) => runId);
  const reminders = still.filter(({ runId }) => !expired.includes(runId));
  for (const run of new Set(reminders.map(({ runId }) => runId))) {
    const due = reminders.filter(({ runId }) => runId === run);
    await attempt(due, () => remind(workspace, due, io.now().toISOString()));
  }
  return fired;
}

async function remind({ engine, store }: Workspace, due: readonly DeadlineRecord[], at: string): Promise<boolean> {
  const last = due.at(-1);
  if (last === undefined) return false;
  const view = await engine.inspect(last.runId);
  return store.fireDeadlines(due, at, reminder(view.run, contextOf(view), { kind: last.kind, at }));
}
