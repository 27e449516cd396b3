import assert from 'node:assert/strict';
import type { ControlCommand } from '../services/kubernetes/control.js';
import type { FaultPilot } from './fault-pilot.js';

export const image = (name: string, version: string) => `registry.example.com/${name}:${version}`;

/** A fault of the deployment's patch, which an undo is. */
export const patch = (name: string, fault: object): ControlCommand => ({
  fault: { do: 'status', verb: 'patch', resource: 'deployments', name, ...fault },
});
/** As RBAC says it. */
export const FORBIDDEN = {
  status: 403,
  message:
    'deployments.apps "dpp-worker" is forbidden: User "operator" cannot patch resource "deployments" in API group "apps" in the namespace "dpp-staging"',
};
/** Fails fast where a rollout never gets ready. */
export const SOON = { timing: { progressDeadlineMs: 500 } };

/** The deployments that were undone, in order. */
export function undos({ site }: FaultPilot): string[] {
  return site.kubernetes
    .effects()
    .flatMap((effect) => (effect.kind === 'write' && effect.patchType === 'json' ? [effect.deployment] : []));
}

/** What each deployment was last rolled to, as the cluster's own record has it; those that were never rolled are left out. */
function runs({ site }: FaultPilot): Record<string, string> {
  return Object.fromEntries(
    site.kubernetes.effects().flatMap((effect) => (effect.kind === 'rollout' ? [[effect.deployment, effect.toImage]] : [])),
  );
}

/** Of the drill's deployments, one at least, each runs its release of before. */
export function runsWhatRanBefore(pilot: FaultPilot): void {
  const now = Object.entries(runs(pilot));
  assert.ok(now.length > 0, 'no deployment was rolled back');
  for (const [name, running] of now) assert.equal(running, image(name, '1.1.0'));
}

export function settled(pilot: FaultPilot, deployment = 'dpp-worker') {
  return pilot.kubectl('rollout', 'status', `deployment/${deployment}`, '--timeout=20s');
}

/** A third party's release, and its end. */
export async function deploy(pilot: FaultPilot, deployment: string, version: string): Promise<void> {
  await pilot.site.kubernetes.control([
    { timing: { progressDeadlineMs: 600_000 } },
    { setImage: { deployment, image: image(deployment, version) } },
  ]);
  await settled(pilot, deployment);
}

/** Of the releases that a drill goes back to, none runs. */
export function nothingIsLeftBehind(pilot: FaultPilot): void {
  for (const running of Object.values(runs(pilot))) assert.doesNotMatch(running, /:1\.0\.0$/);
}
