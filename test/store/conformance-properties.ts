import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../src/evidence/canonical-json.js';
import { ChainVerifier } from '../../src/evidence/hash-chain.js';
import { LeaseHeldError, LeaseLostError, StaleSnapshotError } from '../../src/store/errors.js';
import type { LeaseRecord, Store } from '../../src/store/store.js';
import { AT, first, holder, newRun, next } from './builders.js';

type Step =
  | { readonly do: 'commit'; readonly fenceBack: number; readonly seqOff: number; readonly fact: unknown }
  | { readonly do: 'acquire'; readonly seen: 'none' | 'present' | 'first' }
  | { readonly do: 'seize' | 'release' | 'heartbeat'; readonly fenceBack: number };

const mostlyZero = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -1, max: 2 }) });
const fenceBack = mostlyZero.map((back) => Math.abs(back));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      fenceBack,
      seqOff: mostlyZero,
      fact: fc.jsonValue({ stringUnit: 'grapheme' }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('acquire' as const), seen: fc.constantFrom('none', 'present', 'first') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('seize', 'release', 'heartbeat'), fenceBack }) },
);

/** Any sequence of requests, right or wrong, against a model of what must become of each. */
export function describeStoreProperties(store: () => Store): void {
  test('whatever is asked of it, fences only grow, only the holder writes, and the chain holds', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        runs += 1;
        const runId = `run-${runs}`;
        const firstLease = await store().createRun(newRun(runId), holder(), first());
        const model = new Model(store(), runId, firstLease);
        for (const each of steps) await model.take(each);
        await model.compare();
      }),
      { numRuns: 60 },
    );
    expect(await store().check()).toMatchObject({ faults: [] });
  });
}

/** What the interface promises, in the fewest words: a fence, whether it is held, a head. */
class Model {
  #fence = 1;
  #held = true;
  #counter = 0;
  #head = 1;
  readonly #facts: unknown[] = [];
  constructor(
    private readonly store: Store,
    private readonly runId: string,
    private readonly firstLease: LeaseRecord,
  ) {}

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'commit':
        return this.#commit(step.fenceBack, step.seqOff, step.fact);
      case 'acquire':
        return this.#acquire(step.seen);
      case 'seize':
        return this.#granted(await this.store.seizeLease(this.runId, holder(this.#fence + 1), AT));
      case 'release':
        await this.store.releaseLease(this.runId, this.#fence - step.fenceBack);
        if (step.fenceBack === 0) this.#held = false;
        return;
      case 'heartbeat':
        return this.#heartbeat(step.fenceBack);
    }
  }

  async #commit(fenceBack: number, seqOff: number, fact: unknown): Promise<void> {
    const seq = this.#head + 1 + seqOff;
    const transition = next(seq, this.#fence - fenceBack, { runId: this.runId, event: { type: 'FACT', fact }, snapshot: fact });
    const commit = this.store.commit(transition);
    if (!this.#held || fenceBack > 0) return expect(commit).rejects.toThrow(LeaseLostError);
    if (seqOff !== 0) return expect(commit).rejects.toThrow(StaleSnapshotError);
    expect((await commit).seq).toBe(seq);
    this.#head = seq;
    this.#facts.push(fact);
  }

  async #acquire(seen: 'none' | 'present' | 'first'): Promise<void> {
    const lease = { none: null, present: await this.store.getLease(this.runId), first: this.firstLease }[seen];
    const isAsSeen = seen === 'present' || (seen === 'first' && this.#fence === 1 && this.#counter === 0);
    const acquired = this.store.acquireLease(this.runId, holder(this.#fence + 1), lease, AT);
    if (this.#held && !isAsSeen) return expect(acquired).rejects.toThrow(LeaseHeldError);
    this.#granted(await acquired);
  }

  async #heartbeat(fenceBack: number): Promise<void> {
    const beat = this.store.heartbeat(this.runId, this.#fence - fenceBack, AT);
    if (!this.#held || fenceBack > 0) return expect(beat).rejects.toThrow(LeaseLostError);
    await beat;
    this.#counter += 1;
  }

  #granted(lease: LeaseRecord): void {
    expect(lease.fence).toBeGreaterThan(this.#fence);
    this.#fence = lease.fence;
    this.#held = true;
    this.#counter = 0;
  }

  async compare(): Promise<void> {
    const chain = new ChainVerifier(this.runId);
    const snapshots: unknown[] = [];
    for await (const record of this.store.history(this.runId)) {
      expect(chain.next(record)).toBeNull();
      if (record.seq > 1) snapshots.push(record.snapshot);
    }
    expect(chain.length).toBe(this.#head);
    expect(canonicalJson(snapshots)).toBe(canonicalJson(this.#facts));
    expect(await this.store.getRun(this.runId)).toMatchObject({ headSeq: this.#head, headHash: chain.head });
    const lease = await this.store.getLease(this.runId);
    expect(lease).toMatchObject({ fence: this.#fence, counter: this.#counter });
    expect(lease?.holder !== null).toBe(this.#held);
  }
}
