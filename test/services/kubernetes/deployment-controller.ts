/**
 * The deployment controller: turns a deployment's spec into ReplicaSets and, round by round, into ready pods.
 *
 * A deployment is, as in Kubernetes, in one of three situations:
 * - changed: `generation` is ahead of `observedGeneration`; after `observeMs` the controller looks at it;
 * - rolling: the ReplicaSet of the current template is chosen, and each round moves pods from the old sets to it;
 * - settled: every pod is of the current template and ready, or the progress deadline has passed.
 */
import { deploymentStatus, type RolloutPhase } from './deployment-status.js';
import type { RolloutEffect } from './journal.js';
import { isOwnedBy, REVISION, revisionOf, type Deployment, type ReplicaSet } from './objects.js';
import type { ObjectStore, StoreEvent } from './object-store.js';
import { imagesOf } from './pod-template.js';
import { chooseReplicaSet, matchingReplicaSet, scaled } from './replica-sets.js';
import { limitsOf, nextRound, roundsOf } from './rolling-update.js';

export interface RolloutTiming {
  /** Milliseconds from a change of the spec to the controller noticing it. */
  observeMs: number;
  /** Milliseconds that a whole rollout takes after that. */
  rolloutMs: number;
  /** Milliseconds until a rollout that does not progress is reported so; without it, the deployment's own deadline. */
  progressDeadlineMs?: number | undefined;
}

/** A rollout as it begins: see the journal for what the fields mean. */
export type RolloutStarted = Omit<RolloutEffect, 'kind' | 'time'>;

