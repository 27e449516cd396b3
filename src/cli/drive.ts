import type { RunView } from '../engine/engine.js';
import type { CommonOptions } from './command.js';
import type { Io, Workspace, WorkspaceOptions } from './io.js';
import { createProgress } from './progress.js';
import { resolveRun } from './resolve-run.js';
import { withCourier } from './notify/courier.js';
import { onRun } from './with-run.js';

/** Opens the store for a command that changes a run, shows the progress, and ends both before the result is shown. */
export async function driving(
  options: CommonOptions,
  how: Pick<WorkspaceOptions, 'mode' | 'command'>,
  io: Io,
  work: (workspace: Workspace) => Promise<RunView>,
): Promise<RunView> {
  const progress = createProgress(io, { ...options, transitions: true });
  try {
    return await withCourier(options, { ...how, notify: progress.notify }, io, work);
  } finally {
    progress.close();
  }
}

/** As `driving`, on a run that is there already. */
export function deciding(
  options: CommonOptions & { readonly run: string },
  command: string,
  io: Io,
  work: (workspace: Workspace, runId: string) => Promise<RunView>,
): Promise<RunView> {
  return driving(options, { mode: 'write', command }, io, async (workspace) => {
    const runId = await resolveRun(workspace, options.run);
    return onRun(workspace, runId, () => work(workspace, runId));
  });
}
