import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor, ActorContext } from '../actors/actor.js';
import { endProcessGroup } from '../actors/process/process-group.js';
import type { AttemptLog, AttemptRecord } from '../store/store.js';
import { CycleTakenError, EnvironmentHeldError } from '../store/errors.js';
import { attemptFailure } from './attempt-failure.js';
import { AttemptLogs } from './attempt-log.js';
import type { EngineOptions } from './engine.js';
import { StepTimedOutError } from './errors.js';
import type { Session } from './session.js';

const ACTOR_END_MS = 30_000;

/**
 * Makes one attempt: records that it starts, runs its actor, and commits what came of it. An abort for another reason than the
 * step's time-out (a lost lease, a request to stop) leaves the attempt unsettled: who resumes records it as interrupted.
 * @param aborted aborted when this driver must stop.
 */
export async function runAttempt(
  options: EngineOptions,
  session: Session,
  attempt: AttemptRecord,
  aborted: AbortSignal,
): Promise<void> {
  const { definition, store, notify, now, actorEndMs = ACTOR_END_MS } = options;
  const { step, src } = attempt;
  const actor = definition.actors[src] as Actor<unknown, unknown> | undefined;
  if (actor === undefined) throw new Error(`step ${step} asks for actor ${src}, which was not provided`);
  const startedAt = now();
  await store.startAttempt(attempt.attemptId, session.lease.fence, startedAt.toISOString());
  notify({ type: 'attempt-started', runId: session.runId, step, attempt: attempt.attempt, at: startedAt });

  const logs = new AttemptLogs(session, attempt, session.evidence);
  const timeoutMs = definition.timeoutMs(step);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new StepTimedOutError(step, timeoutMs)), timeoutMs);
  const signal = AbortSignal.any([aborted, deadline.signal]);
  const over = new AbortController();
  const refusal = AbortSignal.any([signal, over.signal]);
  const context = contextOf(options, session, attempt, logs, { signal, refusal });
  const outcome = await ended(perform(actor, attempt.input, context), signal, actorEndMs);
  clearTimeout(timer);
  over.abort(new Error(`attempt ${attempt.attempt} of ${step} is over`));
  if (outcome.error !== undefined) await endChildren(options, session, attempt);
  let digests: readonly AttemptLog[] = [];
  try {
    digests = await logs.close();
  } catch (error) {
    // What its log does not hold counts as not seen.
    outcome.error ??= error;
  }
  if (outcome.error !== undefined && aborted.aborted) throw aborted.reason;

  if (outcome.error === undefined) {
    const done = { type: `xstate.done.actor.${step}`, output: outcome.output, attempt: attempt.attempt, logs: digests };
    try {
      await session.report(done, { attemptId: attempt.attemptId, status: 'succeeded' });
      return;
    } catch (error) {
      // What comes next would need an environment, or a cycle, that another run holds: then this step has not led on.
      if (!(error instanceof EnvironmentHeldError || error instanceof CycleTakenError)) throw error;
      outcome.error = error;
    }
  }
  const error = {
    ...attemptFailure(outcome.error),
    ...(deadline.signal.aborted ? timedOut(deadline.signal.reason as StepTimedOutError) : {}),
  };
  await session.report(
    { type: `xstate.error.actor.${step}`, error, attempt: attempt.attempt, logs: digests },
    { attemptId: attempt.attemptId, status: 'failed' },
  );
}

function timedOut(reason: StepTimedOutError) {
  const advice = `See what it wrote last: cutover logs latest ${reason.step}`;
  return { code: reason.code, message: `${reason.message} ${advice}`, details: { timeoutMs: reason.timeoutMs }, transient: true };
}

interface Outcome {
  readonly output?: unknown;
  error?: unknown;
}

/** The actor's output as plain JSON; what JSON cannot hold is a failure of the attempt. */
async function perform(actor: Actor<unknown, unknown>, input: unknown, context: ActorContext): Promise<unknown> {
  const output = await actor(input, context);
  return JSON.parse(JSON.stringify(output ?? null));
}

/** Waits for the actor; once it was told to stop, no longer than `endMs`. */
async function ended(running: Promise<unknown>, signal: AbortSignal, endMs: number): Promise<Outcome> {
  const finished = running.then(
    (output): Outcome => ({ output }),
    (error: unknown): Outcome => ({ error: error ?? new Error('the actor failed without an error') }),
  );
  const given = new AbortController();
  const lingering = new Promise<Outcome>((resolve) => {
    const giveUp = () =>
      void sleep(endMs, undefined, { signal: given.signal, ref: false }).then(
        () => resolve({ error: signal.reason }),
        () => undefined,
      );
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  const outcome = await Promise.race([finished, lingering]);
  given.abort();
  return outcome;
}

/** Children that the actor did not end itself. */
async function endChildren({ store }: EngineOptions, session: Session, { attemptId }: AttemptRecord): Promise<void> {
  const attempt = (await session.openAttempts()).find((one) => one.attemptId === attemptId);
  for (const child of attempt?.children ?? []) {
    await endProcessGroup(child);
    await store.forgetChild(attemptId, child);
  }
}

function contextOf(
  { store, env, now, notify, holder }: EngineOptions,
  session: Session,
  attempt: AttemptRecord,
  logs: AttemptLogs,
  { signal, refusal }: { readonly signal: AbortSignal; readonly refusal: AbortSignal },
): ActorContext {
  const { runId, evidence, lease } = session;
  const { step, attemptId } = attempt;
  const recorded = (child: { pid: number; startTime: string | null }) => ({ ...child, bootId: holder.bootId });
  return {
    runId,
    step,
    attempt: attempt.attempt,
    signal,
    evidence,
    env,
    now,
    // An actor that was told to stop and did not must neither move the log of the attempt after it nor speak for the run.
    openLog: async (name, options) => {
      refusal.throwIfAborted();
      return logs.open(name, options);
    },
    report: async (event) => {
      refusal.throwIfAborted();
      await session.report(event);
    },
    childStarted: (child) => store.recordChild(attemptId, lease.fence, recorded(child)),
    childEnded: (child) => store.forgetChild(attemptId, recorded(child)),
    progress: (line) => notify({ type: 'output', runId, step, line }),
    history: (range) => store.history(runId, range),
  };
}
