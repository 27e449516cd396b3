import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenMode } from '../../src/store/sqlite/database.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { AT, first, holder, newRun, next, OTHER_RUN, RUN, spawn } from './builders.js';
import { everything } from './observe.js';
import { TemporaryStore } from './temporary-store.js';
import { newestPages, PAGE_BYTES, piecesOf } from './write-ahead-log.js';

/**
 * What a power loss may leave of the database and its write-ahead log, made byte by byte: whatever was written since the last fsync
 * is there, is not, or is torn. The log's index (-shm) is never synced: the next start has to make it again from the log.
 *
 * Not proven: anything about a disk or a file system that reports an fsync as done which is not (it may lose commits that were
 * reported, or write over the log while the pages that a checkpoint took from it are not in the database yet), or that damages
 * what lies beside the bytes it was writing (https://www.sqlite.org/psow.html).
 */

interface Disk {
  readonly database: Buffer;
  readonly log: Buffer;
  /** Where it is left out, there is no such file. */
  readonly index?: Buffer;
}

/** A disk, and what the undisturbed store says that it holds. */
interface Moment extends Disk {
  readonly holds: unknown;
}

/** The size of an index of up to 4062 frames. Source: https://www.sqlite.org/walformat.html#the_wal_index_file_format */
const INDEX_BYTES = 32_768;

/** The attempt that `setUp` spawns. */
const ATTEMPT = 1;

/** Each of these writes is one transaction. */
const WRITES: [what: string, write: (store: Store) => Promise<unknown>][] = [
  ['an attempt starts', (store) => store.startAttempt(ATTEMPT, 1, AT)],
  ['its log is put on record', (store) => store.recordAttemptLog(ATTEMPT, 1, '00_preflight.txt')],
  ['its child is put on record', (store) => store.recordChild(ATTEMPT, 1, { pid: 321, startTime: '55', bootId: 'boot-1' })],
  [
    'a transition settles an attempt, spawns two and claims the environment',
    (store) =>
      store.commit(
        next(2, 1, {
          settles: [
            {
              attemptId: ATTEMPT,
              status: 'succeeded',
              output: { ok: true },
              logs: [{ file: '00_preflight.txt', sha256: 'a'.repeat(64), size: 5 }],
            },
          ],
          spawns: [spawn('scope'), spawn('rcGates')],
          environmentLock: 'staging',
          environment: 'staging',
        }),
      ),
  ],
  [
    'a transition has a snapshot of several pages',
    (store) =>
      store.commit(next(3, 1, { snapshot: { value: 'state3', long: 'x'.repeat(3 * PAGE_BYTES) }, environmentLock: 'staging' })),
  ],
  ['another run begins', (store) => store.createRun(newRun(OTHER_RUN), holder(), first({ spawns: [spawn('preflight')] }))],
  ['the other run moves on', (store) => store.commit(next(2, 1, { runId: OTHER_RUN }))],
  ['the driver shows that it lives', (store) => store.heartbeat(RUN, 1, AT)],
  ['the driver releases its lease', (store) => store.releaseLease(RUN, 1)],
  ['another driver takes the lease', (store) => store.acquireLease(RUN, holder(200), null, AT)],
];

const setUp = (store: Store) => store.createRun(newRun(), holder(), first({ spawns: [spawn('preflight')] }));

/** How the log came to be what the transactions are written to. */
const LOGS: [log: string, prepare: (at: TemporaryStore) => Promise<Store>][] = [
  [
    'a log that grows',
    async (at) => {
      const store = await at.connect();
      await setUp(store);
      return store;
    },
  ],
  [
    'a log that a checkpoint has emptied, and that is written over',
    async (at) => {
      const store = await at.connect();
      await setUp(store);
      for (let beat = 1; beat <= 100; beat += 1) await store.heartbeat(RUN, 1, AT);
      at.raw().pragma('wal_checkpoint(PASSIVE)');
      return store;
    },
  ],
];

