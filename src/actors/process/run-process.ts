import { ActorError, type ChildProcess } from '../actor.js';
import { findCommand } from './find-command.js';
import { endsWithin, GRACE_MS, killSurvivors, signalGroup, signalSurvivors } from './process-group.js';
import { CollectedOutput, outputTooLarge, OutputReader } from './read-output.js';
import { spawnWatched, type Exit, type WatchedProcess } from './watchdog.js';

/** On whose behalf a process runs: an `ActorContext` is one. */
export interface ProcessOwner {
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  childStarted(child: ChildProcess): Promise<void>;
  childEnded(child: ChildProcess): Promise<void>;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to the owner's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds from the start of the command. */
  readonly timeoutMs: number;
  /** Takes stdout and stderr as one stream, in order, and as bytes; the command waits while it is not resolved. Nothing is collected then. */
  readonly onOutput?: (chunk: Uint8Array) => Promise<void>;
  /** Default: 16 MiB each of stdout and stderr; none with `onOutput`. */
  readonly maxOutputBytes?: number;
  /** Stdin; without it, stdin is empty. */
  readonly input?: string;
}

export interface ProcessResult {
  /** Null when a signal or the time-out ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Empty with `onOutput`. */
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
/** After the end of all known writers, a pipe without news for so long has nothing more to say. */
const QUIET_MS = 1_000;

/** For reads outside an attempt: its processes are not on record, but they end with this one all the same. */
export function unrecordedOwner(signal: AbortSignal, env: NodeJS.ProcessEnv): ProcessOwner {
  return { signal, env, childStarted: () => Promise.resolve(), childEnded: () => Promise.resolve() };
}

/**
 * Runs a command in its own process group, recorded with its owner before it starts, and killed with everything it started
 * when it ends, when the time is up (SIGTERM, five seconds later SIGKILL), when the owner's signal is aborted, or when this
 * process dies. Exit codes are results, not errors: a shell's 137 and a death by SIGKILL are told apart.
 * Errors: COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, COMMAND_NOT_STARTED, COMMAND_NOT_ENDED, COMMAND_OUTPUT_TOO_LARGE; the
 * signal's reason when aborted; whatever `onOutput` and `childStarted` throw.
 */
export async function runProcess(
  owner: ProcessOwner,
  file: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  owner.signal.throwIfAborted();
  const env = { ...owner.env, ...options.env };
  const command = await findCommand(file, env['PATH'], options.cwd ?? process.cwd());
  const { cwd, input, onOutput } = options;
  const child = await spawnWatched({ file: command, args, cwd, env, merged: onOutput !== undefined, input });
  const record: ChildProcess = { pid: child.pid, startTime: child.startTime };
  const output = readOutput(child, file, options);
  try {
    await owner.childStarted(record);
  } catch (error) {
    child.letGo();
    await child.exited;
    throw error;
  }
  if (owner.signal.aborted) {
    child.letGo();
    await child.exited;
    await owner.childEnded(record);
    throw owner.signal.reason;
  }
  const startedAt = performance.now();
  child.go();
  const { exit, stop } = await untilEnded(child, owner.signal, options.timeoutMs, output.failed);
  const durationMs = Math.round(performance.now() - startedAt);
  await killRest(child);
  const readings = await Promise.allSettled(output.readers.map((reader) => reader.finish(QUIET_MS)));
  child.letGo();
  await owner.childEnded(record);

  if (stop !== null && stop !== 'timeout') throw stop.error;
  for (const reading of readings) if (reading.status === 'rejected') throw reading.reason;
  const timedOut = stop === 'timeout';
  return {
    exitCode: timedOut ? null : exit.exitCode,
    signal: exit.signal,
    stdout: output.stdout?.text() ?? '',
    stderr: output.stderr?.text() ?? '',
    timedOut,
    durationMs,
  };
}

type Stop = 'timeout' | { readonly error: unknown };

/** Waits for the command's exit; asks it to end, and then makes it end, when something else comes first. */
async function untilEnded(
  child: WatchedProcess,
  signal: AbortSignal,
  timeoutMs: number,
  outputFailed: Promise<Stop>,
): Promise<{ exit: Exit; stop: Stop | null }> {
  const over = new AbortController();
  const stopped = new Promise<Stop>((resolve) => {
    const timer = setTimeout(() => resolve('timeout'), timeoutMs);
    over.signal.addEventListener('abort', () => clearTimeout(timer));
    signal.addEventListener('abort', () => resolve({ error: signal.reason }), { signal: over.signal });
    void outputFailed.then(resolve);
  });
  try {
    const first = await Promise.race([child.exited.then((exit) => ({ exit })), stopped.then((stop) => ({ stop }))]);
    if ('exit' in first) return { exit: first.exit, stop: null };
    signalGroup(child.pid, 'SIGTERM');
    signalSurvivors(child, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
    over.signal.addEventListener('abort', () => clearTimeout(timer));
    const askedAt = performance.now();
    const exit = await child.exited;
    // What it started has the same grace: a runner's own end says nothing of the containers it was asked to stop.
    await endsWithin(child, GRACE_MS - (performance.now() - askedAt));
    return { exit, stop: first.stop };
  } finally {
    over.abort();
  }
}

/** What the command left behind. Its group still has the watchdog's reader in it, so that the id cannot be another's. */
async function killRest(child: WatchedProcess): Promise<void> {
  signalGroup(child.pid, 'SIGKILL');
  try {
    await killSurvivors(child);
  } catch (error) {
    throw new ActorError('COMMAND_NOT_ENDED', (error as Error).message, { cause: error });
  }
}

function readOutput(child: WatchedProcess, file: string, options: ProcessOptions) {
  const { onOutput } = options;
  if (onOutput !== undefined || child.stderr === null) {
    const max = options.maxOutputBytes ?? Infinity;
    let size = 0;
    const reader = new OutputReader(child.stdout, async (chunk) => {
      size += chunk.length;
      if (size > max) throw outputTooLarge(file, max);
      await onOutput?.(chunk);
    });
    return { readers: [reader], failed: firstFailure([reader]), stdout: null, stderr: null };
  }
  const max = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  const stdout = new CollectedOutput(file, max);
  const stderr = new CollectedOutput(file, max);
  const readers = [
    new OutputReader(child.stdout, (chunk) => stdout.add(chunk)),
    new OutputReader(child.stderr, (chunk) => stderr.add(chunk)),
  ];
  return { readers, failed: firstFailure(readers), stdout, stderr };
}

function firstFailure(readers: readonly OutputReader[]): Promise<Stop> {
  return new Promise((resolve) => {
    for (const reader of readers) reader.done.catch((error: unknown) => resolve({ error }));
  });
}
