import type { RunEvent } from '../engine/definition.js';
import type { Prepare, RunView } from '../engine/engine.js';
import type { Identity } from '../evidence/history-record.js';
import { driftEvents, type AcceptDrift } from './drift.js';
import { beforeExpiry } from './expiry.js';
import { RunStateError } from './errors.js';
import type { Io, Workspace } from './io.js';
import { contextOf, verdictOf } from './run-facts.js';
import { passGate } from './sign-off-gate.js';
import { supersedeOlder } from './supersede.js';
import { onRun } from './with-run.js';

export interface GoOnOptions {
  readonly who: Identity;
  readonly acceptDrift: AcceptDrift;
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

export function isEnded({ run }: RunView): boolean {
  return ['completed', 'abandoned', 'superseded'].includes(run.status) || run.state === 'sealedAsFailed';
}

/** What is left to say of an ended run besides its result. */
export function endedText(view: RunView): string {
  return `Run ${view.run.runId} has ended: ${view.run.state}${verdictOf(view) === null ? '' : `, verdict ${verdictOf(view)}`}. There is nothing to go on with.`;
}

function preparing(workspace: Workspace, options: GoOnOptions, io: Io): Prepare {
  return async (view, evidence): Promise<RunEvent[]> => {
    refuseFailed(view, options);
    if (isEnded(view)) return [];
    const events = await driftEvents(view, options.acceptDrift, workspace, io);
    if (view.run.status === 'failed') events.push({ type: 'RETRY_REQUESTED', reason: 'run --seal-only' });
    if (view.run.status === 'waiting') {
      events.push(await passGate(view, evidence, { now: io.now(), known: workspace.knownSecrets, onPurpose: false }));
    }
    return events;
  };
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
