/** `12:00:01Z` of an ISO instant in UTC, as the runbook's lines show it. */
export function timeOfDay(at: string): string {
  return `${new Date(at).toISOString().slice(11, 19)}Z`;
}

/** `2026-02-21 12:00:01`, UTC. */
export function dayAndTime(at: string): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** `0.4s`, `44s`, `2m05s`, `1h02m`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)}s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${pad(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
}

/** `24K`, as `du -h` has it: rounded up. */
export function fileSize(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let value = bytes / 1024;
  let unit = 1;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return value < 10 && value !== Math.ceil(value) && unit > 1
    ? `${(Math.ceil(value * 10) / 10).toFixed(1)}${units[unit]}`
    : `${Math.max(1, Math.ceil(value))}${units[unit]}`;
}

/** `YYYYMMDDTHHMMSSZ`: the runbook's run id. */
export function runIdAt(now: Date): string {
  return `${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
