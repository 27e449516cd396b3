import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryRecord } from '../evidence/history-record.js';
import { RunNotFoundError } from '../store/errors.js';
import type { AttemptRecord, LeaseRecord, RunRecord } from '../store/store.js';
import { begin } from './advance.js';
import type { StoredSnapshot } from './definition.js';
import type { Engine, EngineOptions, NewRunRequest, Prepare, RunView } from './engine.js';
import { keepLease, type LeaseKeeper } from './lease-keeper.js';
import { runAttempt } from './run-attempt.js';
import { runLook } from './run-look.js';
import { isUnsettled, messagesOf, redactedIdentity, Session, spawnRows } from './session.js';
import { endOrphans, seizeLease, takeLease } from './take-lease.js';

/** An engine that drives runs in this process, on the given store. */
export function createEngine(options: EngineOptions): Engine {
  const { store } = options;

  /** Looks at a run without its lease; also at one whose snapshot this version could not go on from. */
  async function view(run: RunRecord): Promise<RunView> {
    const { runId } = run;
    const [stored, attempts, lease] = await Promise.all([store.getSnapshot(runId), store.attempts(runId), store.getLease(runId)]);
    if (stored === null) throw new RunNotFoundError(runId);
    const snapshot = stored.snapshot as StoredSnapshot;
    const now = options.now();
    return {
      run,
      snapshot,
      attempts,
      lease,
      look: runLook(run, lease, attempts, options.holder, now),
      seenAt: now.toISOString(),
    };
  }

  async function inspect(runId: string): Promise<RunView> {
    const run = await store.getRun(runId);
    if (run === null) throw new RunNotFoundError(runId);
    return view(run);
  }

  /** Commits what `prepare` gives, under the lease. */
  async function decide(session: Session, prepare: Prepare | undefined): Promise<void> {
    if (prepare === undefined) return;
    const prepared = await prepare(await inspect(session.runId), session.evidence);
    const { events, who } = 'events' in prepared ? prepared : { events: prepared };
    if (who !== undefined) session.who = who;
    for (const event of events) await session.commit(event);
  }

  async function underLease(lease: LeaseRecord, work: (keeper: LeaseKeeper) => Promise<void>): Promise<RunView> {
    const keeper = keepLease(options, lease);
    try {
      await work(keeper);
    } finally {
      await keeper.release();
    }
    return inspect(lease.runId);
  }

  return {
    async start(request) {
      const { lease, record } = await createRun(options, request);
      return underLease(lease, async (keeper) => {
        options.notify({ type: 'transition', record });
        const session = await Session.open(options, lease, request.who);
        await session.evidence.create();
        await drive(options, session, keeper);
      });
    },

    async resume(runId, who, prepare) {
      const lease = await takeLease(options, await known(runId));
      return underLease(lease, async (keeper) => {
        await endOrphans(options, runId);
        const session = await Session.open(options, lease, who);
        await session.evidence.create();
        await decide(session, prepare);
        if ((await session.openAttempts()).some(isUnsettled)) await session.join();
        await makeInterruptedAgain(session);
        await drive(options, session, keeper);
      });
    },

    async send(runId, who, prepare, { seize } = {}) {
      await known(runId);
      const lease = await (seize === undefined ? takeLease(options, runId) : seizeLease(options, runId, seize));
      return underLease(lease, async () => {
        await endOrphans(options, runId);
        await decide(await Session.open(options, lease, who), prepare);
      });
    },

    inspect,

    async list(filter) {
      return Promise.all((await store.listRuns(filter)).map(view));
    },
  };

  async function known(runId: string): Promise<string> {
    if ((await store.getRun(runId)) === null) throw new RunNotFoundError(runId);
    return runId;
  }
}

/** The run, its lease, its first transition and what that asks for: one transaction. Throws `RunExistsError`. */
async function createRun(
  options: EngineOptions,
  { runId, evidenceDir, directory, ...request }: NewRunRequest,
): Promise<{ lease: LeaseRecord; record: HistoryRecord }> {
  const { definition, store, holder } = options;
  const at = options.now().toISOString();
  const event = options.redact(request.event);
  const who = redactedIdentity(options, request.who);
  const first = begin(definition, definition.input(event, { runId, at, who }));
  const facts = definition.facts(first.snapshot);
  const lease = await store.createRun({ runId, operator: who, evidenceDir, directory }, holder, {
    at,
    event,
    from: null,
    to: first.state,
    who,
    machineVersion: definition.version,
    snapshot: first.snapshot,
    status: facts.status,
    settles: [],
    spawns: spawnRows(first, at),
    environmentLock: facts.environmentLock,
    deadlines: facts.deadlines,
    messages: messagesOf(options, { runId, seq: 1, at, event, from: null, to: first.state, who, snapshot: first.snapshot }),
    environment: facts.environment,
    gitHead: facts.gitHead,
    isAloneInCycle: facts.isAloneInCycle,
  });
  for await (const record of store.history(runId, { upTo: 1 })) return { lease, record };
  throw new Error(`run ${runId} was created without its first transition`);
}

/** An attempt that was started and never reported is recorded as interrupted, and asked for again. */
async function makeInterruptedAgain(session: Session): Promise<void> {
  const running = (await session.openAttempts()).filter(({ status }) => status === 'running');
  if (running.length === 0) return;
  await session.commit({ type: 'RESUMED', interrupted: running.map(({ step, attempt }) => ({ step, attempt })) });
}

/** Makes the attempts that are due, one after the other, until nothing is. Throws the reason when told to stop. */
async function drive(options: EngineOptions, session: Session, keeper: LeaseKeeper): Promise<void> {
  const aborted = AbortSignal.any([options.signal, keeper.signal]);
  for (;;) {
    aborted.throwIfAborted();
    const due = (await session.openAttempts()).find(isUnsettled);
    if (due === undefined) {
      if (session.status === 'active') throw new Error(`run ${session.runId} is active and has nothing to do: this is a defect`);
      return;
    }
    await untilDue(options, session, due, aborted);
    await runAttempt(options, session, due, aborted);
  }
}

/** No back-off is longer; a clock that was set back must not hold a run. */
const MAX_BACK_OFF_MS = 60_000;

async function untilDue(
  { notify, now }: EngineOptions,
  { runId }: Session,
  { step, attempt, notBefore }: AttemptRecord,
  signal: AbortSignal,
): Promise<void> {
  if (notBefore === null) return;
  const waitMs = Math.min(Date.parse(notBefore) - now().getTime(), MAX_BACK_OFF_MS);
  if (waitMs <= 0) return;
  notify({ type: 'backing-off', runId, step, attempt, until: new Date(now().getTime() + waitMs) });
  await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}
