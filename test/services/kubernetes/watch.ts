/** The watch stream: one JSON event a line, from the version that the client has listed onwards. */
import type { ServerResponse } from 'node:http';
import type { ObjectStore, StoreEvent } from './object-store.js';
import type { KubernetesObject } from './objects.js';
import type { ApiRequest } from './request.js';
import { expired, StatusError } from './status.js';

/** Streams until the client leaves or its `timeoutSeconds` have passed. @throws StatusError 422 when a listing watch is asked for */
export function streamWatch(store: ObjectStore, request: ApiRequest, response: ServerResponse): void {
  const { resource, namespace, selector, query } = request;
  if (query.get('sendInitialEvents') === 'true') {
    // What a server without the WatchList feature answers; the client then lists first.
    throw new StatusError(
      422,
      'Invalid',
      'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  }
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  const write = (type: string, object: unknown) => response.write(`${JSON.stringify({ type, object })}\n`);
  const isSeen = (object: KubernetesObject | undefined): boolean =>
    object !== undefined && (namespace === undefined || object.metadata.namespace === namespace) && selector.matches(object);
  const forward = (event: StoreEvent): void => {
    if (event.resource !== resource.name) return;
    // An object that enters or leaves the selection is added or deleted, as far as this client can see.
    const before = event.type !== 'ADDED' && isSeen(event.previous);
    const after = event.type !== 'DELETED' && isSeen(event.object);
    if (before || after) write(before ? (after ? 'MODIFIED' : 'DELETED') : 'ADDED', event.object);
  };

  const since = Number(query.get('resourceVersion') ?? 0);
  if (since !== 0 && since < store.oldestVersion) {
    // As the API server does it: the stream is open before the version is looked up, so the error is its only event.
    write('ERROR', expired(since, store.oldestVersion));
    response.end();
    return;
  }
  if (since === 0)
    store
      .list(resource.name, namespace)
      .filter(isSeen)
      .forEach((object) => write('ADDED', object));
  else store.eventsSince(resource.name, since).forEach(forward);

  const unsubscribe = store.subscribe(forward);
  const seconds = Number(query.get('timeoutSeconds') ?? 3600);
  const timer = setTimeout(() => response.end(), seconds * 1000).unref();
  response.once('close', () => {
    unsubscribe();
    clearTimeout(timer);
  });
}