describe.each(LOGS)('power lost with %s', (_log, prepare) => {
  let at: TemporaryStore;
  /** Before the first of the writes, and after each. */
  const moments: Moment[] = [];
  let checkpointed: Buffer;

  beforeAll(async () => {
    at = new TemporaryStore();
    const store = await prepare(at);
    moments.push(await momentOf(at.file, store));
    for (const [, write] of WRITES) {
      await write(store);
      moments.push(await momentOf(at.file, store));
    }
    at.raw().pragma('wal_checkpoint(PASSIVE)');
    checkpointed = readFileSync(at.file);
  });
  afterAll(async () => {
    await at.dispose();
  });

  test.each(WRITES.map(([what], place) => [what, place] as const))(
    'while %s: that is not there, not even half, and all before it is',
    async (_what, place) => {
      const [before, after] = moments.slice(place, place + 2) as [Moment, Moment];
      expect(after.database.equals(before.database)).toBe(true);
      expect(piecesOf(before.log, after.log)).not.toEqual([]);
      const directory = join(at.directory, `write-${place}`);
      for (const [damage, log] of damagesOf(before.log, after.log)) {
        const { holds } = log.equals(after.log) ? after : before;
        await expectGoingOn(directory, damage, { database: after.database, log }, holds);
      }
      await expectGoingOn(directory, 'none but the index', after, after.holds);
      const index = Buffer.alloc(INDEX_BYTES, 'garbage');
      await expectGoingOn(directory, 'an index of garbage', { ...after, index }, after.holds);
    },
  );

  test('while a checkpoint writes the log into the database: all is there', async () => {
    const { database, log, holds } = moments.at(-1) as Moment;
    expect(newestPages(log).reduce(withPage, database).equals(checkpointed)).toBe(true);
    for (const [damage, cutShort] of checkpointsCutShort(database, log)) {
      await expectGoingOn(join(at.directory, 'checkpoint'), damage, { database: cutShort, log }, holds);
    }
  });
});

test('power lost while the tables are made: the next start makes them', async () => {
  const at = new TemporaryStore();
  try {
    await at.connect();
    const database = readFileSync(at.file);
    const made = readFileSync(`${at.file}-wal`);
    for (const [damage, log] of damagesOf(Buffer.alloc(0), made)) {
      const file = writeDisk(join(at.directory, 'tables'), { database, log });
      const runs = await inStore(file, 'create', async (store) => {
        const before = await store.listRuns();
        await setUp(store);
        return { before, ...(await store.check()) };
      });
      expect({ damage, ...runs }).toEqual({ damage, before: [], runs: 1, transitions: 1, faults: [] });
    }
  } finally {
    await at.dispose();
  }
});

async function momentOf(file: string, store: Store): Promise<Moment> {
  return { database: readFileSync(file), log: readFileSync(`${file}-wal`), holds: await content(store) };
}

async function content(store: Store): Promise<unknown> {
  return {
    runs: await store.listRuns(),
    run: await everything(store, RUN),
    other: await everything(store, OTHER_RUN),
    staging: await store.environmentHolder('staging'),
  };
}

/** The log that was to become `after`, as it may be when the power is lost on the way. */
function* damagesOf(before: Buffer, after: Buffer): Generator<[damage: string, log: Buffer]> {
  const zeros = Buffer.alloc(after.length);
  const garbage = Buffer.alloc(after.length, 'garbage');
  for (const { name, start, tears, end } of piecesOf(before, after)) {
    const middle = tears.at(-1) ?? start;
    for (const point of [start, ...tears]) {
      const log = Buffer.concat([after.subarray(0, point), before.subarray(point)]);
      yield [`${name} and all after it are as before from byte ${point - start} on`, log];
    }
    yield [`${name} and all after it are zeros`, overlaid(after, zeros, start, after.length)];
    // A disk may write what lies behind first, and leave a hole where there was nothing before.
    yield [`${name} alone is as before`, overlaid(after, before, start, end)];
    if (middle < before.length) yield [`the second half of ${name} alone is as before`, overlaid(after, before, middle, end)];
    yield [`the second half of ${name} alone is zeros`, overlaid(after, zeros, middle, end)];
    yield [`the second half of ${name} alone is garbage`, overlaid(after, garbage, middle, end)];
  }
}

