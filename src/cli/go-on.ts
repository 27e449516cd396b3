import type { RunEvent } from '../engine/definition.js';
import type { Prepare, RunView } from '../engine/engine.js';
import type { Identity } from '../evidence/history-record.js';
import { missingSignatures } from '../machine/signatures.js';
import { lookForDrift } from './drift.js';
import { beforeExpiry } from './expiry.js';
import { RunStateError, SignaturesMissingError } from './errors.js';
import type { Io, Workspace } from './io.js';
import { permitted, requireDriver, requireDriverAfterwards } from './permission.js';
import { contextOf, isSealedAsFailed, verdictOf } from './run-facts.js';
import { passGate } from './sign-off-gate.js';
import { supersedeOlder } from './supersede.js';
import { onRun } from './with-run.js';

export interface GoOnOptions {
  readonly who: Identity;
  /** Why a changed world is accepted; null where nothing was said. */
  readonly acceptDrift: string | null;
  /** The runbook's `--seal-only` on a run that failed while it was sealed means: the cause is mended, seal again. */
  readonly retriesSealing: boolean;
}

/** Drives a run on from wherever it stopped: through the gate when it waits. Throws what keeps it from going on. */
export async function goOn(workspace: Workspace, runId: string, options: GoOnOptions, io: Io): Promise<RunView> {
  const { who } = options;
  return onRun(workspace, runId, () =>
    beforeExpiry(workspace, runId, who, io, async () => {
      const before = await workspace.engine.inspect(runId);
      if (isEnded(before)) return before;
      // Asked before the lease is taken, too: whoever may not go on disturbs nobody.
      refuseFailed(before, options);
      const view = await workspace.engine.resume(runId, who, preparing(workspace, options, io));
      await supersedeOlder(workspace, runId, who, io);
      return view;
    }),
  );
}

export function isEnded(view: RunView): boolean {
  return ['completed', 'abandoned', 'superseded'].includes(view.run.status) || isSealedAsFailed(view);
}

/** What is left to say of an ended run besides its result. */
export function endedText(view: RunView): string {
  return `Run ${view.run.runId} has ended: ${view.run.state}${verdictOf(view) === null ? '' : `, verdict ${verdictOf(view)}`}. There is nothing to go on with.`;
}

function preparing(workspace: Workspace, options: GoOnOptions, io: Io): Prepare {
  return async (view, evidence) => {
    refuseFailed(view, options);
    if (isEnded(view)) return [];
    const retry = { type: 'RETRY_REQUESTED', reason: 'run --seal-only' };
    if (view.run.status === 'failed') permitted(view, options.who, retry);
    else requireDriver(view, options.who);
    if (view.run.status === 'waiting') requireUnsigned(view);
    const { who, drift } = await lookForDrift(view, { ...options, purpose: 'drive' }, workspace, io);
    const events: RunEvent[] = [...drift];
    if (view.run.status === 'failed') events.push(permitted(view, who, retry));
    else requireDriver(view, who);
    if (view.run.status === 'waiting') {
      const gate = { now: io.now(), known: workspace.knownSecrets, onPurpose: false };
      events.push(permitted(view, who, await passGate(view, evidence, gate)));
      requireDriverAfterwards(view, who);
    }
    return { events, who };
  };
}

/** What is missing after the sign-off is not the operator's to give. */
function requireUnsigned(view: RunView): void {
  const context = contextOf(view);
  if (context.signOff !== null) throw new SignaturesMissingError(view.run.runId, missingSignatures(context));
}

function refuseFailed(view: RunView, { retriesSealing }: GoOnOptions): void {
  const { failure } = contextOf(view);
  if (view.run.status !== 'failed') return;
  const inSealing = failure !== null && (failure.step.startsWith('sealing.') || failure.step === 'summarizing');
  if (retriesSealing && inSealing) return;
  throw new RunStateError(
    'RUN_FAILED',
    `Run ${view.run.runId} failed at ${failure?.step ?? view.run.state} (${failure?.code ?? 'unknown'}) and does not go on by itself: ${(failure?.message ?? '').split('\n')[0]}`,
    view.run.runId,
  );
}
