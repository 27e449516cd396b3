import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds; fails when it does not within `withinMs`. */
export async function until(condition: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ${withinMs} ms in vain for: ${what}`);
    await delay(10);
  }
}
