import { stagingIsDirty, type PilotContext } from './context.js';
import { isBefore, type Place } from './steps.js';

/** The steps whose failure the runbook answers with a new run: "fix the failing gate, then re-run from scratch". */
const GATES: readonly Place[] = ['runningRcGates', 'runningStagingDryRun'];

/** Whether going on from `from` would judge a failed gate a second time. */
export function replayNeedsOverride({ failure }: PilotContext, from: Place): boolean {
  return failure !== null && GATES.includes(failure.step) && !isBefore(failure.step, from);
}

/** Why a run may not be replayed from a place, in words for the supervisor; null when it may. */
export function replayRefusal(context: PilotContext, from: Place, override: boolean): string | null {
  if (context.seal?.verdict === 'FAIL' && isBefore(from, 'sealing.scanning')) {
    return 'it is being sealed as evidence of a run that has ended: only sealing.scanning and later can be replayed';
  }
  if (context.abandoning && from !== 'restoringStaging' && isBefore(from, 'sealing.scanning')) {
    return 'the run is being abandoned: only restoringStaging is left to replay';
  }
  const reached = context.failure?.step ?? 'awaitingDbVerification';
  if (isBefore(reached, from)) return `the run never got as far as ${from}: it stopped at ${reached}`;
  if (context.summary !== null && from !== 'summarizing') {
    return 'the result summary was frozen and its objects may be locked already: only summarizing can be replayed';
  }
  if (context.seal?.putBegan === true && isBefore(from, 'sealing.uploading')) {
    return 'an upload of the archive was begun: from then on the archive is the truth, and only sealing.uploading and later can be replayed';
  }
  if (stagingIsDirty(context) && from !== 'drillingAppRollback' && from !== 'restoringStaging') {
    return 'deployments may still be rolled back: replay drillingAppRollback or restoringStaging first, or abandon the run with --acknowledge-left-behind';
  }
  if (from === 'restoringStaging' && context.drill.plan === null) return 'no drill was begun: there is nothing to restore';
  if (isBefore('awaitingDbVerification', from) && context.signOff === null && context.seal?.verdict !== 'FAIL') {
    return 'there is no valid sign-off: nothing after the human pause can run without one';
  }
  if (from !== 'preflight' && context.results.preflight === undefined) return 'the preflight has not passed';
  if (replayNeedsOverride(context, from) && !override) {
    return `a failed ${context.failure?.step} needs a new run (runbook); to judge it again in this run, on the record: cutover override <run> --reason "...", or --override`;
  }
  return null;
}
