/**
 * Schema version 1. JSON columns hold canonical JSON (RFC 8785), so that what is stored hashes to what was hashed.
 * The triggers keep the history append-only for whoever opens the file. Those before INSERT are there because
 * INSERT OR REPLACE fires delete triggers only where recursive_triggers is on, and another program's connection has it off.
 */
export const SCHEMA_1 = `
CREATE TABLE runs (
  run_id          TEXT NOT NULL PRIMARY KEY,
  created_at      TEXT NOT NULL,
  updated_at      TEXT NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('active', 'waiting', 'failed', 'completed', 'abandoned', 'superseded')),
  state           TEXT NOT NULL,
  machine_version TEXT NOT NULL,
  operator        TEXT NOT NULL,
  evidence_dir    TEXT NOT NULL,
  directory       TEXT NOT NULL,
  environment     TEXT,
  git_head        TEXT,
  head_seq        INTEGER NOT NULL CHECK (head_seq >= 0),
  head_hash       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_status ON runs (status, run_id);

CREATE TABLE transitions (
  run_id          TEXT NOT NULL REFERENCES runs (run_id),
  seq             INTEGER NOT NULL CHECK (seq >= 1),
  at              TEXT NOT NULL,
  event           TEXT NOT NULL,
  from_state      TEXT,
  to_state        TEXT NOT NULL,
  who             TEXT NOT NULL,
  machine_version TEXT NOT NULL,
  snapshot        TEXT NOT NULL,
  prev_hash       TEXT NOT NULL,
  hash            TEXT NOT NULL,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  attempt_id  INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id      TEXT NOT NULL,
  step        TEXT NOT NULL,
  attempt     INTEGER NOT NULL CHECK (attempt >= 1),
  src         TEXT NOT NULL,
  input       TEXT NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled')),
  not_before  TEXT,
  spawned_seq INTEGER NOT NULL,
  settled_seq INTEGER,
  started_at  TEXT,
  ended_at    TEXT,
  output      TEXT,
  error       TEXT,
  log_file    TEXT,
  UNIQUE (run_id, step, attempt),
  FOREIGN KEY (run_id, spawned_seq) REFERENCES transitions (run_id, seq),
  FOREIGN KEY (run_id, settled_seq) REFERENCES transitions (run_id, seq),
  CHECK ((status IN ('pending', 'running')) = (settled_seq IS NULL)),
  CHECK ((settled_seq IS NULL) = (ended_at IS NULL)),
  CHECK (status <> 'running' OR started_at IS NOT NULL)
) STRICT;

CREATE TABLE attempt_logs (
  attempt_id INTEGER NOT NULL REFERENCES attempts (attempt_id),
  position   INTEGER NOT NULL,
  file       TEXT NOT NULL,
  sha256     TEXT NOT NULL,
  size       INTEGER NOT NULL CHECK (size >= 0),
  PRIMARY KEY (attempt_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt_children (
  attempt_id INTEGER NOT NULL REFERENCES attempts (attempt_id),
  pid        INTEGER NOT NULL,
  start_time TEXT,
  boot_id    TEXT
) STRICT;
CREATE UNIQUE INDEX attempt_children_once ON attempt_children (attempt_id, pid, ifnull(start_time, ''), ifnull(boot_id, ''));

CREATE TABLE leases (
  run_id       TEXT NOT NULL PRIMARY KEY REFERENCES runs (run_id),
  fence        INTEGER NOT NULL CHECK (fence >= 1),
  counter      INTEGER NOT NULL CHECK (counter >= 0),
  holder       TEXT,
  heartbeat_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE environment_locks (
  environment TEXT NOT NULL PRIMARY KEY,
  run_id      TEXT NOT NULL UNIQUE REFERENCES runs (run_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER runs_are_kept BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'runs are kept: DELETE refused'); END;

CREATE TRIGGER transitions_refuse_update BEFORE UPDATE ON transitions
BEGIN SELECT RAISE(ABORT, 'transitions are append-only: UPDATE refused'); END;
CREATE TRIGGER transitions_refuse_delete BEFORE DELETE ON transitions
BEGIN SELECT RAISE(ABORT, 'transitions are append-only: DELETE refused'); END;
CREATE TRIGGER transitions_continue_the_chain BEFORE INSERT ON transitions
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM transitions WHERE run_id = NEW.run_id)
  OR (NEW.seq > 1 AND NEW.prev_hash IS NOT (SELECT hash FROM transitions WHERE run_id = NEW.run_id AND seq = NEW.seq - 1))
BEGIN SELECT RAISE(ABORT, 'transitions are append-only: a new one continues the chain of its run'); END;

CREATE TRIGGER attempts_refuse_overwrite BEFORE INSERT ON attempts
WHEN EXISTS (SELECT 1 FROM attempts WHERE attempt_id = NEW.attempt_id)
  OR EXISTS (SELECT 1 FROM attempts WHERE run_id = NEW.run_id AND step = NEW.step AND attempt = NEW.attempt)
BEGIN SELECT RAISE(ABORT, 'attempts are kept: overwriting refused'); END;
CREATE TRIGGER attempts_refuse_delete BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are kept: DELETE refused'); END;
CREATE TRIGGER attempts_refuse_update_once_finished BEFORE UPDATE ON attempts
WHEN OLD.status NOT IN ('pending', 'running')
BEGIN SELECT RAISE(ABORT, 'finished attempts are append-only: UPDATE refused'); END;
CREATE TRIGGER attempts_keep_what_was_asked
BEFORE UPDATE OF attempt_id, run_id, step, attempt, src, input, not_before, spawned_seq ON attempts
BEGIN SELECT RAISE(ABORT, 'what an attempt was asked to do is append-only: UPDATE refused'); END;

CREATE TRIGGER attempt_logs_refuse_insert_once_finished BEFORE INSERT ON attempt_logs
WHEN (SELECT status FROM attempts WHERE attempt_id = NEW.attempt_id) NOT IN ('pending', 'running')
BEGIN SELECT RAISE(ABORT, 'logs of finished attempts are append-only: INSERT refused'); END;
CREATE TRIGGER attempt_logs_refuse_update BEFORE UPDATE ON attempt_logs
BEGIN SELECT RAISE(ABORT, 'attempt logs are append-only: UPDATE refused'); END;
CREATE TRIGGER attempt_logs_refuse_delete BEFORE DELETE ON attempt_logs
BEGIN SELECT RAISE(ABORT, 'attempt logs are append-only: DELETE refused'); END;

CREATE TRIGGER leases_are_kept BEFORE DELETE ON leases
BEGIN SELECT RAISE(ABORT, 'leases are kept, so that no fencing token is used twice: DELETE refused'); END;
CREATE TRIGGER leases_never_reuse_a_fence BEFORE UPDATE ON leases
WHEN NEW.fence < OLD.fence OR (NEW.holder IS NOT NULL AND NEW.holder IS NOT OLD.holder AND NEW.fence = OLD.fence)
BEGIN SELECT RAISE(ABORT, 'a fencing token only grows, and each holder has its own'); END;
`;

