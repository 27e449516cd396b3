import type { RunView } from '../engine/engine.js';
import type { Identity } from '../evidence/history-record.js';
import { hasExpired } from '../machine/pause.js';
import { RunStateError } from './errors.js';
import type { Io, Workspace } from './io.js';
import { contextOf } from './run-facts.js';

/**
 * Does what needs an open gate. Whoever comes by after the gate has expired puts that on record, before the work or where it happened
 * in the middle of it, and is told. Throws `RunStateError` (GATE_EXPIRED), and what the work throws.
 */
export async function beforeExpiry<T>(
  workspace: Workspace,
  runId: string,
  who: Identity,
  io: Pick<Io, 'now'>,
  work: () => Promise<T>,
): Promise<T> {
  await refuseExpired(workspace, runId, who, io);
  try {
    return await work();
  } catch (error) {
    await refuseExpired(workspace, runId, who, io);
    throw error;
  }
}

/** Records that the gate has expired, as the engine's word; changes nothing where it has not, or where that is on record. */
export async function recordExpiry(
  { engine }: Workspace,
  runId: string,
  who: Identity,
  { now }: Pick<Io, 'now'>,
): Promise<RunView> {
  return engine.send(runId, { ...who, level: 'engine' }, async (view) =>
    isGateExpired(view, now().toISOString()) ? [{ type: 'EXPIRED', expiresAt: contextOf(view).pause?.expiresAt }] : [],
  );
}

/** @param at unless another instant is named: when it was looked at. */
export function isGateExpired(view: RunView, at = view.seenAt): boolean {
  return view.run.status === 'waiting' && hasExpired(contextOf(view), at);
}

async function refuseExpired(workspace: Workspace, runId: string, who: Identity, io: Pick<Io, 'now'>): Promise<void> {
  const found = await workspace.engine.inspect(runId);
  const view = isGateExpired(found, io.now().toISOString()) ? await recordExpiry(workspace, runId, who, io) : found;
  const { failure } = contextOf(view);
  if (view.run.status !== 'failed' || failure?.code !== 'GATE_EXPIRED') return;
  throw new RunStateError(
    'GATE_EXPIRED',
    `The human gate of run ${runId} expired at ${(failure.details as { expiresAt: string }).expiresAt}: it can't be signed any more. ` +
      `A supervisor opens it again: cutover replay ${runId} --from awaitingDbVerification --reason "..."`,
    runId,
  );
}
