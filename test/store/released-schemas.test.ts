import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MIGRATIONS, requireNewestSchema } from '../../src/store/sqlite/migrations.js';
import type { Store } from '../../src/store/store.js';
import { AT, holder, next, RUN } from './builders.js';
import { everything } from './observe.js';
import { TemporaryStore } from './temporary-store.js';

/** Stores as earlier versions of the program left them, and what they hold: made by fixtures/make-fixture.mjs, never edited. */
const FIXTURES = join(import.meta.dirname, 'fixtures');
const SCHEMAS = MIGRATIONS.map((_migration, index) => index + 1);

const ENVIRONMENT = 'https://cluster.example.com/staging';

interface Content {
  readonly runs: readonly unknown[];
  readonly environmentHolder: string | null;
}

test('of each schema there is a store, the newest included', () => {
  const files = readdirSync(FIXTURES).filter((name) => name.startsWith('schema-'));
  expect(files.sort()).toEqual(SCHEMAS.flatMap((schema) => [`schema-${schema}.db`, `schema-${schema}.json`]).sort());
});

describe.each(SCHEMAS)('a store of schema %i', (schema) => {
  let at: TemporaryStore;
  let file: string;
  let content: Content;

  beforeEach(() => {
    at = new TemporaryStore();
    file = join(at.directory, 'cutover.db');
    copyFileSync(join(FIXTURES, `schema-${schema}.db`), file);
    content = JSON.parse(readFileSync(join(FIXTURES, `schema-${schema}.json`), 'utf8')) as Content;
  });
  afterEach(async () => {
    await at.dispose();
  });

  const version = () => at.raw(file).pragma('user_version', { simple: true });

  test.each(['create', 'write'] as const)('is brought to the newest by mode %s, as if it had been made with it', async (mode) => {
    expect(version()).toBe(schema);
    const store = await at.connect(mode, file);
    expect(version()).toBe(MIGRATIONS.length);
    expect(await store.check()).toMatchObject({ runs: content.runs.length, faults: [] });
  });

  test('still holds all that it held', async () => {
    const store = await at.connect('write', file);
    expect(await contentOf(store)).toMatchObject(content);
  });

  test('goes on', async () => {
    const store = await at.connect('write', file);
    const { fence } = await store.acquireLease(RUN, holder(200), await store.getLease(RUN), AT);
    expect(fence).toBe(2);
    const attempts = await store.attempts(RUN);
    const pending = attempts.find(({ status }) => status === 'pending')?.attemptId ?? 0;
    const running = attempts.find(({ status }) => status === 'running')?.attemptId ?? 0;
    await store.startAttempt(pending, fence, AT);
    await store.commit(next(3, fence, { settles: [{ attemptId: running, status: 'interrupted' }] }));
    expect(await store.getRun(RUN)).toMatchObject({ headSeq: 3, state: 'state3' });
    expect((await store.check()).faults).toEqual([]);
  });

  test('keeps its history append-only', async () => {
    await at.connect('write', file);
    expect(() => at.raw(file).exec('DELETE FROM transitions')).toThrow(/append-only/);
  });

  test('is refused by a reader that knows the next one, with the way out', () => {
    expect(() => requireNewestSchema(at.raw(file), file, schema + 1)).toThrow(
      `The database ${file} has schema ${schema}, this cutover reads schema ${schema + 1}. ` +
        'Bring it up to date with a command that writes, e.g. cutover resume.',
    );
  });

  test.each(['create', 'write', 'read'] as const)('whose header names another program is left alone by mode %s', async (mode) => {
    const other = at.raw(file);
    other.pragma('application_id = 1');
    other.close();
    const before = readFileSync(file);
    await expect(at.connect(mode, file)).rejects.toThrow(
      `${file} is a database of another program. Name the right file with --db.`,
    );
    expect(readFileSync(file)).toEqual(before);
  });
});

async function contentOf(store: Store): Promise<Content> {
  const runs = (await store.listRuns()).map(({ runId }) => everything(store, runId));
  return { runs: await Promise.all(runs), environmentHolder: await store.environmentHolder(ENVIRONMENT) };
}
