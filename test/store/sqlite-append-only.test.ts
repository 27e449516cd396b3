import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type Database from 'better-sqlite3';
import { AT, first, holder, newRun, next, RUN, spawn } from './builders.js';
import { TemporaryStore } from './temporary-store.js';

/** Raw statements, as any program can send that opens the file: the triggers refuse them, whatever its settings are. */
describe.each([{ recursive: 'OFF' }, { recursive: 'ON' }])(
  'history refuses raw SQL (recursive_triggers $recursive)',
  ({ recursive }) => {
    let at: TemporaryStore;
    let raw: Database.Database;

    beforeEach(async () => {
      at = new TemporaryStore();
      const store = await at.connect();
      await store.createRun(newRun(), holder(), first({ spawns: [spawn('preflight'), spawn('scope')] }));
      const [attempt] = await store.attempts(RUN);
      const attemptId = attempt?.attemptId ?? 0;
      await store.startAttempt(attemptId, 1, AT);
      const logs = [{ file: '10_preflight.json', sha256: 'a'.repeat(64), size: 3 }];
      await store.commit(next(2, 1, { settles: [{ attemptId, status: 'failed', logs }] }));
      const deadlines = [
        { kind: 'expiry', dueAt: AT, armedSeq: 3 },
        { kind: 'reminder-1h', dueAt: AT, armedSeq: 3 },
      ];
      await store.commit(next(3, 1, { deadlines, messages: [{ kind: 'waiting', channel: 'webhook', payload: { text: 'x' } }] }));
      await store.fireDeadlines((await store.dueDeadlines(AT)).slice(0, 1), AT, []);
      const [message] = await store.messages();
      await store.settleMessage(message?.messageId ?? 0, 'one', { state: 'delivered' }, AT);
      raw = at.raw();
      raw.pragma(`recursive_triggers = ${recursive}`);
    });
    afterEach(async () => {
      const check = (await at.connect('read')).check();
      expect(await check).toEqual({ runs: 1, transitions: 3, faults: [] });
      await at.dispose();
    });

    const row = (seq: number, hash: string, prev: string) =>
      `(run_id, seq, at, event, from_state, to_state, who, machine_version, snapshot, prev_hash, hash)
     SELECT run_id, ${seq}, at, event, from_state, 'forged', who, machine_version, snapshot, ${prev}, ${hash}
     FROM transitions WHERE seq = 2`;

    test.each([
      ['an UPDATE of a transition', `UPDATE transitions SET to_state = 'x'`],
      ['an UPDATE that ignores errors', `UPDATE OR IGNORE transitions SET snapshot = '{}' WHERE seq = 1`],
      ['a DELETE of the last transition', `DELETE FROM transitions WHERE seq = 3`],
      ['an INSERT OR REPLACE of a transition', `INSERT OR REPLACE INTO transitions ${row(2, 'hash', 'prev_hash')}`],
      ['a REPLACE of the last transition', `REPLACE INTO transitions ${row(3, 'hash', 'hash')}`],
      [
        'an upsert of a transition',
        `INSERT INTO transitions ${row(2, 'hash', 'prev_hash')} ON CONFLICT DO UPDATE SET to_state = 'x'`,
      ],
      ['a transition after a gap', `INSERT INTO transitions ${row(5, `'h'`, 'hash')}`],
      ['a transition that does not link to the last one', `INSERT INTO transitions ${row(4, `'h'`, 'hash')}`],
      ['an UPDATE of a finished attempt', `UPDATE attempts SET status = 'succeeded' WHERE step = 'preflight'`],
      [
        'reopening a finished attempt',
        `UPDATE attempts SET status = 'running', settled_seq = NULL, ended_at = NULL WHERE step = 'preflight'`,
      ],
      ['a DELETE of a finished attempt', `DELETE FROM attempts WHERE step = 'preflight'`],
      ['a DELETE of a pending attempt', `DELETE FROM attempts WHERE step = 'scope'`],
      ['a REPLACE of an attempt by id', replaceAttempt('attempt_id', 'attempt + 7')],
      ['a REPLACE of an attempt by number', replaceAttempt('attempt_id + 70', 'attempt')],
      ['another input for a pending attempt', `UPDATE attempts SET input = '{}' WHERE step = 'scope'`],
      ['an UPDATE of a log', `UPDATE attempt_logs SET sha256 = 'x'`],
      ['a DELETE of a log', `DELETE FROM attempt_logs`],
      ['a REPLACE of a log', `REPLACE INTO attempt_logs SELECT attempt_id, position, file, 'x', size FROM attempt_logs`],
      ['one more log for a finished attempt', `INSERT INTO attempt_logs SELECT attempt_id, 9, file, 'x', size FROM attempt_logs`],
      ['a DELETE of a lease', `DELETE FROM leases`],
      ['a smaller fence', `UPDATE leases SET fence = 0`],
      ['another holder under the same fence', `UPDATE leases SET holder = '{}'`],
      ['a DELETE of a run', `DELETE FROM runs`],
      ['a DELETE of a deadline', `DELETE FROM deadlines`],
      ['a later deadline', `UPDATE deadlines SET due_at = '9999'`],
      ['a REPLACE of a deadline', `REPLACE INTO deadlines SELECT run_id, armed_seq, kind, '9999', NULL, NULL FROM deadlines`],
      ['a deadline that fires again', `UPDATE deadlines SET fired_at = NULL WHERE kind = 'expiry'`],
      ['a DELETE of a message', `DELETE FROM outbox`],
      ['another text of a message', `UPDATE outbox SET payload = '{}'`],
      ['a delivery that is taken back', `UPDATE outbox SET state = 'pending', settled_at = NULL`],
      [
        'a REPLACE of a message',
        `REPLACE INTO outbox (run_id, seq, kind, channel, payload, created_at, state, attempts, next_at)
         SELECT run_id, seq, kind, channel, '{}', created_at, 'pending', 0, next_at FROM outbox`,
      ],
    ])('%s', (_what, sql) => {
      expect(() => raw.exec(sql)).toThrow(/append-only|kept|only grows/);
    });
  },
);

function replaceAttempt(id: string, attempt: string): string {
  return `INSERT OR REPLACE INTO attempts (attempt_id, run_id, step, attempt, src, input, status, spawned_seq)
    SELECT ${id}, run_id, step, ${attempt}, src, input, 'pending', spawned_seq FROM attempts WHERE step = 'preflight'`;
}
