import { z } from 'zod';
import type { ReplicaSetIdentity } from '../../config/step-contracts.js';
import { canonicalJson } from '../../evidence/canonical-json.js';
import type { Kubectl } from '../kubectl.js';

/** A ReplicaSet of a deployment as it is now. */
export interface OwnedReplicaSet extends ReplicaSetIdentity {
  readonly availableReplicas: number;
  /** The pod template without the label that the controller adds, as canonical JSON. */
  readonly template: string;
}

/** A deployment and its ReplicaSets as they are now. */
export interface DeploymentState {
  readonly name: string;
  /** What runs now, or is being rolled out: the ReplicaSet with the deployment's revision. Null when there is not exactly one. */
  readonly current: OwnedReplicaSet | null;
  /** What the deployment's annotation says; null when there is none. */
  readonly revision: number | null;
  /** All ReplicaSets with a revision, the highest first. */
  readonly replicaSets: readonly OwnedReplicaSet[];
  /** The controller has seen the deployment as it is now. */
  readonly observed: boolean;
  /** Why this is no settled rollout; null when all wanted pods, and no others, run the current ReplicaSet and are available. */
  readonly unsettled: string | null;
}

/** All deployments of the namespace as one look at it found them, by their names. */
export type Look = ReadonlyMap<string, DeploymentState>;

const REVISION = 'deployment.kubernetes.io/revision';
const TEMPLATE_HASH = 'pod-template-hash';

const strings = z.record(z.string(), z.string()).optional();
const count = z.int().min(0);

const deploymentShape = z.object({
  kind: z.literal('Deployment'),
  metadata: z.object({ name: z.string().min(1), uid: z.string().min(1), generation: count, annotations: strings }),
  spec: z.object({ replicas: count, paused: z.boolean().default(false) }),
  // Go's omitempty: a count of zero is absent.
  status: z.object({
    observedGeneration: count.default(0),
    replicas: count.default(0),
    updatedReplicas: count.default(0),
    availableReplicas: count.default(0),
  }),
});
type Deployment = z.output<typeof deploymentShape>;

const replicaSetShape = z.object({
  kind: z.literal('ReplicaSet'),
  metadata: z.object({
    name: z.string().min(1),
    uid: z.string().min(1),
    labels: strings,
    annotations: strings,
    deletionTimestamp: z.string().optional(),
    ownerReferences: z.array(z.object({ uid: z.string() })).default([]),
  }),
  spec: z.object({
    template: z.looseObject({
      metadata: z.looseObject({ labels: strings }).optional(),
      spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }),
    }),
  }),
  status: z.object({ availableReplicas: count.default(0) }),
});
type ReplicaSet = z.output<typeof replicaSetShape>;

const rolloutList = z.object({ items: z.array(z.discriminatedUnion('kind', [deploymentShape, replicaSetShape])) });

/**
 * Reads the namespace's deployments and their ReplicaSets; what is missing in the map does not exist. A ReplicaSet belongs to a
 * deployment by the owner's UID: one of a deleted deployment of the same name does not count. Errors: those of `Kubectl`.
 */
export async function readDeployments(kubectl: Kubectl): Promise<Look> {
  // kubectl lists them one after the other, in this order: a rollout that begins in between makes the deployment's revision one
  // that no ReplicaSet has, or leaves it unobserved.
  const { items } = await kubectl.get(['get', 'deployments,replicasets'], rolloutList);
  const deployments = items.filter((item) => item.kind === 'Deployment');
  const replicaSets = items.filter((item) => item.kind === 'ReplicaSet');
  return new Map(deployments.map((deployment) => [deployment.metadata.name, stateOf(deployment, replicaSets)]));
}

function stateOf(deployment: Deployment, all: readonly ReplicaSet[]): DeploymentState {
  const replicaSets = all
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ metadata }) => metadata.ownerReferences.some(({ uid }) => uid === deployment.metadata.uid))
    .flatMap((replicaSet) => owned(replicaSet) ?? [])
    .toSorted((a, b) => b.revision - a.revision);
  const revision = revisionOf(deployment.metadata.annotations);
  const matching = replicaSets.filter((replicaSet) => replicaSet.revision === revision);
  const current = matching.length === 1 ? (matching[0] ?? null) : null;
  return {
    name: deployment.metadata.name,
    current,
    revision,
    replicaSets,
    observed: deployment.status.observedGeneration >= deployment.metadata.generation,
    unsettled: whyUnsettled(deployment, current),
  };
}

/** Null without a hash or a revision: the controller has not taken it up. */
function owned({ metadata, spec, status }: ReplicaSet): OwnedReplicaSet | null {
  const podTemplateHash = metadata.labels?.[TEMPLATE_HASH];
  const revision = revisionOf(metadata.annotations);
  if (podTemplateHash === undefined || revision === null) return null;
  const labels = { ...spec.template.metadata?.labels };
  delete labels[TEMPLATE_HASH];
  return {
    uid: metadata.uid,
    name: metadata.name,
    podTemplateHash,
    images: spec.template.spec.containers.map(({ image }) => image),
    revision,
    availableReplicas: status.availableReplicas,
    template: canonicalJson({ ...spec.template, metadata: { ...spec.template.metadata, labels } }),
  };
}

function revisionOf(annotations: Readonly<Record<string, string>> | undefined): number | null {
  const text = annotations?.[REVISION] ?? '';
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

/** Source: what `kubectl rollout status` waits for (k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go), and more strictly. */
function whyUnsettled({ metadata, spec, status }: Deployment, current: OwnedReplicaSet | null): string | null {
  const wanted = spec.replicas;
  if (spec.paused) return 'it is paused';
  if (status.observedGeneration < metadata.generation) return 'its last change has not been observed by the controller';
  if (wanted === 0) return 'it is scaled to 0 pods, nothing would be proven';
  if (current === null) return `not exactly one ReplicaSet has its revision ${revisionOf(metadata.annotations) ?? '(none)'}`;
  const { replicas, updatedReplicas, availableReplicas } = status;
  if (replicas !== wanted || updatedReplicas !== wanted || availableReplicas !== wanted || current.availableReplicas !== wanted) {
    return `of ${wanted} wanted pods ${updatedReplicas} are updated and ${current.availableReplicas} of these available; ${replicas} pods exist`;
  }
  return null;
}
