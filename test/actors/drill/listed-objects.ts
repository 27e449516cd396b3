/** Deployments and ReplicaSets as the cluster lists them: settled, on release 2, with release 1 before it, unless told otherwise. */
export interface Listed {
  readonly kind: string;
  readonly metadata: Record<string, unknown>;
  readonly spec: Record<string, unknown>;
  readonly status: Record<string, unknown>;
}

type Parts = Partial<Pick<Listed, 'metadata' | 'spec' | 'status'>>;

const REVISION = 'deployment.kubernetes.io/revision';

export function listedDeployment(name: string, revision: number | string | null, parts: Parts = {}): Listed {
  return {
    kind: 'Deployment',
    metadata: {
      name,
      uid: `uid-${name}`,
      generation: 5,
      annotations: revision === null ? {} : { [REVISION]: String(revision) },
      ...parts.metadata,
    },
    spec: { replicas: 2, ...parts.spec },
    status: { observedGeneration: 5, replicas: 2, updatedReplicas: 2, availableReplicas: 2, ...parts.status },
  };
}

/** Release `release` of a deployment: its name, hash, UID and image say so. */
export function listedReplicaSet(
  deployment: string,
  release: number,
  revision: number | string | null,
  parts: Parts = {},
): Listed {
  const hash = `hash${release}`;
  return {
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment}-${hash}`,
      uid: `uid-${deployment}-${release}`,
      labels: { app: deployment, 'pod-template-hash': hash },
      annotations: revision === null ? {} : { [REVISION]: String(revision) },
      ownerReferences: [{ uid: `uid-${deployment}` }],
      ...parts.metadata,
    },
    spec: {
      template: {
        metadata: { labels: { app: deployment, 'pod-template-hash': hash } },
        spec: { containers: [{ name: 'main', image: imageOf(deployment, release) }] },
      },
      ...parts.spec,
    },
    status: { ...parts.status },
  };
}

export function imageOf(deployment: string, release: number): string {
  return `registry.example.com/${deployment}:${release}.0.0`;
}
