/** TokenRequest, which is what `kubectl create token` asks with. Nobody checks the token: kubectl sends none over plain HTTP. */
import { randomBytes } from 'node:crypto';
import type { ObjectStore } from './object-store.js';
import { isRecord, type JsonObject } from './objects.js';
import { resourceNamed } from './resources.js';
import { notFound } from './status.js';

const DEFAULT_SECONDS = 3600;

/** The request with its `status`. @throws StatusError 404 when there is no such service account */
export function issueToken(store: ObjectStore, namespace: string | undefined, name: string, body: unknown): JsonObject {
  if (store.get('serviceaccounts', namespace, name) === undefined) throw notFound(resourceNamed('serviceaccounts'), name);
  const spec = isRecord(body) && isRecord(body.spec) ? body.spec : {};
  const seconds = typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : DEFAULT_SECONDS;
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name, namespace },
    spec: { audiences: [], ...spec, expirationSeconds: seconds },
    status: {
      token: `stand-in.${randomBytes(24).toString('base64url')}`,
      expirationTimestamp: new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, ''),
    },
  };
}
