import { canonicalJson } from '../../evidence/canonical-json.js';
import {
  messageKey,
  type Delivery,
  type MessageClaim,
  type MessageFilter,
  type MessageRecord,
  type MessageState,
  type NewMessage,
} from '../outbox.js';
import type { Database } from './driver.js';
import { parseStored } from './stored-json.js';

/** What is to be told to people: written with what it tells of, delivered later, and kept. */
export class OutboxTable {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** `seq`: the transition that the messages tell of. */
  add({ runId, seq, at }: { runId: string; seq: number; at: string }, messages: readonly NewMessage[]): void {
    for (const { kind, channel, payload } of messages) {
      this.#db
        .prepare(
          `INSERT INTO outbox (run_id, seq, kind, channel, payload, created_at, state, attempts, next_at)
           VALUES (?, ?, ?, ?, ?, ?, 'pending', 0, ?)`,
        )
        .run(runId, seq, kind, channel, canonicalJson(payload), at, at);
    }
  }

  list({ runId, states }: MessageFilter): MessageRecord[] {
    return this.#db
      .prepare<[string | null, string | null, string], MessageRow>(
        `SELECT * FROM outbox WHERE run_id = ifnull(?, run_id) AND (? IS NULL OR state IN (SELECT value FROM json_each(?)))
         ORDER BY message_id`,
      )
      .all(runId ?? null, states === undefined ? null : 'some', JSON.stringify(states ?? []))
      .map(toMessage);
  }

  /** Lends out the message that is due longest, and that nobody else has; counts the attempt before it is made. */
  claim({ channels, claimer, at, until }: MessageClaim): MessageRecord | null {
    const due = this.#db
      .prepare<[string, string, string], MessageRow>(
        `SELECT * FROM outbox WHERE state = 'pending' AND next_at <= ? AND (claimed_until IS NULL OR claimed_until <= ?)
           AND channel IN (SELECT value FROM json_each(?))
         ORDER BY next_at, message_id LIMIT 1`,
      )
      .get(at, at, JSON.stringify(channels));
    if (due === undefined) return null;
    this.#db
      .prepare('UPDATE outbox SET claimer = ?, claimed_until = ?, attempts = attempts + 1 WHERE message_id = ?')
      .run(claimer, until, due.message_id);
    return toMessage({ ...due, attempts: due.attempts + 1 });
  }

  settle(messageId: number, claimer: string, delivery: Delivery, at: string): void {
    const isSettled = delivery.state !== 'pending';
    this.#db
      .prepare(
        `UPDATE outbox SET state = @state, settled_at = @settledAt, next_at = coalesce(@nextAt, next_at), last_error = coalesce(@error, last_error),
           claimer = NULL, claimed_until = NULL
         WHERE message_id = @messageId AND state = 'pending' AND (@state = 'delivered' OR claimer = @claimer)`,
      )
      .run({
        messageId,
        claimer,
        state: delivery.state,
        settledAt: isSettled ? at : null,
        nextAt: 'nextAt' in delivery ? delivery.nextAt : null,
        error: 'error' in delivery ? delivery.error : null,
      });
  }

  reopen(channels: readonly string[], at: string): number {
    return this.#db
      .prepare(
        `UPDATE outbox SET state = 'pending', settled_at = NULL, attempts = 0, next_at = ?
         WHERE state = 'given-up' AND channel IN (SELECT value FROM json_each(?))`,
      )
      .run(at, JSON.stringify(channels)).changes;
  }
}

interface MessageRow {
  readonly message_id: number;
  readonly run_id: string;
  readonly seq: number;
  readonly kind: string;
  readonly channel: string;
  readonly payload: string;
  readonly created_at: string;
  readonly state: MessageState;
  readonly attempts: number;
  readonly next_at: string;
  readonly settled_at: string | null;
  readonly last_error: string | null;
}

function toMessage(row: MessageRow): MessageRecord {
  const { run_id: runId, seq, kind, channel } = row;
  return {
    messageId: row.message_id,
    runId,
    seq,
    kind,
    channel,
    key: messageKey({ runId, seq, kind, channel }),
    payload: parseStored(row.payload, `run ${runId}: message ${row.message_id}`, 'payload'),
    createdAt: row.created_at,
    state: row.state,
    attempts: row.attempts,
    nextAt: row.next_at,
    settledAt: row.settled_at,
    lastError: row.last_error,
  };
}
