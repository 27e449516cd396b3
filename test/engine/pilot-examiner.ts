import { expect } from '@jest/globals';
import { pilotDefinition } from '../../src/cli/pilot-definition.js';
import type { StoredSnapshot } from '../../src/engine/definition.js';
import { isUnsettled } from '../../src/engine/session.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import type { PilotContext } from '../../src/machine/context.js';
import { STEP_NAMES } from '../../src/machine/steps.js';
import type { AttemptRecord, RunRecord, Store } from '../../src/store/store.js';
import { facts, RUN } from '../machine/pilot-facts.js';
import { BROKEN_BY_RUN, BROKEN_BY_STEP, isUndone, type JudgedRun, type JudgedStep } from '../machine/promises.js';
import { NOTHING_SEEN, witnessed } from '../machine/witness.js';
import { collect } from '../store/observe.js';

/**
 * Looks at a pilot run in its store after every write of whatever drives it: at the rows, and at the run as the machine's promises
 * have it. A driver may take what is found for a failure of its attempt; so the first fault is kept.
 */
export class Examiner {
  /** What happened so far, as the store has it. */
  readonly history: HistoryRecord[] = [];
  fault: unknown = null;
  #now: JudgedRun | null = null;
  readonly #settled = new Map<number, string>();

  constructor(private readonly store: Store) {}

  /** The store, looked at after each call that writes a transition, or starts an attempt. */
  watched(): Store {
    return new Proxy(this.store, {
      get: (store, name) => {
        const value: unknown = Reflect.get(store, name, store);
        if (typeof value !== 'function') return value;
        const call = value.bind(store) as (...args: unknown[]) => unknown;
        if (name !== 'createRun' && name !== 'commit' && name !== 'startAttempt') return call;
        return async (...args: unknown[]) => {
          const result = await call(...args);
          await this.#examine(name === 'startAttempt' ? () => this.#lookAtAttempts() : () => this.#lookAtAll());
          return result;
        };
      },
    });
  }

