import { setTimeout as delay } from 'node:timers/promises';
import type { DrillFacts, ReplicaSetIdentity } from '../../config/step-contracts.js';
import type { EvidenceLog } from '../../evidence/evidence-dir.js';
import { ActorError } from '../actor.js';
import type { Kubectl } from '../kubectl.js';
import { readDeployments, type DeploymentState, type Look, type OwnedReplicaSet } from './deployments.js';
import { describe, isSame } from './plan.js';

export interface RolloutLimits {
  /** Seconds, for `kubectl rollout status --timeout`. Source: design section 7. */
  readonly statusSeconds: number;
  /** Milliseconds that the controller gets to observe a change, and a finished rollout to look settled. */
  readonly observeMs: number;
  /** Milliseconds between two looks. */
  readonly pollMs: number;
}
export const RUNBOOK_LIMITS: RolloutLimits = { statusSeconds: 120, observeMs: 30_000, pollMs: 500 };

/** One deployment's way: from one recorded ReplicaSet to the other one. */
export interface Move {
  readonly deployment: string;
  readonly from: ReplicaSetIdentity;
  readonly to: ReplicaSetIdentity;
  /** The prefix of the error codes. */
  readonly phase: 'DRILL' | 'RESTORE';
}

export interface Rollouts {
  readonly kubectl: Kubectl;
  readonly log: EvidenceLog;
  readonly signal: AbortSignal;
  readonly limits: RolloutLimits;
}

export interface Rolled {
  readonly facts: DrillFacts['deployments'][number];
  /** What the proof was read from: of the whole namespace. */
  readonly seen: Look;
}

/** An undo that was on its way when an earlier attempt ended may arrive after our first look: once more is enough for that. */
const MAX_ROUNDS = 2;

/**
 * Brings a deployment to `to`, in whatever of the two recorded states it is, and proves that `to` is what runs, with all its pods
 * available. Told by UID and pod-template hash: revision numbers change with every undo. `seen` is what this process has just read,
 * before or after the rollout of another deployment; null looks anew, as whoever takes up what an earlier attempt left must. It is
 * only what the undo begins from: a release that came since then is told by the look after it, as one that comes between any look
 * and our undo, and what arrived is never proven by it. Errors, besides those of `Kubectl`:
 * <phase>_THIRD_PARTY when a ReplicaSet runs that is neither of the two, or another rollout came in between; <phase>_GONE when
 * `to` or the deployment no longer exists; <phase>_NOT_AVAILABLE when the rollout does not get there; <phase>_NOT_OBSERVED when
 * the controller does not react.
 */
export async function rollTo(move: Move, rollouts: Rollouts, seen: Look | null): Promise<Rolled> {
  let undone = false;
  for (let round = 1; ; round += 1) {
    const { state: before } = await observedState(move, rollouts, round === 1 ? seen : null);
    const found = currentOf(before, move);
    const wasThere = isSame(found, move.to);
    if (wasThere) await say(rollouts, `${move.deployment}: ${describe(found)} is what runs already`);
    else undone = (await undo(move, before, rollouts)) || undone;

    const status = await rolloutStatus(move, rollouts);
    const { state: after, look } = await (status === null ? settledState(move, rollouts) : observedState(move, rollouts, null));
    const current = currentOf(after, move);
    if (!wasThere) refuseRolloutInBetween(move, before, after);
    const arrived = isSame(current, move.to);
    if (arrived && status === null && after.unsettled === null) {
      await say(rollouts, `${move.deployment}: verified, ${describe(current)} runs and is fully available`);
      const { uid, podTemplateHash, revision } = current;
      return { facts: { name: move.deployment, uid, podTemplateHash, revision, undone }, seen: look };
    }
    if (!arrived && round < MAX_ROUNDS) continue;
    const what = arrived
      ? (after.unsettled ?? 'its rollout was not reported as finished')
      : `${describe(current)} runs, not ${describe(move.to)}`;
    throw new ActorError(
      `${move.phase}_NOT_AVAILABLE`,
      `Deployment ${move.deployment} did not get to ${move.to.name}: ${what}.${status === null ? '' : ` ${status.message}`} ` +
        `See why with: kubectl describe deployment/${move.deployment}, and kubectl get events`,
      { details: { deployment: move.deployment, to: move.to }, cause: status ?? undefined },
    );
  }
}

/** Returns false when kubectl found the template in place already: another undo, the same as ours, was faster. */
async function undo(move: Move, before: DeploymentState, { kubectl, log, signal }: Rollouts): Promise<boolean> {
  const destination = before.replicaSets.find((replicaSet) => isSame(replicaSet, move.to));
  if (destination === undefined) {
    throw new ActorError(
      `${move.phase}_GONE`,
      `Deployment ${move.deployment} cannot go to ${describe(move.to)}: this ReplicaSet is no longer in its history. ` +
        `Deploy ${move.to.images.join(', ')} anew, and see spec.revisionHistoryLimit.`,
      { details: { deployment: move.deployment, to: move.to } },
    );
  }
  await say({ log }, `${move.deployment}: undo from ${describe(currentOf(before, move))} to ${describe(destination)}`);
  signal.throwIfAborted();
  const said = await kubectl.run(['rollout', 'undo', `deployment/${move.deployment}`, `--to-revision=${destination.revision}`], {
    log,
  });
  return !said.includes('skipped rollback');
}

