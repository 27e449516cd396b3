import { canonicalJson } from '../canonical-json.js';
import { ChainVerifier } from '../hash-chain.js';
import type { HistoryRecord } from '../history-record.js';
import { EVIDENCE } from '../layout.js';
import { beginsPause, PAUSE } from '../sign-off/pause.js';
import type { ContentReader } from './archive-reader.js';

/** What a history says up to a line, and the first thing that is wrong with it. */
export interface HistorySoFar {
  /** Transitions whose hashes are right, from the first one on. */
  readonly length: number;
  /** The hash of the last one of them; before any, the genesis. */
  readonly head: string;
  readonly last: HistoryRecord | null;
  /** The last sign-off that was given, whether or not it counts. */
  readonly signedOff: HistoryRecord | null;
  /** All sign-offs and the signatures after them, in their order. */
  readonly signatures: readonly RecordedSignature[];
  /** The signatures that were given after it, whether or not they count; not more than a policy can want. */
  readonly countersigned: readonly HistoryRecord[];
  /** The first transition. */
  readonly started: HistoryRecord | null;
  readonly fault: string | null;
}

/** A signature as the history has it. */
export interface RecordedSignature {
  readonly seq: number;
  readonly at: string;
  readonly signed: unknown;
  /** The hash of the transition up to which it was signed; null where that is none of the same pause. */
  readonly head: string | null;
  /** When the pause began that it was given in; null outside of one. */
  readonly pausedAt: string | null;
}

/** Snapshots make lines long; one of this length is no transition of ours. Bounds the memory that a line takes. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Three roles, nine of each: see the policy's schema. */
const MAX_COUNTERSIGNED = 27;
const LINE_FEED = 10;

/**
 * Reads a run's history line by line, as it comes, and recomputes its chain from the genesis of the run on; more than one file can
 * be read one after the other. Each line must be the canonical JSON of its record, so that the chain is about every byte.
 */
export class HistoryReader implements ContentReader {
  #chain: ChainVerifier | null;
  readonly #uploadLogs = new Set<string>();
  #pieces: Uint8Array[] = [];
  #pending = 0;
  #last: HistoryRecord | null = null;
  #signedOff: HistoryRecord | null = null;
  readonly #signatures: RecordedSignature[] = [];
  /** The transitions of the present pause: their hashes. */
  readonly #pause = new Map<unknown, string>();
  #pausedAt: string | null = null;
  #countersigned: HistoryRecord[] = [];
  #started: HistoryRecord | null = null;
  #fault: string | null = null;
  #uploadWasInterrupted = false;

  /** Without a run's id, it is the one that the first transition names. */
  constructor(runId: string | null) {
    this.#chain = runId === null ? null : new ChainVerifier(runId);
  }

  /** The digests of the upload's log that its attempts recorded when they ended. */
  get uploadLogs(): ReadonlySet<string> {
    return this.#uploadLogs;
  }

  /** An attempt that was killed recorded no digest of its log. */
  get uploadWasInterrupted(): boolean {
    return this.#uploadWasInterrupted;
  }

  push(chunk: Uint8Array): void {
    let begin = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, begin);
      if (this.#fault !== null) return;
      this.#add(chunk.subarray(begin, end < 0 ? undefined : end));
      if (end < 0) return;
      this.#take(Buffer.concat(this.#pieces));
      this.#pieces = [];
      this.#pending = 0;
      begin = end + 1;
    }
  }

  /** At the end of a file: what was read up to here. */
  soFar(): HistorySoFar {
    if (this.#pending > 0) this.#fault ??= `is cut off after transition ${this.#length}: the last line has no line feed`;
    return {
      length: this.#length,
      head: this.#chain?.head ?? 'none',
      last: this.#last,
      signedOff: this.#signedOff,
      signatures: [...this.#signatures],
      countersigned: this.#countersigned,
      started: this.#started,
      fault: this.#fault,
    };
  }

  get #length(): number {
    return this.#chain?.length ?? 0;
  }

  #add(piece: Uint8Array): void {
    this.#pending += piece.length;
    if (this.#pending > MAX_LINE_BYTES) this.#fault = `has a line of more than ${MAX_LINE_BYTES} bytes`;
    // A copy: what the chunk is a part of may be used again, or be much larger.
    else this.#pieces.push(Buffer.from(piece));
  }

  #take(line: Uint8Array): void {
    try {
      const record = recordIn(line);
      this.#chain ??= new ChainVerifier(record.run_id);
      const fault = this.#chain.next(record);
      if (fault !== null) this.#fault = `transition ${JSON.stringify(fault.seq)}: ${fault.fault}`;
      else this.#note(record);
    } catch (error) {
      this.#fault = `the line after transition ${this.#length}: ${(error as Error).message}`;
    }
  }

  #note(record: HistoryRecord): void {
    const { event } = record;
    this.#last = record;
    this.#started ??= withoutSnapshot(record);
    if (beginsPause(record)) {
      this.#pause.clear();
      this.#pausedAt = record.at;
    }
    if (record.to === PAUSE) this.#pause.set(record.seq, record.hash);
    if (event.type === 'SIGNED_OFF') this.#noteSignOff(record);
    if (event.type === 'COUNTERSIGNED' && this.#countersigned.length < MAX_COUNTERSIGNED) {
      this.#countersigned.push(withoutSnapshot(record));
      this.#noteSignature(record, event['countersignature']);
    }
    for (const log of listIn(event['logs'])) {
      if (log['file'] === EVIDENCE.uploadLog && typeof log['sha256'] === 'string') this.#uploadLogs.add(log['sha256']);
    }
    if (event.type === 'RESUMED') {
      const steps = listIn(event['interrupted']).map(({ step }) => step);
      if (steps.includes('sealing.uploading') || steps.includes('sealing.verifying')) this.#uploadWasInterrupted = true;
    }
  }

  #noteSignOff(record: HistoryRecord): void {
    this.#signedOff = record;
    this.#countersigned = [];
    this.#noteSignature(record, record.event['signOff']);
  }

  #noteSignature({ seq, at, from }: HistoryRecord, signed: unknown): void {
    const signedUpTo = (signed as { seq?: unknown } | null | undefined)?.seq;
    const head = this.#pause.get(signedUpTo) ?? null;
    this.#signatures.push({ seq, at, signed: signed ?? null, head, pausedAt: from === PAUSE ? this.#pausedAt : null });
  }
}

/** What is kept must not grow with the run's memory. */
function withoutSnapshot(record: HistoryRecord): HistoryRecord {
  return { ...record, snapshot: null };
}

function recordIn(line: Uint8Array): HistoryRecord {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('is no record');
  if (canonicalJson(value) !== text) throw new Error('is not the canonical JSON of its record');
  const { event } = value as { event?: unknown };
  if (typeof event !== 'object' || event === null) throw new Error('has no event');
  return value as HistoryRecord;
}

function listIn(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
}
