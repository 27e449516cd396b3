import type { ActorContext } from '../../../src/actors/actor.js';
import type { ProcessOwner } from '../../../src/actors/process/run-process.js';
import type { TestContext } from '../actor-context.js';
import { recordingLog, type RecordingLog } from '../recording-log.js';

/** An attempt's context on a kubectl, with its log in memory, and how the log was opened. */
export interface DrillContext extends ActorContext {
  readonly log: RecordingLog;
  readonly opened: unknown[];
}

export function drillContext(context: TestContext, owner: ProcessOwner): DrillContext {
  const log = recordingLog('50_rollback_drill.txt');
  const opened: unknown[] = [];
  return {
    ...context,
    env: owner.env,
    signal: owner.signal,
    log,
    opened,
    openLog: (...args) => {
      opened.push(args);
      return Promise.resolve(log);
    },
  };
}

/** The log without the calls of kubectl. */
export function narration(log: RecordingLog): string[] {
  return log
    .text()
    .split('\n')
    .filter((line) => !/^\$ kubectl |^\[exit code |^rolled (?:back|out)$/.test(line));
}
