import type { Identity } from '../evidence/history-record.js';
import type { Workspace } from './io.js';
import { stagingIsDirty } from '../machine/context.js';
import { contextOf, isSealedAsFailed } from './run-facts.js';

/**
 * Once a run is past its preflight, older failed runs of its directory are superseded by it (the runbook answers a failed gate with
 * a new run); not one whose deployments may still be rolled back: it alone knows what ran before. Called after the run has rested or was interrupted; does nothing where there is nothing to do.
 */
export async function supersedeOlder({ engine, store }: Workspace, runId: string, who: Identity): Promise<void> {
  const run = await store.getRun(runId);
  if (run === null) return;
  const view = await engine.inspect(runId);
  if (contextOf(view).results.preflight === undefined) return;
  for (const older of await engine.list({ status: ['failed'], before: runId })) {
    if (older.run.directory !== run.directory || isSealedAsFailed(older)) continue;
    // Under the lease it is asked again: someone may have replayed the old run meanwhile.
    await engine.send(older.run.runId, who, async (now) =>
      now.run.status === 'failed' && !stagingIsDirty(contextOf(now)) ? [{ type: 'SUPERSEDED', byRun: runId }] : [],
    );
  }
}