/** Null when kubectl says that it is rolled out; otherwise its error, to be judged with what then runs. */
async function rolloutStatus(move: Move, { kubectl, log, signal, limits }: Rollouts): Promise<ActorError | null> {
  const { statusSeconds } = limits;
  const args = ['rollout', 'status', `deployment/${move.deployment}`, `--timeout=${statusSeconds}s`];
  try {
    await kubectl.run(args, { timeoutMs: (statusSeconds + 15) * 1000, log });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ActorError)) throw error;
    return error;
  }
}

interface Seen {
  readonly state: DeploymentState;
  readonly look: Look;
}

/** What runs, once the controller has seen the last change: before that, the old revision is still written on the deployment. */
function observedState(move: Move, rollouts: Rollouts, seen: Look | null): Promise<Seen> {
  return lookUntil(move, rollouts, ({ observed, current }) => observed && current !== null, seen);
}

/** The state after a rollout: settled, or seen to be of something else. */
function settledState(move: Move, rollouts: Rollouts): Promise<Seen> {
  return lookUntil(
    move,
    rollouts,
    ({ unsettled, observed, current }) => unsettled === null || (observed && current !== null && !isSame(current, move.to)),
    null,
  );
}

/** What is seen when it is enough, or when the time is up: the caller judges it. */
async function lookUntil(
  move: Move,
  { kubectl, signal, limits }: Rollouts,
  isEnough: (state: DeploymentState) => boolean,
  seen: Look | null,
): Promise<Seen> {
  const deadline = performance.now() + limits.observeMs;
  for (let look = seen ?? (await readDeployments(kubectl)); ; look = await readDeployments(kubectl)) {
    const state = stateOf(move, look);
    if (isEnough(state) || performance.now() >= deadline) return { state, look };
    try {
      await delay(limits.pollMs, undefined, { signal });
    } catch {
      throw signal.reason;
    }
  }
}

function stateOf(move: Move, look: Look): DeploymentState {
  const state = look.get(move.deployment);
  if (state !== undefined) return state;
  throw new ActorError(
    `${move.phase}_GONE`,
    `Deployment ${move.deployment} no longer exists; it ran ${describe(move.from)} or ${describe(move.to)}. Somebody has deleted it: deploy it anew.`,
    { details: { deployment: move.deployment } },
  );
}

/** One of the two recorded ReplicaSets. */
function currentOf(state: DeploymentState, move: Move): OwnedReplicaSet {
  const { current } = state;
  if (current === null || !state.observed) {
    const why =
      current === null
        ? `not exactly one of its ReplicaSets has its revision ${state.revision ?? '(none)'}`
        : 'its last change was not observed';
    throw new ActorError(
      `${move.phase}_NOT_OBSERVED`,
      `What deployment ${move.deployment} runs cannot be told: ${why}. See that the cluster's deployment controller works, and that ` +
        `nobody changes the deployment: kubectl get deployment/${move.deployment} -o yaml`,
      { details: { deployment: move.deployment } },
    );
  }
  if (isSame(current, move.from) || isSame(current, move.to)) return current;
  throw thirdParty(move, current, `It now runs ${describe(current)}, and was left so`);
}

/**
 * An undo overwrites whatever was rolled out between our look and it, and then all looks well. It is told by the history: apart
 * from `to`, an undo makes no ReplicaSet and renumbers none.
 */
function refuseRolloutInBetween(move: Move, before: DeploymentState, after: DeploymentState): void {
  const known = new Map(before.replicaSets.map(({ uid, revision }) => [uid, revision]));
  const other = after.replicaSets.find(
    (replicaSet) => !isSame(replicaSet, move.to) && known.get(replicaSet.uid) !== replicaSet.revision,
  );
  if (other === undefined) return;
  throw thirdParty(move, other, `${describe(other)} was rolled out in between, and our undo may have replaced it`);
}

function thirdParty(move: Move, third: OwnedReplicaSet, what: string): ActorError {
  const { from, to } = move;
  return new ActorError(
    `${move.phase}_THIRD_PARTY`,
    `Somebody else has changed deployment ${move.deployment}. ${what}; this run knows ${describe(from)} and ${describe(to)}. ` +
      'Find out who deploys to staging; the run can go on when one of the two known ones runs again.',
    { details: { deployment: move.deployment, running: { uid: third.uid, name: third.name, images: third.images }, from, to } },
  );
}

async function say({ log }: { readonly log: EvidenceLog }, line: string): Promise<void> {
  await log.write(`${line}\n`);
}
