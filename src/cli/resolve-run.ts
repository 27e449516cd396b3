import { UsageError } from './errors.js';
import type { Workspace } from './io.js';

/** The run that a person named: an id, the beginning of exactly one, or `latest`. Throws `UsageError` with what was found. */
export async function resolveRun({ store }: Pick<Workspace, 'store'>, named: string): Promise<string> {
  if (named === 'latest') {
    const latest = await store.latestRunId();
    if (latest === null) throw new UsageError('There is no run yet: "latest" names none. Begin one with: cutover start');
    return latest;
  }
  // The beginning of every run, and what an unset variable leaves in a script: it names none.
  if (named.trim() === '') {
    throw new UsageError(
      `The run is ${JSON.stringify(named)}, which names none. Give its id, the beginning of it, or "latest"; see: cutover list`,
    );
  }
  if ((await store.getRun(named)) !== null) return named;
  const found = await store.findRunIds(named, 5);
  const [only, another] = found;
  if (only === undefined) throw new UsageError(`No run begins with ${JSON.stringify(named)}. See which there are: cutover list`);
  if (another !== undefined) {
    throw new UsageError(
      `${JSON.stringify(named)} is the beginning of more than one run: ${found.join(', ')}... Give more of the id.`,
    );
  }
  return only;
}