export class DeploymentController {
  private stuck: ReadonlySet<string> = new Set();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly rollingSince = new Map<string, number>();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly store: ObjectStore,
    public timing: RolloutTiming,
    private readonly onRollout: (started: RolloutStarted) => void,
  ) {
    this.unsubscribe = store.subscribe((event) => this.notice(event));
  }

  stop(): void {
    this.unsubscribe();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  get stuckDeployments(): string[] {
    return [...this.stuck];
  }

  /** From now on the new pods of these deployments, and of no others, never get ready. */
  setStuck(names: Iterable<string>): void {
    this.stuck = new Set(names);
    for (const deployment of this.store.list<Deployment>('deployments')) {
      if (this.rollingSince.has(keyOf(deployment))) this.schedule(deployment, 0, () => this.observe(deployment));
    }
  }

  private notice({ type, resource, object, previous }: StoreEvent): void {
    if (resource !== 'deployments') return;
    const deployment = object as Deployment;
    if (type === 'DELETED') {
      clearTimeout(this.timers.get(keyOf(deployment)));
      this.rollingSince.delete(keyOf(deployment));
      for (const set of this.setsOf(deployment)) this.store.remove('replicasets', set.metadata.namespace, set.metadata.name);
      return;
    }
    // Only a change of the spec moves the generation; what the controller itself writes must not wake it.
    const { generation } = deployment.metadata;
    if (generation !== previous?.metadata.generation && generation !== deployment.status.observedGeneration) {
      this.schedule(deployment, this.timing.observeMs, () => this.observe(deployment));
    }
  }

  private observe(known: Deployment): void {
    const deployment = this.fresh(known);
    if (deployment === undefined) return;
    if (deployment.spec.paused === true) {
      const current = matchingReplicaSet(deployment, this.setsOf(deployment));
      this.writeStatus(deployment, current, 'paused');
      return;
    }
    const before = this.setsOf(deployment).find((set) => revisionOf(set) === revisionOf(deployment));
    const { current, created } = chooseReplicaSet(this.store, deployment, this.setsOf(deployment));
    const annotations = { ...deployment.metadata.annotations, [REVISION]: String(revisionOf(current)) };
    this.store.replace('deployments', { ...deployment, metadata: { ...deployment.metadata, annotations } });
    if (before?.metadata.uid !== current.metadata.uid) {
      this.onRollout({
        namespace: deployment.metadata.namespace!,
        deployment: deployment.metadata.name,
        fromRevision: revisionOf(deployment),
        toRevision: revisionOf(current),
        fromImage: before === undefined ? '' : imagesOf(before.spec.template),
        toImage: imagesOf(current.spec.template),
        replicaSet: current.metadata.name,
        createdReplicaSet: created,
      });
    }
    this.rollingSince.set(keyOf(deployment), Date.now());
    this.advance(deployment, false);
  }

  /** One round. The first one only asks for pods; in the others they get ready, unless the rollout is stuck. */
  private advance(known: Deployment, podsHadTime: boolean): void {
    const deployment = this.fresh(known);
    // The spec has changed again since: the look that is due will start over.
    if (deployment === undefined || deployment.metadata.generation !== known.metadata.generation) return;
    const sets = this.setsOf(deployment);
    const current = matchingReplicaSet(deployment, sets);
    if (current === undefined) return this.observe(deployment);

    const old = sets.filter((set) => set !== current);
    const limits = limitsOf(deployment);
    const isStuck = this.stuck.has(deployment.metadata.name);
    const round = nextRound(limits, countOf(current), old.map(countOf), podsHadTime && !isStuck);
    const scaledCurrent = this.store.replace('replicasets', scaled(current, round.newSet));
    old.forEach((set, index) => this.store.replace('replicasets', scaled(set, round.oldSets[index]!)));

    if (round.complete) {
      this.rollingSince.delete(keyOf(deployment));
      this.forgetOldRevisions(deployment, old);
      this.writeStatus(deployment, scaledCurrent, 'complete');
      return;
    }
    const since = this.rollingSince.get(keyOf(deployment)) ?? Date.now();
    const deadline = since + this.deadlineOf(deployment);
    const late = Date.now() >= deadline;
    this.writeStatus(deployment, scaledCurrent, late ? 'timed-out' : 'progressing');
    if (late) return;
    const pause = isStuck && podsHadTime ? deadline - Date.now() : this.timing.rolloutMs / roundsOf(limits);
    this.schedule(deployment, pause, () => this.advance(deployment, true));
  }

  private writeStatus(known: Deployment, current: ReplicaSet | undefined, phase: RolloutPhase): void {
    const deployment = this.fresh(known)!;
    const status = deploymentStatus(deployment, current, this.setsOf(deployment), phase);
    this.store.replace('deployments', { ...deployment, status });
  }

  private forgetOldRevisions(deployment: Deployment, old: ReplicaSet[]): void {
    const surplus = old.length - (deployment.spec.revisionHistoryLimit ?? 10);
    const oldestFirst = old.toSorted((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of oldestFirst.slice(0, Math.max(0, surplus))) {
      this.store.remove('replicasets', set.metadata.namespace, set.metadata.name);
    }
  }

  private deadlineOf(deployment: Deployment): number {
    return this.timing.progressDeadlineMs ?? (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
  }

  private setsOf(deployment: Deployment): ReplicaSet[] {
    return this.store.list<ReplicaSet>('replicasets', deployment.metadata.namespace).filter((set) => isOwnedBy(set, deployment));
  }

  private fresh({ metadata }: Deployment): Deployment | undefined {
    const deployment = this.store.get<Deployment>('deployments', metadata.namespace, metadata.name);
    return deployment?.metadata.uid === metadata.uid ? deployment : undefined;
  }

  /** One timer a deployment: whatever was to happen next is overtaken. */
  private schedule(deployment: Deployment, afterMs: number, action: () => void): void {
    clearTimeout(this.timers.get(keyOf(deployment)));
    this.timers.set(keyOf(deployment), setTimeout(action, Math.min(Math.max(0, afterMs), 2 ** 31 - 1)).unref());
  }
}

function keyOf({ metadata }: Deployment): string {
  return metadata.uid;
}

function countOf(set: ReplicaSet): { replicas: number; ready: number } {
  return { replicas: set.spec.replicas, ready: Math.min(set.status.readyReplicas ?? 0, set.spec.replicas) };
}
