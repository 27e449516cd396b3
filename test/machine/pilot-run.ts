import type { AttemptFailure } from '../../src/config/step-contracts.js';
import { acceptedEvents, advance, begin, rehydrate, type Advance } from '../../src/engine/advance.js';
import type { Definition, RunEvent } from '../../src/engine/definition.js';
import type { RunRequest } from '../../src/config/settings.js';
import type { HumanEvent, PilotEvent } from '../../src/machine/events.js';
import type { PilotContext, SignOff, StepFacts } from '../../src/machine/context.js';
import { pilotMachine } from '../../src/machine/pilot-machine.js';
import { PILOT_VERSION } from '../../src/machine/version.js';
import { isStep, type Place, type StepName } from '../../src/machine/steps.js';
import {
  attemptFailure,
  driftedWorld,
  engine,
  facts,
  operator,
  pilotInput,
  plan,
  RUN,
  signOff,
  STARTED_AT,
  supervisor,
} from './pilot-facts.js';

/** The machine without its effects: nothing here runs one. */
export const definition: Definition = {
  machine: pilotMachine,
  version: PILOT_VERSION,
  input: () => pilotInput(),
  facts: () => ({
    status: 'active',
    environmentLock: null,
    environment: null,
    gitHead: null,
    deadlines: [],
    isAloneInCycle: false,
  }),
  joining: () => null,
  announce: () => [],
  timeoutMs: () => 0,
  actors: {},
};

/** An event of a person, as they give it. */
export type Decision = HumanEvent;

/**
 * A run walked by hand: every event goes through the engine's `advance`, from a snapshot that was JSON in between. Immutable: each
 * call gives the run as it is afterwards, so that several tests can go on from the same point. Throws what `advance` throws.
 */
export class PilotRun {
  private constructor(
    readonly last: Advance,
    readonly seq: number,
    /** The states entered so far, in order; entered again by a retry or resume they count again. */
    readonly visited: readonly string[],
  ) {}

  static start(changes: Partial<RunRequest> = {}): PilotRun {
    const first = begin(definition, pilotInput(changes));
    return new PilotRun(stored(first), 1, [first.state]);
  }

  get state(): string {
    return this.last.state;
  }

  get context(): PilotContext {
    return this.last.snapshot.context as PilotContext;
  }

  /** What the effect that was asked for last is given. */
  get input(): unknown {
    return this.last.spawns[0]?.input;
  }

  tags(): string[] {
    return [...rehydrate(pilotMachine, this.last.snapshot).tags].sort();
  }

  /** Events that the state takes, guards not asked. */
  events(): string[] {
    return acceptedEvents(rehydrate(pilotMachine, this.last.snapshot));
  }

  accepts(event: RunEvent): boolean {
    return rehydrate(pilotMachine, this.last.snapshot).can(recorded(event, this.seq + 1));
  }

  send(event: RunEvent): PilotRun {
    const seq = this.seq + 1;
    const next = advance(definition, RUN, this.last.snapshot, recorded(event, seq) as unknown as RunEvent);
    const entered = next.spawns.length > 0 || next.state !== this.state;
    return new PilotRun(stored(next), seq, entered ? [...this.visited, next.state] : this.visited);
  }

  decide(event: Decision): PilotRun {
    return this.send(event);
  }

  /** The step that runs now ends well. */
  done(output: unknown = this.plausible()): PilotRun {
    return this.send({ type: `xstate.done.actor.${this.step()}`, output, attempt: 1, logs: [] });
  }

  /** The step that runs now fails. */
  fail(error: AttemptFailure | string = 'STEP_FAILED'): PilotRun {
    const failure = typeof error === 'string' ? attemptFailure(error) : error;
    return this.send({ type: `xstate.error.actor.${this.step()}`, error: failure, attempt: 1, logs: [] });
  }

  failTransiently(code = 'S3_UNAVAILABLE'): PilotRun {
    return this.fail(attemptFailure(code, true));
  }

  /** These steps, one after the other, each with what it would report and prove. */
  through(...steps: readonly StepName[]): PilotRun {
    return steps.reduce<PilotRun>((run, step) => {
      if (run.state !== step) throw new Error(`the run is in ${run.state}, not in ${step}`);
      return run.reported().done();
    }, this);
  }

