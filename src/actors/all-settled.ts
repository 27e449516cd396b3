/**
 * Waits for all of them, so that no process of one outlives the failure of another. Throws what the first in the list threw that
 * failed, whichever was fastest: the same failures tell the same each time.
 */
export async function allSettled<T extends readonly Promise<unknown>[]>(
  promises: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises)) as { -readonly [K in keyof T]: Awaited<T[K]> };
}
