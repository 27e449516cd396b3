import { RunNotFoundError } from '../store/errors.js';
import { rehydrate } from './advance.js';
import type { StoredSnapshot } from './definition.js';
import type { EngineOptions } from './engine.js';
import { SnapshotIncompatibleError } from './errors.js';

/** The run's last snapshot, checked against this version's machine. Throws `RunNotFoundError`, `SnapshotIncompatibleError`. */
export async function loadSnapshot(
  { store, definition }: EngineOptions,
  runId: string,
): Promise<{ snapshot: StoredSnapshot; seq: number }> {
  const stored = await store.getSnapshot(runId);
  if (stored === null) throw new RunNotFoundError(runId);
  const { snapshot, seq, machineVersion } = stored;
  const refuse = (why: string) => new SnapshotIncompatibleError(runId, machineVersion, definition.version, why);
  if (machineVersion !== definition.version) throw refuse('the versions differ');
  if (!isStoredSnapshot(snapshot)) throw refuse('the snapshot has not the form of one');
  try {
    rehydrate(definition.machine, snapshot);
  } catch (error) {
    throw refuse(`its state is unknown here (${error instanceof Error ? error.message : String(error)})`);
  }
  return { snapshot, seq };
}

function isStoredSnapshot(value: unknown): value is StoredSnapshot {
  return typeof value === 'object' && value !== null && 'value' in value && 'context' in value && 'status' in value;
}
