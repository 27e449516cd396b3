import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type Database from 'better-sqlite3';
import { StoreUnavailableError } from '../../src/store/errors.js';
import type { Store } from '../../src/store/store.js';
import { first, holder, newRun, next, OTHER_RUN, RUN, spawn } from './builders.js';
import { TemporaryStore } from './temporary-store.js';

describe('what was changed behind our back is found by check', () => {
  let at: TemporaryStore;
  let store: Store;

  beforeEach(async () => {
    at = new TemporaryStore();
    store = await at.connect();
    await store.createRun(newRun(), holder(), first({ spawns: [spawn('preflight')] }));
    const [attempt] = await store.attempts(RUN);
    await store.commit(
      next(2, 1, { settles: [{ attemptId: attempt?.attemptId ?? 0, status: 'succeeded', output: { ok: true } }] }),
    );
    await store.commit(next(3));
    await store.createRun(newRun(OTHER_RUN), holder(), first());
  });
  afterEach(async () => {
    await at.dispose();
  });

  /** As someone does who knows the triggers: takes them away, changes a row, and puts them back. */
  function tamper(sql: string): void {
    const db: Database.Database = at.raw();
    const triggers = db
      .prepare<[], { name: string; sql: string }>(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
      .all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec(sql);
    for (const trigger of triggers) db.exec(trigger.sql);
  }

  test.each([
    ['an event', `UPDATE transitions SET event = '{"type":"FORGED"}' WHERE seq = 2`, /^run 20260301T080000Z: transition 2: hash/],
    ['a snapshot', `UPDATE transitions SET snapshot = '{}' WHERE seq = 3`, /^run 20260301T080000Z: transition 3: hash/],
    [
      'who it was',
      `UPDATE transitions SET who = '{}' WHERE seq = 1 AND run_id = '${RUN}'`,
      /^run 20260301T080000Z: transition 1: hash/,
    ],
    ['a time', `UPDATE transitions SET at = '2020' WHERE run_id = '${OTHER_RUN}'`, /^run 20260301T090000Z: transition 1: hash/],
    ['a state', `UPDATE transitions SET to_state = 'x' WHERE seq = 2`, /transition 2: hash/],
    [
      'text that is no JSON',
      `UPDATE transitions SET snapshot = '{' WHERE seq = 2`,
      /transition 2: the stored snapshot is no JSON/,
    ],
    ['a link', `UPDATE transitions SET prev_hash = 'x' WHERE seq = 2`, /transition 2: prev_hash/],
    ['a transition taken out', `DELETE FROM transitions WHERE seq = 2`, /transition 3: seq 2 expected, found 3/],
    ['the last transition taken off', `DELETE FROM transitions WHERE seq = 3`, /its last transition is 2, its row names 3/],
    [
      'all transitions taken off',
      `DELETE FROM transitions WHERE run_id = '${OTHER_RUN}'`,
      /20260301T090000Z: it has no transition/,
    ],
    [
      'the head of the run',
      `UPDATE runs SET head_hash = 'x' WHERE run_id = '${RUN}'`,
      /transition 3: its hash is .*, the run's row names x/,
    ],
    ['the state of the run', `UPDATE runs SET state = 'x' WHERE run_id = '${RUN}'`, /transition 3 led to state3, its row says x/],
    ['a run taken out', `DELETE FROM runs WHERE run_id = '${OTHER_RUN}'`, /table transitions: refers to a missing row of runs/],
    [
      'when an attempt was settled',
      `UPDATE attempts SET settled_seq = 9`,
      /attempt 1 of preflight .* was settled by transition 9/,
    ],
    [
      'when an attempt was spawned',
      `UPDATE attempts SET spawned_seq = 8`,
      /attempt 1 of preflight .* was spawned by transition 8/,
    ],
    ['what an attempt gave', `UPDATE attempts SET output = 'yes'`, /attempt 1 of preflight .* is no JSON/],
  ])('%s', async (_what, sql, fault) => {
    tamper(sql);
    const { faults } = await store.check();
    expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  });

  test('a trigger that was taken away, changed or added', async () => {
    const db = at.raw();
    db.exec('DROP TRIGGER transitions_refuse_delete; DROP TRIGGER leases_are_kept');
    db.exec('CREATE TRIGGER leases_are_kept BEFORE DELETE ON leases BEGIN SELECT 1; END');
    db.exec('CREATE TRIGGER more AFTER INSERT ON runs BEGIN SELECT 1; END');
    expect((await store.check()).faults).toEqual([
      'the schema: trigger transitions_refuse_delete is missing',
      'the schema: trigger leases_are_kept was changed',
      'the schema: trigger more is not ours',
    ]);
  });

  test('text that is no JSON is never handed out', async () => {
    tamper(`UPDATE transitions SET snapshot = '{' WHERE seq = 3; UPDATE attempts SET output = 'yes'`);
    await expect(store.getSnapshot(RUN)).rejects.toThrow(/run 20260301T080000Z: transition 3: the stored snapshot is no JSON/);
    await expect(store.attempts(RUN)).rejects.toThrow(StoreUnavailableError);
  });

  test('commits made while it looks are no faults', async () => {
    const check = store.check();
    const writer = await at.connect();
    for (let seq = 4; seq < 20; seq += 1) await writer.commit(next(seq));
    expect((await check).faults).toEqual([]);
  });
});
