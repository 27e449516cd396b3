import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UsageError } from '../../src/cli/errors.js';
import { resolveRun } from '../../src/cli/resolve-run.js';
import type { Store } from '../../src/store/store.js';
import { first, holder, newRun } from '../store/builders.js';
import { TemporaryStore } from '../store/temporary-store.js';

/** Few characters, so that ids begin alike; among them those that a pattern would take for more than themselves. */
const id = fc.string({ unit: fc.constantFrom('2', '0', 'T', '%', '_', '*', 'é'), minLength: 1, maxLength: 4 });
const ids = fc.uniqueArray(id, { maxLength: 9 });

async function withRuns(runIds: readonly string[], look: (store: Store) => Promise<void>): Promise<void> {
  const at = new TemporaryStore();
  try {
    const store = await at.connect();
    for (const runId of runIds) await store.createRun(newRun(runId), holder(), first());
    await look(store);
  } finally {
    await at.dispose();
  }
}

/** The run, or null for a query that is refused. */
async function resolved(store: Store, named: string): Promise<string | null> {
  return resolveRun({ store }, named).catch((error: unknown) => {
    expect(error).toBeInstanceOf(UsageError);
    return null;
  });
}

describe('the run that a person names', () => {
  test('is the one of that id, else the only one that begins so, else none, whatever runs there are', async () => {
    await fc.assert(
      fc.asyncProperty(ids, fc.array(id, { minLength: 1, maxLength: 9 }), async (runIds, others) => {
        await withRuns(runIds, async (store) => {
          const beginnings = runIds.flatMap((runId) => [...runId].map((_, index) => runId.slice(0, index + 1)));
          for (const named of [...beginnings, ...others]) {
            const [only = null, another] = runIds.filter((runId) => runId.startsWith(named));
            const expected = runIds.includes(named) ? named : another === undefined ? only : null;
            expect([named, await resolved(store, named)]).toEqual([named, expected]);
          }
        });
      }),
      { numRuns: 40 },
    );
  });

  test('is the newest of all when "latest" is said, and none when there is none', async () => {
    await fc.assert(
      fc.asyncProperty(ids, async (runIds) => {
        await withRuns(runIds, async (store) => {
          expect(await resolved(store, 'latest')).toBe(runIds.toSorted().at(-1) ?? null);
        });
      }),
      { numRuns: 20 },
    );
  });

  test.each(['', ' ', '\t\n'])('is none when nothing is said: %j', async (named) => {
    await withRuns(['20260221T120000Z'], async (store) => {
      expect(await resolved(store, named)).toBeNull();
    });
  });

  test('keeps its id when more than a handful of others begin with it', async () => {
    await withRuns(['2', ...[...'abcdefg'].map((letter) => `2${letter}`)], async (store) => {
      expect(await resolved(store, '2')).toBe('2');
    });
  });
});
