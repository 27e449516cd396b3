import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine, as /proc shows it. */
export interface FoundProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** The processes that have this text in the environment with which they were started; not this one, nor those that have ended. */
export function processesWith(text: string): FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => readProcess(pid, 'environ').includes(text))
    .map((pid) => ({ pid: Number(pid), commandLine: readProcess(pid, 'cmdline').replaceAll('\0', ' ').trimEnd() }));
}

/** Empty for a process that has ended since, or is another user's. */
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return '';
    throw error;
  }
}
