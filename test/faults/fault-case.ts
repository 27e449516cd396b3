import type { ChildProcess } from 'node:child_process';
import type { FaultPilot } from './fault-pilot.js';

/** How a command that a case gives ends. */
export interface Command {
  readonly args: readonly string[];
  readonly exitCode: number;
}

/** One way in which the world can differ from what a cutover needs, and what the operator then sees. */
export interface FaultCase {
  /** The check or the external call that is made to fail, in the words of the table. */
  readonly what: string;
  readonly how: string;
  /** Makes that fail, and nothing else. */
  readonly inject: (pilot: FaultPilot) => unknown;
  /** Takes the cause away, where it is more than the stand-ins' faults and the variables: those are put back in any case. */
  readonly mend?: (pilot: FaultPilot) => unknown;
  /** Default: what the stage begins with. */
  readonly args?: readonly string[];
  /** What is done while that command runs: the fault then comes from outside, at a certain moment. */
  readonly meanwhile?: (pilot: FaultPilot, command: ChildProcess) => Promise<void>;
  /** Default 1. */
  readonly exitCode?: number;
  /** Parts of what is printed, word for word. The first one stands in the table. */
  readonly says: readonly [string, ...string[]];
  /** In the stage `preflight`: the checks that fail, by their names. No other one may. */
  readonly failedChecks?: readonly string[];
  /** What else must be true when it has failed, before the cause is mended; throws when it is not. */
  readonly holds?: (pilot: FaultPilot) => unknown;
  /** What is done after the cause is mended, and how it must end. Default: by the stage. */
  readonly goesOn?: readonly Command[];
  /** What else must be true in the end. */
  readonly holdsInTheEnd?: (pilot: FaultPilot) => unknown;
}

/**
 * Where the fault meets the run:
 * - `preflight`: `cutover run` on a fresh site ends in the preflight, with nothing touched; then `cutover preflight` passes.
 * - `run`: `cutover run` on a fresh site ends in a later step; then a new `cutover run` reaches the human pause.
 * - `pause`: `cutover run --seal-only` on a run that waits with a completed checkpoint; then the same again seals it.
 */
export type Stage = 'preflight' | 'run' | 'pause';

/** Cases of one kind: a section of the table, and a test file. */
export interface FaultGroup {
  readonly title: string;
  readonly stage: Stage;
  readonly cases: readonly FaultCase[];
}
