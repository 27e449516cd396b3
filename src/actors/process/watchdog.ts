import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { ActorError } from '../actor.js';
import { processStartTime } from './process-identity.js';

export interface WatchedCommand {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Stdout and stderr as one stream, in the order in which they were written. */
  readonly merged: boolean;
  readonly input: string | undefined;
}

export interface Exit {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A command in a process group of its own (its id is the pid), not started yet: it waits for `go`. */
export interface WatchedProcess {
  readonly pid: number;
  readonly startTime: string | null;
  readonly stdout: Readable;
  /** Null when merged into stdout. */
  readonly stderr: Readable | null;
  readonly exited: Promise<Exit>;
  go(): void;
  /** Closes the driver's end of the pipe: before `go` nothing is started, after it the whole group is killed. */
  letGo(): void;
}

/**
 * The shell waits until the driver has recorded it and says go, and then becomes the command itself (same pid, so that exit
 * code and signal are the command's own). Before, it leaves a reader behind on the driver's pipe: when the driver is gone,
 * however it went, the reader kills the group. The reader is orphaned at once, so that a command that waits for all of
 * its children does not wait for it. It ignores the signals by which a group is asked to end, since it must outlive the grace.
 */
const WATCHDOG = `
read -r word start <&3 && [ "$word" = go ] || exit 0
[ "$1" = merged ] && exec 2>&1
shift
CUTOVER_ATTEMPT="$$-$start"
export CUTOVER_ATTEMPT
( trap '' HUP INT TERM
  { while read -r word; do :; done; kill -KILL 0; } <&3 3<&- >/dev/null 2>&1 &
) || kill -KILL $$
exec "$@" 3<&-
`;

/** Starts the watchdog's shell. Errors: COMMAND_NOT_STARTED. */
export async function spawnWatched(command: WatchedCommand): Promise<WatchedProcess> {
  const child = execa('/bin/sh', ['-c', WATCHDOG, 'sh', command.merged ? 'merged' : 'apart', command.file, ...command.args], {
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    env: command.env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    encoding: 'buffer',
    stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', command.merged ? 'ignore' : 'pipe', 'pipe'],
  });
  if (child.pid === undefined) {
    const { originalMessage } = await child;
    throw new ActorError(
      'COMMAND_NOT_STARTED',
      `${command.file} could not be started: ${originalMessage ?? 'the system gave no reason'}. ` +
        `Check that ${command.cwd ?? 'the working directory'} and /bin/sh exist, and the limits on processes and arguments.`,
    );
  }
  const pid = child.pid;
  const startTime = processStartTime(pid);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const pipe = child.stdio[3] as unknown as Writable & Readable;
  // A pipe that breaks means that the other side has ended: the exit tells how.
  pipe.on('error', () => pipe.destroy());
  pipe.resume();
  if (command.input !== undefined && child.stdin !== null) {
    // A command need not read its input.
    child.stdin.on('error', () => child.stdin?.destroy());
    child.stdin.end(command.input);
  }
  return {
    pid,
    startTime,
    stdout: child.stdout as Readable,
    stderr: command.merged ? null : (child.stderr as Readable),
    exited,
    go: () => pipe.write(`go ${startTime ?? '0'}\n`),
    letGo: () => pipe.destroy(),
  };
}
