import type { EvidenceLog } from '../../src/evidence/evidence-dir.js';
import type { TransitionCommit } from '../../src/store/store.js';

/** What a call ends with at the point of the crash, and every call after it. */
export class Crash extends Error {
  constructor() {
    super('the driver has crashed');
  }
}

export interface CrashPoint {
  /** The call, counted from 1 over all that is wrapped. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

/**
 * Breaks a driver at one exact call of its store or its evidence directory: before the call does anything, or after it did all.
 * From then on nothing that is wrapped does anything, as after a power cut. Without a point it only counts.
 */
export class Crashes {
  /** The calls so far, by name. */
  readonly calls: string[] = [];
  /** The events that were committed, by call. */
  readonly committed = new Map<string, number>();
  readonly #opened: EvidenceLog[] = [];
  #crashed = false;

  constructor(
    private readonly point: CrashPoint | null = null,
    private readonly atPoint: () => void = () => {},
  ) {}

  get crashed(): boolean {
    return this.#crashed;
  }

  wrap<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function' || typeof name !== 'string') return value;
        const call = value.bind(target) as (...args: unknown[]) => unknown;
        if (name === 'history') return (...args: unknown[]) => this.#iterate(() => call(...args) as AsyncIterable<unknown>);
        return (...args: unknown[]) => this.#call(name, args, () => call(...args));
      },
    });
  }

  /** Breaks it now, wherever it is. */
  crash(): never {
    this.#crashed = true;
    this.atPoint();
    throw new Crash();
  }

  /** Closes what a dead process would have closed by its end. */
  async closeFiles(): Promise<void> {
    for (const log of this.#opened) await log.close();
  }

  async #call(name: string, args: readonly unknown[], call: () => unknown): Promise<unknown> {
    const number = this.#enter(name);
    if (name === 'commit') this.committed.set((args[0] as TransitionCommit).event.type, number);
    // As a store elsewhere would: nothing has happened yet when the call returns its promise.
    await new Promise(setImmediate);
    const result = await call();
    if (name === 'openLog') this.#opened.push(result as EvidenceLog);
    this.#leave(number);
    return name === 'openLog' ? this.wrap(result as EvidenceLog) : result;
  }

  async *#iterate(call: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
    const number = this.#enter('history');
    try {
      yield* call();
    } finally {
      this.#leave(number);
    }
  }

  #enter(name: string): number {
    if (this.#crashed) throw new Crash();
    const number = this.calls.push(name);
    if (this.point?.when === 'before' && this.point.call === number) this.crash();
    return number;
  }

  #leave(number: number): void {
    if (this.#crashed) throw new Crash();
    if (this.point?.when === 'after' && this.point.call === number) this.crash();
  }
}
