/**
 * The control endpoint: how a test makes the cluster misbehave, and how it learns what was done to it.
 *
 * `POST /__control` takes one command or a list of them, carried out in order; `GET /__control` answers
 * `{up, crd, stuck, faults, effects}` (the effects are those of `journal.ts`). A command is an object with one or more of:
 *
 *   {"fault": {"do": "status", "status": 403, "verb": "patch", "resource": "deployments", "name": "dpp-api"}}
 *       requests that match verb, resource and name (each optional) fail. `do` is one of:
 *       `status` (with `status` and `message`, a Kubernetes Status body), `empty` (200 without a body), `garbage` (200 with HTML),
 *       `delay` (by `delayMs`, then as usual), `hang` (never an answer), `reset` (TCP reset), `down` (the server goes down).
 *       `nth` (default 1) is the first matching request that is hit, `times` how many (default: all from there on).
 *       `afterEffect: true` lets the request take effect and spoils only the answer.
 *       `resource` may also be `version` or `discovery`. A 403 without `times` also makes `kubectl auth can-i` say no.
 *   {"clearFaults": true}              forgets all faults
 *   {"down": true}                     connection refused from now on; {"down": {"forMs": 500}} comes back by itself;
 *                                      {"down": false} brings it back (only from the same process, there is nobody to POST to)
 *   {"stuck": ["dpp-api"]}             the new pods of these deployments, and no others, never get ready; [] lets them go on
 *   {"timing": {"rolloutMs": 800}}     also `observeMs`, `progressDeadlineMs`: see RolloutTiming
 *   {"setImage": {"deployment": "dpp-api", "image": "registry.example.com/dpp-api:9.9.9"}}     a third party's edit
 *   {"delete": {"resource": "configmaps", "name": "dpp-config"}}                               plural, and `namespace` if another
 *   {"put": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {...}, "data": {...}}}       creates or replaces any object
 *   {"crd": false}                     the SecretProviderClass CRD is not installed: neither in discovery nor served
 *   {"onRolloutOf": "dpp-worker", "then": {...}}     carries out the inner command when the next rollout of it has begun
 */
import { z } from 'zod';
import type { ApiServer } from './api-server.js';
import type { Cluster } from './cluster.js';
import { faultSchema } from './faults.js';
import { isRecord } from './objects.js';
import { RESOURCES, type ResourceName } from './resources.js';

const milliseconds = z.int().min(0);

const actionSchema = z.strictObject({
  fault: faultSchema.optional(),
  clearFaults: z.literal(true).optional(),
  down: z.union([z.boolean(), z.strictObject({ forMs: milliseconds })]).optional(),
  stuck: z.array(z.string()).optional(),
  timing: z
    .strictObject({
      observeMs: milliseconds.optional(),
      rolloutMs: milliseconds.optional(),
      progressDeadlineMs: milliseconds.optional(),
    })
    .optional(),
  setImage: z.strictObject({ deployment: z.string(), image: z.string(), namespace: z.string().optional() }).optional(),
  delete: z
    .strictObject({
      resource: z.enum(RESOURCES.map(({ name }) => name) as [ResourceName, ...ResourceName[]]),
      name: z.string(),
      namespace: z.string().optional(),
    })
    .optional(),
  put: z.record(z.string(), z.unknown()).optional(),
  crd: z.boolean().optional(),
});

const deferredSchema = z.strictObject({ onRolloutOf: z.string(), then: actionSchema });

type Action = z.output<typeof actionSchema>;
export type ControlCommand = z.input<typeof actionSchema> | z.input<typeof deferredSchema>;

/** Carries out one command or a list. @throws Error that says what is wrong with the command, or what it does not find */
export async function control(cluster: Cluster, server: ApiServer, namespace: string, commands: unknown): Promise<void> {
  for (const command of Array.isArray(commands) ? (commands as unknown[]) : [commands]) {
    if (isRecord(command) && 'onRolloutOf' in command) {
      const { onRolloutOf, then } = parse(deferredSchema, command);
      cluster.onNextRollout(onRolloutOf, () => void carryOut(cluster, server, namespace, then));
    } else await carryOut(cluster, server, namespace, parse(actionSchema, command));
  }
}

/** What `GET /__control` answers. */
export function controlState(cluster: Cluster, server: ApiServer): Record<string, unknown> {
  return {
    up: server.isUp,
    crd: cluster.crdInstalled,
    stuck: cluster.controller.stuckDeployments,
    faults: cluster.faults.list(),
    effects: cluster.journal.effects,
  };
}

async function carryOut(cluster: Cluster, server: ApiServer, namespace: string, action: Action): Promise<void> {
  const { controller } = cluster;
  if (action.clearFaults) cluster.faults.clear();
  if (action.fault) cluster.faults.add(action.fault);
  if (action.timing) controller.timing = { ...controller.timing, ...definedOnly(action.timing) };
  if (action.stuck) controller.setStuck(action.stuck);
  if (action.crd !== undefined) cluster.crdInstalled = action.crd;
  if (action.put) cluster.put(namespace, action.put);
  if (action.delete) cluster.remove(action.delete.resource, action.delete.namespace ?? namespace, action.delete.name);
  if (action.setImage) {
    cluster.setImage(action.setImage.namespace ?? namespace, action.setImage.deployment, action.setImage.image);
  }
  if (action.down === false) await server.up();
  else if (action.down !== undefined) {
    server.down();
    if (action.down !== true) setTimeout(() => void server.up(), action.down.forMs).unref();
  }
}

function parse<S extends z.ZodType>(schema: S, command: unknown): z.output<S> {
  const parsed = schema.safeParse(command);
  if (!parsed.success) throw new Error(`not a control command: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Without the keys that were given as undefined, which would hide the values there are. */
function definedOnly<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
