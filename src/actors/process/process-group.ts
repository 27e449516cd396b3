import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from '../actor.js';
import { bootId, environmentOf, processIds, processStat, type RecordedChild } from './process-identity.js';

/** Between the request to end (SIGTERM) and the end (SIGKILL), in milliseconds. */
export const GRACE_MS = 5_000;
/** A process that survives SIGKILL for so long hangs in the kernel: a disk or network file system that does not answer. */
const KILL_MS = 10_000;
const POLL_MS = 20;

/** `unproven`: without a start time on record nothing tells whether the process that has this pid now is ours; it was left alone. */
export type GroupEnd = 'ended' | 'gone' | 'unproven';

/**
 * Ends what is left of a recorded child, as a driver that takes over does: its process group while the group's id is provably
 * still that of the child (start time, boot), and wherever they are the processes that carry its mark. SIGTERM first, after
 * `graceMs` SIGKILL. Resolves when all are gone; throws when one cannot be ended.
 */
export async function endProcessGroup(child: RecordedChild, graceMs: number = GRACE_MS): Promise<GroupEnd> {
  if (typeof child.bootId === 'string' && child.bootId !== bootId()) return 'gone';
  if (child.startTime === null) return exists(child.pid) ? 'unproven' : 'gone';
  if (survivors(child).length === 0) return 'gone';
  signalSurvivors(child, 'SIGTERM');
  if (!(await endsWithin(child, graceMs))) await killSurvivors(child);
  return 'ended';
}

/** Sends SIGKILL until nothing of the child is left. Throws when something is left after ten seconds. */
export async function killSurvivors(child: ChildProcess): Promise<void> {
  if (await noneLeft(child, KILL_MS, 'SIGKILL')) return;
  const left = survivors(child).map(({ pid }) => pid);
  throw new Error(
    `Processes ${left.join(', ')} did not end on SIGKILL. See what they hang in (ps -o pid,stat,wchan,args), then try again.`,
  );
}

/** Waits until nothing of the child is left, at most `withinMs`; whether it is so. */
export function endsWithin(child: ChildProcess, withinMs: number): Promise<boolean> {
  return noneLeft(child, withinMs, null);
}

/** Signals every process of the group, and those that left the group but carry the mark. */
export function signalSurvivors(child: ChildProcess, signal: NodeJS.Signals): void {
  for (const { pid, startTime } of survivors(child)) {
    if (processStat(pid)?.startTime === startTime) send(pid, signal);
  }
}

/** Signals a whole group; the caller knows that the group is its own. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  send(-group, signal);
}

async function noneLeft(child: ChildProcess, withinMs: number, signal: NodeJS.Signals | null): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (;;) {
    // A process may fork while /proc is read: only a look that finds none is the end.
    if (survivors(child).length === 0) return true;
    if (signal !== null) signalSurvivors(child, signal);
    if (performance.now() >= until) return false;
    await delay(POLL_MS);
  }
}

/**
 * The living processes of a child. The group's id cannot be given to another process while a member lives, and so it is ours
 * while the leader is there with the recorded start time (as a zombie too); after that only the mark proves it. The mark also
 * finds those that left the group with setsid. Without /proc (not Linux) there are none to be seen.
 */
function survivors(child: ChildProcess): { readonly pid: number; readonly startTime: string }[] {
  if (child.startTime === null) return [];
  const groupIsOurs = processStat(child.pid)?.startTime === child.startTime;
  const mark = `CUTOVER_ATTEMPT=${child.pid}-${child.startTime}`;
  const found: { pid: number; startTime: string }[] = [];
  for (const pid of processIds()) {
    const stat = processStat(pid);
    if (stat === null || stat.state === 'Z' || stat.state === 'X') continue;
    if (BigInt(stat.startTime) < BigInt(child.startTime)) continue;
    if ((groupIsOurs && stat.group === child.pid) || environmentOf(pid).includes(mark))
      found.push({ pid, startTime: stat.startTime });
  }
  return found;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already, or (EPERM) it became another user's: the look that follows tells whether one is left.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
