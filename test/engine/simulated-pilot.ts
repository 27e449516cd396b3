import { join } from 'node:path';
import { expect } from '@jest/globals';
import { ActorError, type Actor, type ActorContext } from '../../src/actors/actor.js';
import { pilotDefinition } from '../../src/cli/pilot-definition.js';
import type { AttemptFailure } from '../../src/config/step-contracts.js';
import { createEngine } from '../../src/engine/create-engine.js';
import type { RunEvent } from '../../src/engine/definition.js';
import type { Engine } from '../../src/engine/engine.js';
import { EventRefusedError } from '../../src/engine/errors.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { STEPS } from '../../src/machine/steps.js';
import { LeaseLostError } from '../../src/store/errors.js';
import type { Store } from '../../src/store/store.js';
import { operator, request, RUN, STARTED_AT } from '../machine/pilot-facts.js';
import type { Snapshot } from '../machine/reachable-runs.js';
import { TemporaryStore } from '../store/temporary-store.js';
import { Crash, Crashes, type CrashPoint } from './crashes.js';
import { Examiner } from './pilot-examiner.js';
import { deadHolder, openEvidence } from './toy.js';

/** Decides what happens to a run; asked whenever something can. */
export interface Fate {
  /** While an attempt runs: how it ends, what it reports, what a person decides meanwhile; RESUMED or null: its driver dies. */
  during(snapshot: Snapshot): RunEvent | null;
  /** What a person decides in a run that nobody drives; null: that it is driven on. */
  between(snapshot: Snapshot): RunEvent | null;
  /** Where the next driver crashes, if it comes so far. */
  crash(): CrashPoint | null;
  /** Asked of a run that nobody drives. */
  isOver(snapshot: Snapshot): boolean;
}

/** Longer than any back-off: nothing is ever waited for. */
const MS_BETWEEN_LOOKS_AT_THE_CLOCK = 10_000;

/** Longer than the pause of the pilot's facts waits. */
const MS_OF_A_PAUSE = 49 * 3_600_000;

/** Several times as many as the longest fate needs. */
const MOST_DRIVERS = 500;

/**
 * A run of the real machine in the real engine on a real store; only the actors are simulated: they do at once what the fate says.
 * A driver that dies leaves its lease, and its attempt running; the next one takes over. An examiner looks at every write.
 */
export class SimulatedPilot {
  readonly #at = new TemporaryStore();
  #clock = Date.parse(STARTED_AT);

  private constructor(private readonly fate: Fate) {}

  /** Lets the fate take its course. Throws the examiner's first fault; returns what the store holds in the end. */
  static async live(fate: Fate): Promise<{ readonly snapshot: Snapshot; readonly examiner: Examiner }> {
    const pilot = new SimulatedPilot(fate);
    try {
      return await pilot.#live();
    } finally {
      await pilot.#at.dispose();
    }
  }

  async #live() {
    const examiner = new Examiner(await this.#at.connect());
    const store = examiner.watched();
    for (let drivers = 1; drivers < MOST_DRIVERS; drivers += 1) {
      const snapshot = await present(store);
      if (snapshot !== null && this.fate.isOver(snapshot)) return { snapshot, examiner };
      const error = await this.#driveOnce(store, snapshot).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (examiner.fault !== null) throw examiner.fault;
      if (error !== null && !isExpected(error)) throw error;
      if (error instanceof EventRefusedError) expect(await present(store)).toEqual(snapshot);
    }
    throw new Error(`${MOST_DRIVERS} drivers did not bring the run to its end: it is in ${examiner.history.at(-1)?.to}`);
  }

  async #driveOnce(store: Store, snapshot: Snapshot | null): Promise<unknown> {
    const crashes = new Crashes(this.fate.crash());
    const engine = this.#engine(store, crashes);
    if (snapshot === null) {
      const evidenceDir = join(this.#at.directory, 'evidence', RUN);
      const event = { type: 'STARTED', evidenceDir, request };
      return engine.start({ runId: RUN, evidenceDir, directory: request.directory, who: operator, event });
    }
    const decision = this.fate.between(snapshot);
    if (decision?.type === 'EXPIRED') this.#clock += MS_OF_A_PAUSE;
    return engine.resume(RUN, operator, async () => (decision === null ? [] : [decision]));
  }

  #engine(store: Store, crashes: Crashes): Engine {
    const act: Actor<never, unknown> = (_, context) => this.#act(store, crashes, context);
    return createEngine({
      definition: { ...pilotDefinition, actors: Object.fromEntries(Object.values(STEPS).map(({ actor }) => [actor, act])) },
      store: crashes.wrap(store),
      openEvidence: ({ evidenceDir }) => openEvidence(evidenceDir, join(this.#at.directory, 'evidence')),
      env: {},
      now: () => new Date((this.#clock += MS_BETWEEN_LOOKS_AT_THE_CLOCK)),
      redact: (event) => event,
      holder: deadHolder(),
      notify: () => {},
      signal: new AbortController().signal,
      heartbeatMs: 3_600_000,
    });
  }

  async #act(store: Store, crashes: Crashes, context: ActorContext): Promise<unknown> {
    for (;;) {
      const event = this.fate.during((await present(store)) as Snapshot);
      switch (event?.type) {
        case undefined:
        case 'RESUMED':
          return crashes.crash();
        case `xstate.done.actor.${context.step}`:
          return event?.['output'];
        case `xstate.error.actor.${context.step}`: {
          const { code, message, transient } = event?.['error'] as AttemptFailure;
          throw new ActorError(code, message, { transient });
        }
        case 'DRILL_PLANNED':
        case 'UPLOAD_BEGUN':
          await context.report(event as RunEvent);
          break;
        default:
          // A person decides while the driver lives: the lease is taken from it, and what it still says must not count.
          await this.#engine(store, new Crashes()).send(RUN, operator, async () => [event as RunEvent], { seize: 'whoever' });
          throw new ActorError('TOO_LATE', 'The lease was lost while this attempt ran.');
      }
    }
  }
}

/** The run as the store has it, or null when there is none. */
async function present(store: Store): Promise<Snapshot | null> {
  const stored = await store.getSnapshot(RUN);
  return stored === null ? null : pilotMachine.resolveState(stored.snapshot as never);
}

/** How a driver may end that was made to. */
function isExpected(error: unknown): boolean {
  return error instanceof Crash || error instanceof LeaseLostError || error instanceof EventRefusedError;
}
