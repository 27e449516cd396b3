/**
 * The objects of the cluster and the history of their changes.
 *
 * An object is replaced and never mutated, so whoever holds one holds a snapshot. Each change gets the next resource
 * version and is told to the subscribers; a bounded history lets a watch start at a version it has listed.
 */
import { randomUUID } from 'node:crypto';
import { timestamp, type DraftObject, type KubernetesObject } from './objects.js';
import { canonical } from './pod-template.js';
import type { ResourceName } from './resources.js';

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: ResourceName;
  object: KubernetesObject;
  /** The object before the change; absent when it was added. */
  previous?: KubernetesObject;
  version: number;
}

const HISTORY_LIMIT = 2000;

export class ObjectStore {
  private readonly objects = new Map<string, { resource: ResourceName; object: KubernetesObject }>();
  private readonly listeners = new Set<(event: StoreEvent) => void>();
  private history: StoreEvent[] = [];
  private current = 1000;

  get version(): number {
    return this.current;
  }

  /** The oldest version from which a watch can still be replayed. */
  get oldestVersion(): number {
    return this.history.length < HISTORY_LIMIT ? 1000 : this.history[0]!.version;
  }

  get<T extends KubernetesObject>(resource: ResourceName, namespace: string | undefined, name: string): T | undefined {
    return this.objects.get(keyOf(resource, namespace, name))?.object as T | undefined;
  }

  /** All of a resource, or one namespace of it, ordered by name as etcd's keys are. */
  list<T extends KubernetesObject>(resource: ResourceName, namespace?: string): T[] {
    return [...this.objects.entries()]
      .filter(([, entry]) => entry.resource === resource)
      .filter(([, entry]) => namespace === undefined || entry.object.metadata.namespace === namespace)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => entry.object as T);
  }

  create<T extends KubernetesObject>(resource: ResourceName, draft: DraftObject): T {
    const metadata = { ...draft.metadata, uid: randomUUID(), creationTimestamp: timestamp(), resourceVersion: '' };
    return this.commit('ADDED', resource, { ...draft, metadata }) as T;
  }

  /** Stores the object in place of the one with its name. As in Kubernetes, a replacement that changes nothing is no change. */
  replace<T extends KubernetesObject>(resource: ResourceName, object: T): T {
    const previous = this.get<T>(resource, object.metadata.namespace, object.metadata.name);
    if (previous === undefined) throw new Error(`no ${resource} ${object.metadata.name} to replace`);
    const { resourceVersion } = previous.metadata;
    const candidate = { ...object, metadata: { ...object.metadata, resourceVersion } };
    if (canonical(candidate) === canonical(previous)) return previous;
    return this.commit('MODIFIED', resource, object, previous) as T;
  }

  remove(resource: ResourceName, namespace: string | undefined, name: string): KubernetesObject | undefined {
    const previous = this.get(resource, namespace, name);
    return previous && this.commit('DELETED', resource, previous, previous);
  }

  eventsSince(resource: ResourceName, version: number): StoreEvent[] {
    return this.history.filter((event) => event.resource === resource && event.version > version);
  }

  /** Calls the listener after each change; returns the function that ends it. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private commit(type: StoreEvent['type'], resource: ResourceName, next: KubernetesObject, previous?: KubernetesObject) {
    const version = ++this.current;
    const object = { ...structuredClone(next), metadata: { ...next.metadata, resourceVersion: String(version) } };
    const key = keyOf(resource, object.metadata.namespace, object.metadata.name);
    if (type === 'DELETED') this.objects.delete(key);
    else this.objects.set(key, { resource, object });
    const event: StoreEvent = { type, resource, object, version, ...(previous && { previous }) };
    this.history = [...this.history, event].slice(-HISTORY_LIMIT);
    for (const listener of [...this.listeners]) listener(event);
    return object;
  }
}

function keyOf(resource: ResourceName, namespace: string | undefined, name: string): string {
  return `${resource}/${namespace ?? ''}/${name}`;
}
