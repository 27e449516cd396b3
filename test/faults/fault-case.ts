import type { ChildProcess } from 'node:child_process';
import type { FaultPilot } from './fault-pilot.js';

/** How a command that a case gives ends. */
export interface Command {
  /** `<run>` stands for the id of the run: the one that waits (stages `gate` and `seal`), or the newest. */
  readonly args: readonly string[];
  readonly exitCode: number;
  /** What it then prints. */
  readonly says?: string;
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
  /** Default: what the stage begins with. `<run>` as in a `Command`. */
  readonly args?: readonly string[];
  /** What is done while that command runs: the fault then comes from outside, at a certain moment. */
  readonly meanwhile?: (pilot: FaultPilot, command: ChildProcess) => Promise<void>;
  /** Default 1. 0 is for a fault that is overcome without anyone: the run is sealed as if nothing had been. */
  readonly exitCode?: number;
  /** Parts of what is printed, word for word; two spaces stand for the gap between two columns. */
  readonly says: readonly [string, ...string[]];
  /** What `cutover doctor` says meanwhile, word for word, as a fault. */
  readonly doctor?: string;
  /** More such parts, that are known only on the site: of a commit, or with a port in them. */
  readonly shows?: (pilot: FaultPilot) => Promise<readonly string[]> | readonly string[];
  /** What is neither printed nor written into another file of the repository, evidence and database included. */
  readonly hides?: string;
  /** In the stage `preflight`: the checks that fail, by their names. No other one may. */
  readonly failedChecks?: readonly string[];
  /** What else must be true when it has failed, before the cause is mended; throws when it is not. */
  readonly holds?: (pilot: FaultPilot) => unknown;
  /** How many archives are locked in the end, in the stage `seal`. Default 1, or 0 when no command of `goesOn` ends with 0. */
  readonly archives?: number;
  /** What is done after the cause is mended, and how it must end. Default: by the stage. */
  readonly goesOn?: readonly Command[];
  /** What else must be true in the end. */
  readonly holdsInTheEnd?: (pilot: FaultPilot) => unknown;
}

/**
 * Where the fault meets the run. In the first three all cases of a group share one site, one after the other: that a cause is
 * mended is seen in the end, when nothing fails any more.
 * - `preflight`: `cutover run` ends in the preflight, with nothing touched; in the end `cutover preflight` passes.
 * - `step`: `cutover run` ends in a later step; in the end a new one reaches the human pause.
 * - `gate`: `cutover run --seal-only` is refused, and the run goes on waiting; in the end the same seals it.
 *
 * In the others a fault leaves its marks on staging or on the run, so each case begins anew, and has its own end:
 * - `run`: as `step`, on a fresh site.
 * - `seal`: `cutover run --seal-only` on a run that waits with a completed checkpoint; then the same again seals it.
 */
export type Stage = 'preflight' | 'step' | 'gate' | 'run' | 'seal';

/** Cases of one kind: a section of the table, and a test file. */
export interface FaultGroup {
  readonly title: string;
  readonly stage: Stage;
  readonly cases: readonly FaultCase[];
}
