import type { RunView } from '../engine/engine.js';
import { InterruptedError } from '../engine/errors.js';
import type { CommonOptions } from './command.js';
import { CommandError } from './errors.js';
import type { Io, Workspace, WorkspaceOptions } from './io.js';
import { nextOf } from './run-card.js';

/** Opens the workspace for as long as the work takes. What goes wrong is logged before it goes on to the edge. */
export async function withWorkspace<T>(
  { db }: CommonOptions,
  how: Omit<WorkspaceOptions, 'db'>,
  io: Io,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const workspace = await io.parts.openWorkspace({ db, ...how }, io);
  try {
    return await work(workspace);
  } catch (error) {
    workspace.logError(error instanceof CommandError ? error.cause : error, error instanceof CommandError ? error.runId : null);
    throw error;
  } finally {
    await workspace.close();
  }
}

/** Reads only: the database must exist, and stays as it is. */
export function reading<T>(
  options: CommonOptions,
  command: string,
  io: Io,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  return withWorkspace(options, { mode: 'read', command, notify: () => {} }, io, work);
}

/** Whatever fails on a run ends with the next command of each role. */
export async function onRun<T>({ engine }: Workspace, runId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(error, runId, await nextAfter(engine.inspect(runId), error));
  }
}

async function nextAfter(inspected: Promise<RunView>, error: unknown): Promise<CommandError['next']> {
  try {
    return nextOf(await inspected);
  } catch (second) {
    // The first error is the one to be told; a run that cannot even be looked at has no next command but this one.
    if (error instanceof InterruptedError) return [];
    return [{ role: 'operator', command: 'cutover doctor', why: `the run could not be read (${(second as Error).message})` }];
  }
}
