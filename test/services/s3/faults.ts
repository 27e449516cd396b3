import type { Fault } from './control.js';

/** The faults that wait for their requests. Each counts the requests that match it, so `nth` is independent of other faults. */
export class FaultList {
  private waiting: { readonly fault: Fault; seen: number }[] = [];

  add(faults: readonly Fault[]): void {
    this.waiting.push(...faults.map((fault) => ({ fault, seen: 0 })));
  }

  clear(): void {
    this.waiting = [];
  }

  /** Those that can still happen. */
  list(): Fault[] {
    return this.waiting.filter((entry) => !isSpent(entry.fault, entry.seen)).map((entry) => entry.fault);
  }

  /** Counts the request with every fault that it matches; returns the first one whose turn it is. */
  meet(operation: string, key: string): Fault | undefined {
    const matching = this.waiting.filter(({ fault }) => matches(fault, operation, key));
    const due = matching.filter((entry) => {
      entry.seen += 1;
      return entry.seen >= entry.fault.nth && !isSpent(entry.fault, entry.seen - 1);
    });
    return due[0]?.fault;
  }
}

function isSpent(fault: Fault, seen: number): boolean {
  return fault.times !== 'always' && seen >= fault.nth + fault.times - 1;
}

function matches(fault: Fault, operation: string, key: string): boolean {
  if (fault.operation !== undefined && fault.operation !== operation) return false;
  if (fault.key === undefined) return true;
  if (!fault.key.includes('*')) return key.includes(fault.key);
  const parts = fault.key.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(key);
}
