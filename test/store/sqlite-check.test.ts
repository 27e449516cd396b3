import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type Database from 'better-sqlite3';
import fc from 'fast-check';
import { canonicalJson } from '../../src/evidence/canonical-json.js';
import { recordHash } from '../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { StoreUnavailableError } from '../../src/store/errors.js';
import type { RunRecord, Store } from '../../src/store/store.js';
import { first, holder, newRun, next, OTHER_RUN, RUN, spawn } from './builders.js';
import { collect } from './observe.js';
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
      next(2, 1, {
        settles: [{ attemptId: attempt?.attemptId ?? 0, status: 'succeeded', output: { ok: true } }],
        messages: [{ kind: 'waiting', channel: 'webhook', payload: { text: 'it waits' } }],
      }),
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
    db.close();
  }

  /** Every text of every transition; all but the run's id, by which the row is found. */
  function textCells(): Cell[] {
    const columns = ['at', 'event', 'from_state', 'to_state', 'who', 'machine_version', 'snapshot', 'prev_hash', 'hash'];
    return columns.flatMap((column) =>
      at
        .raw()
        .prepare<[], Cell>(
          `SELECT run_id AS runId, seq, '${column}' AS "column", CAST(${column} AS BLOB) AS bytes FROM transitions
           WHERE ${column} IS NOT NULL`,
        )
        .all(),
    );
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
    [
      'text that says the same in other letters',
      `UPDATE transitions SET event = replace(event, ',', ', ') WHERE seq = 2`,
      /^run 20260301T080000Z: transition 2: the stored event is not in canonical form/,
    ],
    [
      'a number that is too large for one',
      `UPDATE transitions SET event = '{"seq":9e999,"type":"STEPPED"}' WHERE seq = 2`,
      /^run 20260301T080000Z: transition 2: the stored event has no canonical form/,
    ],
    ['a link', `UPDATE transitions SET prev_hash = 'x' WHERE seq = 2`, /transition 2: prev_hash/],
    ['a transition taken out', `DELETE FROM transitions WHERE seq = 2`, /transition 3: seq 2 expected, found 3/],
    [
      'two transitions that changed places',
      `UPDATE transitions SET seq = 15 - seq WHERE seq > 1; UPDATE transitions SET seq = seq - 10 WHERE seq > 10`,
      /^run 20260301T080000Z: transition 2: prev_hash/,
    ],
    [
      'two transitions that changed places, all but their links',
      `UPDATE transitions SET (at, event, from_state, to_state, snapshot) =
         (SELECT at, event, from_state, to_state, snapshot FROM (SELECT * FROM transitions) AS other
          WHERE other.run_id = transitions.run_id AND other.seq = 5 - transitions.seq) WHERE seq > 1`,
      /^run 20260301T080000Z: transition 2: hash/,
    ],
    [
      'a transition put at the end',
      `INSERT INTO transitions SELECT run_id, 4, at, event, from_state, to_state, who, machine_version, snapshot, hash, hash
       FROM transitions WHERE seq = 3`,
      /^run 20260301T080000Z: its last transition is 4, its row names 3/,
    ],
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
    ['what a message says', `UPDATE outbox SET payload = 'yes'`, /^run 20260301T080000Z: message 1: its payload is no JSON/],
    ['what a message tells of', `UPDATE outbox SET seq = 9`, /table outbox, row 1: refers to a missing row of transitions/],
    ['what an attempt gave', `UPDATE attempts SET output = 'yes'`, /attempt 1 of preflight .* is no JSON/],
  ])('%s', async (_what, sql, fault) => {
    tamper(sql);
    const { faults } = await store.check();
    expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  });

  test('a transition put between two others, with a hash and a link of its own', async () => {
    const [, second] = (await collect(store.history(RUN))) as [HistoryRecord, HistoryRecord, HistoryRecord];
    const forged = sealed({ ...second, seq: 3, event: { type: 'FORGED' }, prev_hash: second.hash });
    tamper(
      `UPDATE transitions SET seq = 4 WHERE seq = 3; UPDATE runs SET head_seq = 4 WHERE run_id = '${RUN}'; ${inserted(forged)}`,
    );
    expect((await store.check()).faults).toEqual([
      `run ${RUN}: transition 4: prev_hash ${second.hash} does not match ${forged.hash}`,
    ]);
  });

  test('any byte of any text of any transition, told by its transition', async () => {
    await store.commit(
      next(4, 1, { event: { type: 'FAILED', size: 123_456, ratio: 1e21, said: '\u001b[31mgröße €\u0000\u0007' } }),
    );
    const cells = textCells();
    expect(new Set(cells.map(({ column }) => column)).size).toBe(9);
    const oneByte = fc.constantFrom(...cells).chain((cell) =>
      fc.record({
        cell: fc.constant(cell),
        position: fc.nat({ max: cell.bytes.length - 1 }),
        change: fc.integer({ min: 1, max: 255 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(oneByte, async ({ cell, position, change }) => {
        const damaged = Buffer.from(cell.bytes);
        damaged.writeUInt8(damaged.readUInt8(position) ^ change, position);
        tamper(stored(cell, damaged));
        const { faults } = await store.check();
        tamper(stored(cell, cell.bytes));
        expect(faults).not.toEqual([]);
        for (const fault of faults) expect(fault).toContain(`run ${cell.runId}: transition ${cell.seq}`);
      }),
      { numRuns: 500 },
    );
  });

  describe('but only by a head kept elsewhere, as the locked manifest has it:', () => {
    test('the end cut off, together with the head in the row of the run', async () => {
      const { headSeq, headHash } = (await store.getRun(RUN)) as RunRecord;
      tamper(`DELETE FROM transitions WHERE run_id = '${RUN}' AND seq = 3;
        UPDATE runs SET (head_seq, state, head_hash) = (SELECT seq, to_state, hash FROM transitions WHERE run_id = '${RUN}' AND seq = 2)
        WHERE run_id = '${RUN}'`);
      expect(await store.check()).toEqual({ runs: 2, transitions: 3, faults: [] });
      const history = await collect(store.history(RUN));
      expect(history.some(({ seq, hash }) => seq === headSeq && hash === headHash)).toBe(false);
    });

    test('a chain computed again from a changed transition on', async () => {
      const { headSeq, headHash } = (await store.getRun(RUN)) as RunRecord;
      const [, second, third] = (await collect(store.history(RUN))) as [HistoryRecord, HistoryRecord, HistoryRecord];
      const forged = sealed({ ...second, event: { type: 'FORGED' } });
      const after = sealed({ ...third, prev_hash: forged.hash });
      tamper(`DELETE FROM transitions WHERE run_id = '${RUN}' AND seq > 1; ${inserted(forged)}; ${inserted(after)};
        UPDATE runs SET head_hash = '${after.hash}' WHERE run_id = '${RUN}'`);
      expect(await store.check()).toEqual({ runs: 2, transitions: 4, faults: [] });
      const history = await collect(store.history(RUN));
      expect(history.some(({ seq, hash }) => seq === headSeq && hash === headHash)).toBe(false);
    });
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

interface Cell {
  readonly runId: string;
  readonly seq: number;
  readonly column: string;
  readonly bytes: Buffer;
}

/** The SQL that makes the cell these bytes. */
function stored({ runId, seq, column }: Cell, bytes: Buffer): string {
  return `UPDATE transitions SET ${column} = CAST(x'${bytes.toString('hex')}' AS TEXT) WHERE run_id = '${runId}' AND seq = ${seq}`;
}

/** The record with the hash that is right for it. */
function sealed(record: HistoryRecord): HistoryRecord {
  return { ...record, hash: recordHash(record) };
}

/** The SQL that inserts the record. */
function inserted({ run_id, seq, at, event, from, to, who, machine_version, snapshot, prev_hash, hash }: HistoryRecord): string {
  const texts = [
    at,
    canonicalJson(event),
    from ?? '',
    to,
    canonicalJson(who),
    machine_version,
    canonicalJson(snapshot),
    prev_hash,
    hash,
  ];
  return `INSERT INTO transitions VALUES ('${run_id}', ${seq}, ${texts.map((text) => `'${text}'`).join(', ')})`;
}