/** Schema version 2: a driver asks after each transition what is due, which must not take longer the longer the history is. */
export const SCHEMA_2 = `
CREATE INDEX attempts_open ON attempts (run_id) WHERE settled_seq IS NULL;
`;

/**
 * Schema version 3: what is due while a run waits, and what is to be told of it. Neither is a part of the chain; rows are kept, and
 * what they were made with does not change.
 */
export const SCHEMA_3 = `
CREATE TABLE deadlines (
  run_id    TEXT NOT NULL,
  armed_seq INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  due_at    TEXT NOT NULL,
  fired_at  TEXT,
  ended_seq INTEGER,
  PRIMARY KEY (run_id, armed_seq, kind),
  FOREIGN KEY (run_id, armed_seq) REFERENCES transitions (run_id, seq),
  FOREIGN KEY (run_id, ended_seq) REFERENCES transitions (run_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX deadlines_armed ON deadlines (run_id) WHERE ended_seq IS NULL;
CREATE INDEX deadlines_due ON deadlines (due_at) WHERE ended_seq IS NULL AND fired_at IS NULL;

CREATE TABLE outbox (
  message_id    INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id        TEXT NOT NULL,
  seq           INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  channel       TEXT NOT NULL,
  payload       TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'given-up')),
  attempts      INTEGER NOT NULL CHECK (attempts >= 0),
  next_at       TEXT NOT NULL,
  claimer       TEXT,
  claimed_until TEXT,
  settled_at    TEXT,
  last_error    TEXT,
  UNIQUE (run_id, seq, kind, channel),
  FOREIGN KEY (run_id, seq) REFERENCES transitions (run_id, seq),
  CHECK ((state = 'pending') = (settled_at IS NULL)),
  CHECK ((claimer IS NULL) = (claimed_until IS NULL))
) STRICT;
CREATE INDEX outbox_pending ON outbox (next_at) WHERE state = 'pending';

CREATE TRIGGER deadlines_are_kept BEFORE DELETE ON deadlines
BEGIN SELECT RAISE(ABORT, 'deadlines are kept: DELETE refused'); END;
CREATE TRIGGER deadlines_refuse_overwrite BEFORE INSERT ON deadlines
WHEN EXISTS (SELECT 1 FROM deadlines WHERE run_id = NEW.run_id AND armed_seq = NEW.armed_seq AND kind = NEW.kind)
BEGIN SELECT RAISE(ABORT, 'deadlines are kept: overwriting refused'); END;
CREATE TRIGGER deadlines_keep_what_was_armed BEFORE UPDATE OF run_id, armed_seq, kind, due_at ON deadlines
BEGIN SELECT RAISE(ABORT, 'what was armed is append-only: UPDATE refused'); END;
CREATE TRIGGER deadlines_fire_and_end_once BEFORE UPDATE ON deadlines
WHEN OLD.ended_seq IS NOT NULL OR (OLD.fired_at IS NOT NULL AND NEW.fired_at IS NOT OLD.fired_at)
BEGIN SELECT RAISE(ABORT, 'a deadline that has fired or ended is append-only: UPDATE refused'); END;

CREATE TRIGGER outbox_is_kept BEFORE DELETE ON outbox
BEGIN SELECT RAISE(ABORT, 'messages are kept: DELETE refused'); END;
CREATE TRIGGER outbox_refuses_overwrite BEFORE INSERT ON outbox
WHEN EXISTS (SELECT 1 FROM outbox WHERE message_id = NEW.message_id)
  OR EXISTS (SELECT 1 FROM outbox WHERE run_id = NEW.run_id AND seq = NEW.seq AND kind = NEW.kind AND channel = NEW.channel)
BEGIN SELECT RAISE(ABORT, 'messages are kept: overwriting refused'); END;
CREATE TRIGGER outbox_keeps_what_is_said
BEFORE UPDATE OF message_id, run_id, seq, kind, channel, payload, created_at ON outbox
BEGIN SELECT RAISE(ABORT, 'what a message says is append-only: UPDATE refused'); END;
CREATE TRIGGER outbox_keeps_what_was_delivered BEFORE UPDATE ON outbox
WHEN OLD.state = 'delivered'
BEGIN SELECT RAISE(ABORT, 'a message that was delivered is append-only: UPDATE refused'); END;
`;
