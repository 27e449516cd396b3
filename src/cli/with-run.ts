import { InterruptedError } from '../engine/errors.js';
import type { CommonOptions } from './command.js';
import { CommandError } from './errors.js';
import type { Io, Workspace, WorkspaceOptions } from './io.js';
import type { RunExplanation } from './run-explanation.js';

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

/** Whatever fails on a run ends with what explains it, and the next command of each role. */
export async function onRun<T>({ engine }: Workspace, runId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(error, runId, await explanationAfter(engine, runId, error));
  }
}

async function explanationAfter(engine: Workspace['engine'], runId: string, error: unknown): Promise<RunExplanation | null> {
  try {
    const view = await engine.inspect(runId);
    const { explainRun } = await import('./run-explanation.js');
    return await explainRun(view);
  } catch (second) {
    // The first error is the one to be told; a run that cannot even be looked at has no next command but this one.
    if (error instanceof InterruptedError) return null;
    const why = `it could not be read (${(second as Error).message})`;
    const next: RunExplanation['next'] = [{ role: 'operator', command: 'cutover doctor', why }];
    return { run: runId, why, failure: null, log: null, next };
  }
}
