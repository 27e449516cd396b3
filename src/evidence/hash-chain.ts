import { canonicalSha256 } from './canonical-json.js';
import type { HistoryRecord } from './history-record.js';

/** The hash before a run's first transition: it binds the chain to the run's id. Also shown as the "chain id" in 00_scope.txt. */
export function genesisHash(runId: string): string {
  return canonicalSha256({ chain: 'cutover-history-v1', run_id: runId });
}

/** The hash of a record: over every field but `hash` itself. */
export function recordHash(record: Omit<HistoryRecord, 'hash'> & { readonly hash?: string }): string {
  const fields: Partial<HistoryRecord> = { ...record };
  return canonicalSha256(Object.fromEntries(Object.entries(fields).filter(([field]) => field !== 'hash')));
}

export interface ChainFault {
  readonly seq: number;
  readonly fault: string;
}

/**
 * Recomputes a chain in order and returns the first fault, or null when all is well.
 * An unkeyed chain proves order and completeness only up to a head that is kept elsewhere: compare `head` with it.
 */
export class ChainVerifier {
  #expectedSeq = 1;
  #head: string;

  constructor(private readonly runId: string) {
    this.#head = genesisHash(runId);
  }

  get head(): string {
    return this.#head;
  }

  get length(): number {
    return this.#expectedSeq - 1;
  }

  /** Checks the next record; returns what is wrong with it, or null. */
  next(record: HistoryRecord): ChainFault | null {
    const { seq } = record;
    if (record.run_id !== this.runId) return { seq, fault: `belongs to run ${shown(record.run_id)}, not ${this.runId}` };
    if (seq !== this.#expectedSeq) return { seq, fault: `seq ${this.#expectedSeq} expected, found ${shown(seq)}` };
    if (record.prev_hash !== this.#head)
      return { seq, fault: `prev_hash ${shown(record.prev_hash)} does not match ${this.#head}` };
    let actual: string;
    try {
      actual = recordHash(record);
    } catch (error) {
      // A number beyond the largest one in a stored text (9e999) is read as Infinity.
      return { seq, fault: `has no hash: ${(error as Error).message}` };
    }
    if (record.hash !== actual) return { seq, fault: `hash ${shown(record.hash)} recorded, ${actual} computed` };
    this.#expectedSeq += 1;
    this.#head = record.hash;
    return null;
  }
}

/** A record from a file may hold anything, also an object that cannot be made a string. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
