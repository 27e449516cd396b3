/**
 * One round of a rolling update, as arithmetic: pods become ready, old ones are let go, new ones are started.
 *
 * Follows Kubernetes' RollingUpdate: never more than `desired + maxSurge` pods, never fewer than
 * `desired - maxUnavailable` ready ones. So a rollout whose new pods never get ready stops with the old pods serving.
 */
import type { Deployment } from './objects.js';

export interface PodCount {
  replicas: number;
  ready: number;
}

export interface RolloutLimits {
  desired: number;
  maxSurge: number;
  maxUnavailable: number;
}

export interface RolloutRound {
  newSet: PodCount;
  oldSets: PodCount[];
  complete: boolean;
}

/** @param podsGetReady false for the first round (pods have only been asked for) and for a stuck rollout */
export function nextRound(limits: RolloutLimits, newSet: PodCount, oldSets: PodCount[], podsGetReady: boolean): RolloutRound {
  const { desired, maxSurge, maxUnavailable } = limits;
  const replicasBefore = Math.min(newSet.replicas, desired);
  const ready = podsGetReady ? replicasBefore : Math.min(newSet.ready, replicasBefore);

  // Old pods that are not ready serve nobody and go first.
  const healthy = oldSets.map((set) => ({ replicas: set.ready, ready: set.ready }));
  let mayGo = Math.max(0, ready + sumReplicas(healthy) - (desired - maxUnavailable));
  const remaining = healthy.map((set) => {
    const goes = Math.min(mayGo, set.replicas);
    mayGo -= goes;
    return { replicas: set.replicas - goes, ready: set.ready - goes };
  });

  const room = Math.max(0, desired + maxSurge - replicasBefore - sumReplicas(remaining));
  const replicas = Math.min(desired, replicasBefore + room);
  const complete = replicas === desired && ready === desired && sumReplicas(remaining) === 0;
  return { newSet: { replicas, ready }, oldSets: remaining, complete };
}

/** A deployment's limits, percentages resolved as Kubernetes does: surge up, unavailability down, not both zero. */
export function limitsOf(deployment: Deployment): RolloutLimits {
  const desired = deployment.spec.replicas;
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = resolve(maxSurge, desired, Math.ceil);
  const unavailable = resolve(maxUnavailable, desired, Math.floor);
  return { desired, maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** About how many rounds a whole rollout takes; used to spread its duration over them. */
export function roundsOf({ desired, maxSurge, maxUnavailable }: RolloutLimits): number {
  return Math.max(1, Math.ceil(desired / Math.max(1, maxSurge + maxUnavailable)));
}

function resolve(value: number | string, desired: number, round: (exact: number) => number): number {
  return typeof value === 'string' && value.endsWith('%') ? round((desired * Number(value.slice(0, -1))) / 100) : Number(value);
}

function sumReplicas(sets: PodCount[]): number {
  return sets.reduce((sum, set) => sum + set.replicas, 0);
}