  async #examine(look: () => Promise<unknown>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.fault ??= error;
      throw error;
    }
  }

  async #lookAtAll(): Promise<void> {
    expect((await this.store.check()).faults).toEqual([]);
    const added = await collect(this.store.history(RUN, { after: this.history.length }));
    expect(added.map(({ seq }) => seq)).toEqual([this.history.length + 1]);
    for (const record of added) this.#judge(record);
    this.#expectRow(await this.store.getRun(RUN));
    await this.#expectLock();
    await this.#expectDeadlines();
    await this.#expectMessages();
    this.#expectProvenByAttempts(await this.#lookAtAttempts());
  }

  async #lookAtAttempts(): Promise<readonly AttemptRecord[]> {
    const attempts = await this.store.attempts(RUN);
    this.#expectAttempts(attempts);
    return attempts;
  }

  #judge(record: HistoryRecord): void {
    this.history.push(record);
    const { context } = record.snapshot as { context: PilotContext };
    const from = this.#now;
    const witness = from === null ? NOTHING_SEEN : witnessed(from.witness, from.state, record.event, record.to, context);
    const to = { state: record.to, context, witness };
    expect(record.from).toBe(from?.state ?? null);
    expect(brokenPromises(from === null ? null : { from, event: record.event, to }, to)).toEqual([]);
    this.#now = to;
  }

  get #last(): HistoryRecord {
    return this.history.at(-1) as HistoryRecord;
  }

  #expectRow(run: RunRecord | null): void {
    const { seq, hash, to, at, snapshot } = this.#last;
    const { status } = pilotDefinition.facts(snapshot as StoredSnapshot);
    expect(run).toMatchObject({ state: to, status, headSeq: seq, headHash: hash, updatedAt: at });
  }

  async #expectLock(): Promise<void> {
    const { environmentLock } = pilotDefinition.facts(this.#last.snapshot as StoredSnapshot);
    const holder = await this.store.environmentHolder(facts.preflight.environment);
    expect(holder).toBe(environmentLock === null ? null : RUN);
    if (this.#now !== null && isUndone(this.#now)) expect(holder).toBe(RUN);
  }

  /** What is due is just what the state waits for; what it does not wait for any more has ended, and stays on record. */
  async #expectDeadlines(): Promise<void> {
    const { deadlines: waitedFor } = pilotDefinition.facts(this.#last.snapshot as StoredSnapshot);
    const open = (await this.store.deadlines(RUN)).filter(({ endedSeq }) => endedSeq === null);
    expect(open.map(({ kind, dueAt, armedSeq }) => ({ kind, dueAt, armedSeq }))).toEqual(waitedFor);
  }

  /** Whatever died on the way, each transition is told of as it should be, and once. */
  async #expectMessages(): Promise<void> {
    const { seq, snapshot } = this.#last;
    const told = (await this.store.messages({ runId: RUN })).filter((message) => message.seq === seq);
    const announced = pilotDefinition.announce({ runId: RUN, ...this.#last, snapshot: snapshot as StoredSnapshot });
    expect(told.map(({ kind, channel, payload }) => ({ kind, channel, payload }))).toEqual(announced);
  }

  /** One at a time, numbered without a gap; what has settled stays as it is. */
  #expectAttempts(attempts: readonly AttemptRecord[]): void {
    const { status } = pilotDefinition.facts(this.#last.snapshot as StoredSnapshot);
    expect(attempts.filter(isUnsettled).map(({ step }) => step)).toEqual(status === 'active' ? [this.#last.to] : []);
    for (const step of STEP_NAMES) {
      const ofStep = attempts.filter((attempt) => attempt.step === step);
      expect(ofStep.map(({ attempt }) => attempt)).toEqual(ofStep.map((_, index) => index + 1));
    }
    for (const attempt of attempts.filter((one) => !isUnsettled(one))) {
      expect(attempt.status).toBe(settledAs(attempt, this.history[(attempt.settledSeq ?? 0) - 1]?.event.type));
      const text = JSON.stringify(attempt);
      expect(text).toBe(this.#settled.get(attempt.attemptId) ?? text);
      this.#settled.set(attempt.attemptId, text);
    }
  }

  /** What the machine counts as proven is what the attempt on record gave; under a PASS, that is the last one of its step. */
  #expectProvenByAttempts(attempts: readonly AttemptRecord[]): void {
    const { results, summary, signOff } = this.#now?.context as PilotContext;
    for (const [step, { attempt, seq, facts: output }] of Object.entries(results)) {
      const row = attempts.find((one) => one.step === step && one.attempt === attempt);
      expect(row).toMatchObject({ status: 'succeeded', settledSeq: seq });
      expect(row?.output).toEqual(output);
    }
    if (summary?.document.verdict !== 'PASS') return;
    expect(signOff).toMatchObject({ runId: RUN });
    for (const step of STEP_NAMES.filter((name) => name !== 'summarizing')) {
      expect(attempts.findLast((attempt) => attempt.step === step)).toMatchObject({
        status: 'succeeded',
        settledSeq: results[step]?.seq,
      });
    }
  }
}

/** What an attempt has become by the event that settled it. */
function settledAs({ step }: AttemptRecord, by: string | undefined): AttemptRecord['status'] {
  if (by === `xstate.done.actor.${step}`) return 'succeeded';
  if (by === `xstate.error.actor.${step}`) return 'failed';
  return by === 'RESUMED' ? 'interrupted' : 'cancelled';
}

function brokenPromises(step: JudgedStep | null, run: JudgedRun): string[] {
  const byRun = Object.entries(BROKEN_BY_RUN).filter(([, isBroken]) => isBroken(run));
  const byStep = Object.entries(BROKEN_BY_STEP).filter(([, isBroken]) => step !== null && isBroken(step));
  return [...byRun, ...byStep].map(([promise]) => promise);
}
