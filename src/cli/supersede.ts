import type { Identity } from '../evidence/history-record.js';
import type { RunView } from '../engine/engine.js';
import { proven, stagingIsDirty } from '../machine/context.js';
import type { Io, Workspace } from './io.js';
import { contextOf, isSealedAsFailed } from './run-facts.js';

/**
 * Once a run is past its preflight, older failed runs of its directory are superseded by it (the runbook answers a failed gate with
 * a new run); not one of another environment, nor one whose deployments may still be rolled back: it alone knows what ran before. Called after the run has rested or was interrupted; does nothing where there is nothing to do.
 */
export async function supersedeOlder(
  { engine, store }: Workspace,
  runId: string,
  who: Identity,
  { stderr }: Pick<Io, 'stderr'>,
): Promise<void> {
  const run = await store.getRun(runId);
  if (run === null) return;
  const view = await engine.inspect(runId);
  const environment = environmentOf(view);
  if (environment === null) return;
  for (const older of await engine.list({ status: ['failed'], before: runId })) {
    if (older.run.directory !== run.directory || isSealedAsFailed(older)) continue;
    if (![null, environment].includes(environmentOf(older))) continue;
    try {
      // Under the lease it is asked again: someone may have replayed the old run meanwhile.
      await engine.send(older.run.runId, who, async (now) => (isSupersedable(now) ? [{ type: 'SUPERSEDED', byRun: runId }] : []));
    } catch (error) {
      // What an older run is called has no say in how this one ended.
      const why = error instanceof Error ? error.message : String(error);
      stderr.write(`Run ${older.run.runId} stays as it is, and is not marked as superseded: ${why}\n`);
    }
  }
}

/** Null while the preflight has not told it. */
function environmentOf(view: RunView): string | null {
  return contextOf(view).results.preflight === undefined ? null : proven(contextOf(view), 'preflight').environment;
}

function isSupersedable(view: RunView): boolean {
  const context = contextOf(view);
  return view.run.status === 'failed' && !stagingIsDirty(context) && context.seal?.putBegan !== true;
}
