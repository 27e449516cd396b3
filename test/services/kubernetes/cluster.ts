/** The cluster behind the API: its objects, the controller that moves them, what goes wrong on demand, and the record of it. */
import { admitChange, admitNew } from './admission.js';
import { DeploymentController, type RolloutTiming } from './deployment-controller.js';
import { FaultRules } from './faults.js';
import { Journal } from './journal.js';
import { ObjectStore } from './object-store.js';
import { isRecord, revisionOf, type Deployment, type KubernetesObject } from './objects.js';
import { imagesOf } from './pod-template.js';
import type { Answer } from './object-api.js';
import type { ApiRequest } from './request.js';
import { apiVersionOf, RESOURCES, resourceNamed, type ResourceName } from './resources.js';

export class Cluster {
  readonly store = new ObjectStore();
  readonly faults = new FaultRules();
  readonly journal: Journal;
  readonly controller: DeploymentController;
  /** Whether the CRDs of the Secrets Store CSI driver exist. */
  crdInstalled = true;

  private readonly awaitingRollout: { deployment: string; action: () => void }[] = [];

  constructor(timing: RolloutTiming, logFile: string | undefined) {
    this.journal = new Journal(logFile);
    this.controller = new DeploymentController(this.store, timing, (started) => {
      this.journal.record({ kind: 'rollout', ...started });
      const index = this.awaitingRollout.findIndex(({ deployment }) => deployment === started.deployment);
      const [waiting] = index < 0 ? [] : this.awaitingRollout.splice(index, 1);
      // After the controller's own turn, as a third party's request would be.
      if (waiting !== undefined) setImmediate(waiting.action);
    });
  }

  /** Runs the action once, when the next rollout of this deployment has begun. */
  onNextRollout(deployment: string, action: () => void): void {
    this.awaitingRollout.push({ deployment, action });
  }

  /** A third party's `kubectl set image` on the deployment's first container. */
  setImage(namespace: string, name: string, image: string): void {
    const deployment = this.store.get<Deployment>('deployments', namespace, name);
    if (deployment === undefined) throw new Error(`there is no deployment ${name} in ${namespace} to set an image on`);
    const next = structuredClone(deployment);
    next.spec.template.spec.containers[0]!.image = image;
    this.store.replace('deployments', admitChange(resourceNamed('deployments'), deployment, next));
    const fromImage = imagesOf(deployment.spec.template);
    this.journal.record({ kind: 'thirdParty', namespace, deployment: name, fromImage, toImage: imagesOf(next.spec.template) });
  }

  /** Creates the object, or puts it in the place of the one with its name. */
  put(defaultNamespace: string, object: unknown): void {
    const kind = isRecord(object) ? `${String(object.apiVersion)} ${String(object.kind)}` : 'no object';
    const resource = RESOURCES.find((known) => `${apiVersionOf(known)} ${known.kind}` === kind);
    if (resource === undefined) throw new Error(`the stand-in serves no resource of ${kind}`);
    const given = (object as unknown as KubernetesObject).metadata?.namespace ?? defaultNamespace;
    const namespace = resource.namespaced ? given : undefined;
    const draft = admitNew(resource, namespace, object);
    const previous = this.store.get(resource.name, namespace, draft.metadata.name);
    if (previous === undefined) this.store.create(resource.name, draft);
    else this.store.replace(resource.name, admitChange(resource, previous, object as unknown as KubernetesObject));
  }

  remove(resource: ResourceName, namespace: string, name: string): void {
    const scope = resourceNamed(resource).namespaced ? namespace : undefined;
    if (this.store.remove(resource, scope, name) === undefined) throw new Error(`there is no ${resource} ${name} to delete`);
  }

  /** Performs a request and records it when it was a write to a deployment. */
  recordingWrites(request: ApiRequest, mediaType: string, userAgent: string, action: () => Answer): Answer {
    const { verb, namespace = '', query } = request;
    if (verb === 'get' || verb === 'list' || verb === 'watch' || request.resource.name !== 'deployments') return action();
    const named = (name: string | undefined) =>
      name === undefined ? undefined : this.store.get<Deployment>('deployments', namespace, name);
    const before = named(request.name);
    const answer = action();
    if (query.get('dryRun') === 'All') return answer;
    const name = request.name ?? (answer.body as KubernetesObject).metadata.name;
    const after = named(name);
    this.journal.record({
      kind: 'write',
      verb,
      patchType: verb === 'patch' ? patchTypeOf(mediaType) : null,
      subresource: request.subresource === 'scale' ? 'scale' : null,
      namespace,
      deployment: name,
      userAgent,
      fromImage: before === undefined ? null : imagesOf(before.spec.template),
      toImage: after === undefined ? null : imagesOf(after.spec.template),
      revision: before === undefined ? 0 : revisionOf(before),
    });
    return answer;
  }
}

function patchTypeOf(mediaType: string): 'json' | 'merge' | 'strategic' {
  if (mediaType.includes('strategic')) return 'strategic';
  return mediaType.includes('merge') ? 'merge' : 'json';
}
