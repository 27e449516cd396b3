import type { HistoryRecord, Identity } from '../evidence/history-record.js';
import type { AttemptLog, AttemptRecord, LeaseRecord, Settlement } from '../store/store.js';
import type { NewMessage } from '../store/outbox.js';
import { RunNotFoundError } from '../store/errors.js';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import { advance, stateName } from './advance.js';
import type { Advance } from './advance.js';
import type { Announced, RunEvent, StoredSnapshot } from './definition.js';
import type { EngineOptions } from './engine.js';
import { loadSnapshot } from './load-snapshot.js';

type Settled = Pick<Settlement, 'attemptId' | 'status'>;

/** A run under our lease. Transitions are made one after the other; each is committed before it counts. */
export class Session {
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: EngineOptions,
    readonly runId: string,
    readonly evidence: EvidenceDir,
    readonly lease: LeaseRecord,
    /** Whoever drives; more may be known of them when they have looked at the run. */
    public who: Identity,
    private stored: StoredSnapshot,
    private headSeq: number,
  ) {}

  /** Loads what the store holds of the run. Throws `RunNotFoundError`, `SnapshotIncompatibleError`. */
  static async open(options: EngineOptions, lease: LeaseRecord, who: Identity): Promise<Session> {
    const run = await options.store.getRun(lease.runId);
    if (run === null) throw new RunNotFoundError(lease.runId);
    const { snapshot, seq } = await loadSnapshot(options, lease.runId);
    return new Session(options, lease.runId, options.openEvidence(run), lease, who, snapshot, seq);
  }

  get status() {
    return this.options.definition.facts(this.stored).status;
  }

  /** Puts whoever drives on record, if that is new. Throws `EventRefusedError` when the machine does not let them. */
  async join(): Promise<void> {
    const event = this.options.definition.joining(this.stored, redactedIdentity(this.options, this.who));
    if (event !== null) await this.commit(event);
  }

  attempts(): Promise<AttemptRecord[]> {
    return this.options.store.attempts(this.runId);
  }

  openAttempts(): Promise<AttemptRecord[]> {
    return this.options.store.openAttempts(this.runId);
  }

  recordLog({ attemptId }: AttemptRecord, name: string): Promise<void> {
    return this.options.store.recordAttemptLog(attemptId, this.lease.fence, name);
  }

  /** Makes the transition that a person's event causes and commits it, with the effects that it asks for as pending attempts. */
  commit(event: RunEvent): Promise<HistoryRecord> {
    return this.#inTurn(() => this.#commit(event, this.who, undefined));
  }

  /** The same for what an attempt reports, or for its end: on record as the engine's word under this driver, not as a person's. */
  report(event: RunEvent, settled?: Settled): Promise<HistoryRecord> {
    return this.#inTurn(() => this.#commit(event, { ...this.who, level: 'engine' }, settled));
  }

  #inTurn(commit: () => Promise<HistoryRecord>): Promise<HistoryRecord> {
    const committed = this.#queue.then(commit);
    this.#queue = committed.catch(() => undefined);
    return committed;
  }

  async #commit(given: RunEvent, by: Identity, settled: Settled | undefined): Promise<HistoryRecord> {
    const event = this.options.redact(given);
    const who = redactedIdentity(this.options, by);
    const { definition, store, notify } = this.options;
    const at = this.options.now().toISOString();
    const seq = this.headSeq + 1;
    const next = advance(definition, this.runId, this.stored, { ...event, at, seq, who });
    const facts = definition.facts(next.snapshot);
    const from = stateName(this.stored.value);
    const told = { runId: this.runId, seq, at, event, from, to: next.state, who, snapshot: next.snapshot };
    const record = await store.commit({
      runId: this.runId,
      fence: this.lease.fence,
      seq,
      at,
      event,
      from,
      to: next.state,
      who,
      machineVersion: definition.version,
      snapshot: next.snapshot,
      status: facts.status,
      settles: [
        ...(settled ? [{ ...settled, ...outcome(event) }] : []),
        ...(await this.#stopped(next, event, settled?.attemptId)),
      ],
      spawns: spawnRows(next, at),
      environmentLock: facts.environmentLock,
      deadlines: facts.deadlines,
      messages: messagesOf(this.options, told),
      environment: facts.environment,
      gitHead: facts.gitHead,
      isAloneInCycle: facts.isAloneInCycle,
    });
    this.stored = next.snapshot;
    this.headSeq = seq;
    notify({ type: 'transition', record });
    return record;
  }

  /** Attempts whose state was left while they had not reported. */
  async #stopped(next: Advance, event: RunEvent, settled: number | undefined): Promise<Settlement[]> {
    if (next.stops.length === 0) return [];
    const status = event.type === 'RESUMED' ? 'interrupted' : 'cancelled';
    return (await this.openAttempts())
      .filter((attempt) => isUnsettled(attempt) && attempt.attemptId !== settled && next.stops.includes(attempt.step))
      .map(({ attemptId, status: before }) => ({ attemptId, status: before === 'pending' ? 'cancelled' : status }));
  }
}

/** What is recorded of an attempt is what its event says: redacted once, for both. */
function outcome({ output, error, logs }: RunEvent): Pick<Settlement, 'output' | 'error' | 'logs'> {
  return { output, error, logs: logs as readonly AttemptLog[] };
}

/** Redacted as events are, although they are made of what was redacted before. */
export function messagesOf({ definition, redact }: Pick<EngineOptions, 'definition' | 'redact'>, told: Announced): NewMessage[] {
  return definition.announce(told).map(({ kind, channel, payload }) => ({
    kind,
    channel,
    payload: redact({ type: kind, payload })['payload'],
  }));
}

/** Names come from the command line and the environment, as events do. */
export function redactedIdentity({ redact }: Pick<EngineOptions, 'redact'>, who: Identity): Identity {
  return redact({ type: 'who', who })['who'] as Identity;
}

export function isUnsettled({ status }: AttemptRecord): boolean {
  return status === 'pending' || status === 'running';
}

/** The rows of the effects that a transition asks for. */
export function spawnRows(next: Advance, at: string) {
  return next.spawns.map(({ step, src, input, delayMs }) => ({
    step,
    src,
    input,
    notBefore: delayMs === 0 ? null : new Date(Date.parse(at) + delayMs).toISOString(),
  }));
}
