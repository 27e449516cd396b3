import { createHash } from 'node:crypto';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import { EvidenceError } from '../evidence/evidence-error.js';
import { EVIDENCE, keptLogName } from '../evidence/layout.js';
import type { AttemptLog, AttemptRecord } from '../store/store.js';

/** A log that is not what its attempt left behind. */
export interface LogDifference {
  /** The name under which the log is kept now. */
  readonly file: string;
  readonly what: 'missing' | 'changed' | 'unreadable';
  readonly message: string;
}

/**
 * Compares every digest on record, those of failed attempts too, with the file that holds that log now. Empty: all are as they
 * were left. The checkpoint is not compared: it was written to be filled in.
 * @param attempts all of the run, in the order in which they were made.
 */
export async function recordedLogDifferences(
  attempts: readonly AttemptRecord[],
  evidence: EvidenceDir,
): Promise<LogDifference[]> {
  const names = new Set(attempts.flatMap(({ logs }) => logs.map(({ file }) => file)));
  names.delete(EVIDENCE.checkpoint);
  const differences: LogDifference[] = [];
  for (const name of names) {
    for (const kept of keptLogs(name, attempts)) {
      const difference = await compare(kept, evidence);
      if (difference !== null) differences.push(difference);
    }
  }
  return differences;
}

/** Their actors open the log with `append`: they go on in the log that the step before them began. */
const APPENDING_STEPS: readonly string[] = ['restoringStaging', 'sealing.verifying'];

/** One log, from the attempt that began it to the last that went on in it. */
interface KeptLog {
  readonly file: string;
  /** The name that it gets when the next attempt begins a new one. */
  readonly otherwise: string | null;
  readonly records: readonly AttemptLog[];
  /** The last that wrote to it left no digest (interrupted, or it still runs): what follows the last record is not known. */
  readonly goesOn: boolean;
}

/** The logs that had this name, oldest first, with the names they have now: see src/engine/attempt-log.ts. */
function keptLogs(name: string, attempts: readonly AttemptRecord[]): KeptLog[] {
  const kept: KeptLog[] = [];
  const before: AttemptRecord[] = [];
  let current: AttemptRecord[] = [];
  for (const attempt of attempts) {
    if (attempt.logFile !== name && attempt.logs.every(({ file }) => file !== name)) continue;
    if (current.length > 0 && !APPENDING_STEPS.includes(attempt.step)) {
      kept.push({ ...written(name, current), file: keptLogName(name, before, attempt.step), otherwise: null });
      current = [];
    }
    current.push(attempt);
    before.push(attempt);
  }
  // An attempt that was killed right after it had kept the log of the one before it is on record without a log.
  const beginner = current[0]?.step ?? '';
  return [...kept, { ...written(name, current), file: name, otherwise: keptLogName(name, before, beginner) }];
}

function written(name: string, writers: readonly AttemptRecord[]): Pick<KeptLog, 'records' | 'goesOn'> {
  const records = writers.flatMap(({ logs }) => logs.filter(({ file }) => file === name));
  return { records, goesOn: writers.at(-1)?.logs.every(({ file }) => file !== name) ?? true };
}

async function compare({ file, otherwise, records, goesOn }: KeptLog, evidence: EvidenceDir): Promise<LogDifference | null> {
  if (records.length === 0) return null;
  let now = file;
  try {
    if (!(await evidence.exists(now)) && otherwise !== null && (await evidence.exists(otherwise))) now = otherwise;
    if (!(await evidence.exists(now))) return { file, what: 'missing', message: 'the log of an attempt is missing: restore it' };
    const { size, prefixes } = await prefixDigests(
      evidence,
      now,
      records.map((record) => record.size),
    );
    const different = records.find((record) => prefixes.get(record.size) !== record.sha256);
    const last = records.at(-1);
    if (different === undefined && (goesOn || size === last?.size)) return null;
    const { sha256 = '', size: left = 0 } = different ?? last ?? {};
    return {
      file: now,
      what: 'changed',
      message: `the file is not what its step left behind (SHA-256 ${sha256.slice(0, 12)}… of ${left} bytes recorded, ${size} bytes found): restore it`,
    };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return { file: now, what: 'unreadable', message: error.message };
  }
}

/** The digests of the first so many bytes, for each of the sizes; of what is shorter there is none. Reads the file once. */
async function prefixDigests(
  evidence: EvidenceDir,
  file: string,
  sizes: readonly number[],
): Promise<{ readonly size: number; readonly prefixes: ReadonlyMap<number, string> }> {
  const hash = createHash('sha256');
  const prefixes = new Map<number, string>();
  let size = 0;
  const due = [...new Set(sizes)].sort((a, b) => a - b);
  const take = () => {
    if (due[0] !== size) return;
    prefixes.set(size, hash.copy().digest('hex'));
    due.shift();
  };
  take();
  for await (const chunk of evidence.stream(file) as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      const part = rest.subarray(0, due[0] === undefined ? rest.length : due[0] - size);
      hash.update(part);
      size += part.length;
      rest = rest.subarray(part.length);
      take();
    }
  }
  return { size, prefixes };
}