  /** On to a place, as a run that goes well does; signs off at the pause. */
  to(place: Place | 'completed' | 'sealedAsFailed'): PilotRun {
    if (this.state === place) return this;
    if (this.visited.length > 40) throw new Error(`the run does not get to ${place}: it went ${this.visited.join(' -> ')}`);
    const next = this.state === 'awaitingDbVerification' ? this.signOff() : this.through(this.step());
    return next.to(place);
  }

  /** What the running step reports before it ends. */
  reported(): PilotRun {
    if (this.state === 'drillingAppRollback' && this.context.drill.plan === null)
      return this.send({ type: 'DRILL_PLANNED', plan });
    if (this.state === 'sealing.uploading' && this.context.seal?.putBegan === false) {
      return this.send({
        type: 'UPLOAD_BEGUN',
        key: `evidence/cutover/phase6_4_cutover/${RUN}/evidence.tar.gz`,
        uploadId: 'upload-1',
      });
    }
    return this;
  }

  resumed(): PilotRun {
    return this.send({ type: 'RESUMED', interrupted: [{ step: this.state, attempt: 1 }] });
  }

  signOff(changes: Partial<SignOff> = {}): PilotRun {
    return this.decide({ type: 'SIGNED_OFF', signOff: { ...signOff, ...changes } });
  }

  expire(): PilotRun {
    return this.send({ type: 'EXPIRED', expiresAt: this.context.pause?.expiresAt });
  }

  reject(): PilotRun {
    return this.decide({ type: 'VERIFICATION_REJECTED', reason: 'tenant count differs', by: 'verifier@example.com' });
  }

  retry(): PilotRun {
    return this.decide({ type: 'RETRY_REQUESTED', reason: 'the bucket policy was mended' });
  }

  replay(from: Place, { override = false, reason = 'the cause was mended' } = {}): PilotRun {
    return this.decide({ type: 'REPLAY_REQUESTED', from, reason, override });
  }

  sealAsFailed(reason = 'kept for the review'): PilotRun {
    return this.decide({ type: 'SEAL_REQUESTED', reason });
  }

  abandon({ acknowledgeLeftBehind = false } = {}): PilotRun {
    return this.decide({ type: 'ABANDONED', reason: 'the release was postponed', acknowledgeLeftBehind });
  }

  supersede(): PilotRun {
    return this.decide({ type: 'SUPERSEDED', byRun: '20260221T130000Z' });
  }

  acceptDrift(world = driftedWorld): PilotRun {
    return this.decide({
      type: 'DRIFT_ACCEPTED',
      reason: 'the cluster moved',
      facts: [`kubeServer: changed`],
      world,
    });
  }

  private step(): StepName {
    if (!isStep(this.state)) throw new Error(`the run is in ${this.state}, which is no step`);
    return this.state;
  }

  private plausible(): StepFacts<StepName> {
    if (this.state !== 'summarizing') return facts[this.step()];
    return { ...facts.summarizing, verdict: this.context.summary?.document.verdict ?? 'FAIL' };
  }
}

/** More than the 48 hours that the pause of `pilot-facts.ts` waits, whenever it was entered. */
const EXPIRED_AFTER_MS = 365 * 86_400_000;

/** As the engine records it: when, as which transition, and who asked for it. */
export function recorded(event: RunEvent, seq: number): PilotEvent {
  // Whoever finds the gate expired comes later than anybody waits.
  const later = event.type === 'EXPIRED' ? EXPIRED_AFTER_MS : 0;
  const at = new Date(Date.parse(STARTED_AT) + (seq - 1) * 1000 + later).toISOString();
  const who = event.type.startsWith('xstate.') ? engine : event.type.endsWith('_REQUESTED') ? supervisor : operator;
  return { at, who, ...event, seq } as unknown as PilotEvent;
}

/** As it comes back from the store. */
function stored(next: Advance): Advance {
  return { ...next, snapshot: JSON.parse(JSON.stringify(next.snapshot)) as Advance['snapshot'] };
}
