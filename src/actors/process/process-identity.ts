import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import type { ChildProcess } from '../actor.js';

/** A child as it was recorded: with the boot in which its start time counts. */
export interface RecordedChild extends ChildProcess {
  readonly bootId?: string | null;
}

/**
 * Start time of a process in clock ticks since boot, or null when there is no such process or no /proc (not Linux).
 * Together with the pid it names one process of this boot: pids are used again. Source: proc(5), /proc/PID/stat, field 22.
 */
export function processStartTime(pid: number): string | null {
  return processStat(pid)?.startTime ?? null;
}

/** What /proc says of a process. */
export interface ProcessStat {
  readonly state: string;
  readonly group: number;
  readonly startTime: string;
}

/** State, process group and start time of a process; null when there is no such process, or no /proc. */
export function processStat(pid: number): ProcessStat | null {
  const file = `/proc/${pid}/stat`;
  const text = unlessAbsent(() => readStat(file));
  return text === null ? null : parseStat(text, file);
}

/** Some 50 numbers and a name of at most 64 bytes: a kilobyte at most. */
const STAT = Buffer.alloc(4096);

/** At the end of each child, this is read of every process of the machine: a file of /proc has no size, for which `readFileSync` takes 64 KiB each time. */
function readStat(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    return STAT.toString('latin1', 0, readSync(descriptor, STAT, 0, STAT.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** The variables with which a process was started; none for one of another user, which can neither be read nor ended. */
export function environmentOf(pid: number): string[] {
  try {
    return unlessAbsent(() => readFileSync(`/proc/${pid}/environ`, 'latin1'))?.split('\0') ?? [];
  } catch (error) {
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** The ids of all processes; none where there is no /proc (not Linux). */
export function processIds(): number[] {
  return (unlessAbsent(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Reads the text of /proc/PID/stat; throws when it is not what proc(5) describes. */
export function parseStat(text: string, file: string): ProcessStat {
  // Field 2 is the name of the program in parentheses and may itself hold spaces and parentheses: the last one closes it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', , group = ''] = fields;
  const startTime = fields[19] ?? '';
  if (!/^\d+$/.test(startTime)) {
    throw new Error(`${file} is not of the form that proc(5) describes: ${JSON.stringify(text)}`);
  }
  return { state, group: Number(group), startTime };
}

/** Names this boot of this machine: start times of another boot mean nothing. Null where the kernel does not tell. */
export function bootId(): string | null {
  return firstLine('/proc/sys/kernel/random/boot_id');
}

/** Names this installation. Source: machine-id(5). Null where there is none. */
export function machineId(): string | null {
  return firstLine('/etc/machine-id') ?? firstLine('/var/lib/dbus/machine-id');
}

/** Whether the recorded process still lives (a zombie does not). Without a recorded start time nothing proves it: false. */
export function isSameProcess(child: ChildProcess): boolean {
  if (child.startTime === null) return false;
  const stat = processStat(child.pid);
  return stat !== null && stat.startTime === child.startTime && stat.state !== 'Z' && stat.state !== 'X';
}

function firstLine(file: string): string | null {
  const text = unlessAbsent(() => readFileSync(file, 'utf8'));
  return text?.split('\n')[0]?.trim() || null;
}

/** Null when there is no such file, or (ESRCH) the process ended between open and read. */
function unlessAbsent<Read>(read: () => Read): Read | null {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