/** The database while the pages of the log are written into it, as it may be when the power is lost on the way. */
function* checkpointsCutShort(before: Buffer, log: Buffer): Generator<[damage: string, database: Buffer]> {
  const pages = newestPages(log);
  const after = pages.reduce(withPage, before);
  let database = before;
  for (const [page, content] of pages) {
    const start = (page - 1) * PAGE_BYTES;
    const middle = PAGE_BYTES / 2;
    yield [`page ${page} and those after it are not written`, database];
    yield [`page ${page} is half written, the first half`, withBytes(database, start, content.subarray(0, middle))];
    yield [`page ${page} is half written, the second half`, withBytes(database, start + middle, content.subarray(middle))];
    // A disk may write the pages in another order.
    yield [`page ${page} alone is written`, withPage(before, [page, content])];
    yield [`page ${page} alone is not written`, overlaid(after, before, start, start + PAGE_BYTES)];
    database = withPage(database, [page, content]);
  }
  yield ['all pages are written', after];
  for (let length = before.length; length < after.length; length += PAGE_BYTES) {
    yield [`the file has not grown beyond ${length} bytes`, after.subarray(0, length)];
    yield [`the file has grown, and holds zeros from byte ${length} on`, overlaid(after, Buffer.alloc(0), length, after.length)];
  }
}

function withPage(database: Buffer, [page, content]: [page: number, content: Buffer]): Buffer {
  return withBytes(database, (page - 1) * PAGE_BYTES, content);
}

function withBytes(bytes: Buffer, start: number, content: Buffer): Buffer {
  const result = Buffer.alloc(Math.max(bytes.length, start + content.length));
  bytes.copy(result);
  content.copy(result, start);
  return result;
}

/** `bytes` with those from `from` to `to` as `other` has them; zeros where it has none, as in a hole. */
function overlaid(bytes: Buffer, other: Buffer, from: number, to: number): Buffer {
  const result = Buffer.from(bytes);
  result.fill(0, from, to);
  if (from < other.length) other.copy(result, from, from, to);
  return result;
}

/** The store opens on the disk, holds what it should, takes the next transition, and has no fault then. */
async function expectGoingOn(directory: string, damage: string, disk: Disk, holds: unknown): Promise<void> {
  const file = writeDisk(directory, disk);
  expect({ damage, holds: await inStore(file, 'read', content) }).toEqual({ damage, holds });
  const seq = await inStore(file, 'write', takeOver);
  const after = await inStore(file, 'read', async (store) => ({
    headSeq: (await store.getRun(RUN))?.headSeq,
    faults: (await store.check()).faults,
  }));
  expect({ damage, ...after }).toEqual({ damage, headSeq: seq, faults: [] });
}

/** Returns the database's file. */
function writeDisk(directory: string, { database, log, index }: Disk): string {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const file = join(directory, 'cutover.db');
  writeFileSync(file, database);
  writeFileSync(`${file}-wal`, log);
  if (index !== undefined) writeFileSync(`${file}-shm`, index);
  return file;
}

/** As the next driver does; returns the seq of the transition that it commits. */
async function takeOver(store: Store): Promise<number> {
  const { fence } = await store.acquireLease(RUN, holder(300), await store.getLease(RUN), AT);
  const { headSeq } = (await store.getRun(RUN)) ?? { headSeq: 0 };
  return (await store.commit(next(headSeq + 1, fence))).seq;
}

async function inStore<Result>(file: string, mode: OpenMode, ask: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openSqliteStore(file, { mode });
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}
