import type { ActorError } from '../../../src/actors/actor.js';
import { parseOutput } from '../../../src/actors/kubectl-call.js';
import type { Kubectl, KubectlRunOptions } from '../../../src/actors/kubectl.js';
import { listedDeployment, listedReplicaSet } from './listed-objects.js';

export const DEPLOYMENT = 'dpp-api';
const READ = 'deployments,replicasets';

/** One deployment in memory, as a controller without delay works on it; a test changes what it likes, when it likes. */
export interface RolloutCluster extends Kubectl {
  /** The release that runs, and every release with its revision; the newest has the highest. */
  running: number;
  readonly revisions: Map<number, number>;
  /** Everything that is asked, but for the reads. */
  readonly calls: { readonly command: string; readonly options: KubectlRunOptions }[];
  /** How often the deployment was read. */
  looks: number;
  deployment: Parameters<typeof listedDeployment>[2];
  exists: boolean;
  /** What `rollout status` throws. */
  statusFails: Error | ActorError | null;
  /** Instead of doing what `rollout undo` asks for; returns what kubectl then says. */
  undo: ((release: number) => string) | null;
  /** Called before each look, with its number, and before `rollout status`. */
  beforeLook: (look: number) => void;
  beforeStatus: () => void;
  /** As `kubectl set image` or `rollout undo` does it: the release gets the next revision, and runs. */
  rollOut(release: number): void;
}

export function rolloutCluster(running: number, revisions: Readonly<Record<number, number>>): RolloutCluster {
  const cluster: RolloutCluster = {
    running,
    revisions: new Map(Object.entries(revisions).map(([release, revision]) => [Number(release), revision])),
    calls: [],
    looks: 0,
    deployment: {},
    exists: true,
    statusFails: null,
    undo: null,
    beforeLook: () => undefined,
    beforeStatus: () => undefined,
    rollOut(release) {
      cluster.revisions.set(release, Math.max(...cluster.revisions.values()) + 1);
      cluster.running = release;
    },
    get: async (args, schema) => {
      if (args.includes(READ)) cluster.beforeLook((cluster.looks += 1));
      return parseOutput(args, JSON.stringify({ items: listed(cluster, args.join(' ')) }), schema, {});
    },
    run: async (args, options = {}) => {
      const command = args.join(' ');
      cluster.calls.push({ command, options });
      if (command.startsWith('rollout status ')) {
        cluster.beforeStatus();
        if (cluster.statusFails !== null) throw cluster.statusFails;
        return 'deployment "dpp-api" successfully rolled out\n';
      }
      const revision = Number(/^rollout undo deployment\/dpp-api --to-revision=(\d+)$/.exec(command)?.[1]);
      const found = [...cluster.revisions].find(([, each]) => each === revision);
      if (found === undefined) throw new Error(`kubectl was asked for: ${command}`);
      if (cluster.undo !== null) return cluster.undo(found[0]);
      cluster.rollOut(found[0]);
      return 'deployment.apps/dpp-api rolled back\n';
    },
  };
  return cluster;
}

function listed({ running, revisions, deployment, exists }: RolloutCluster, command: string): unknown[] {
  if (command !== `get ${READ}`) throw new Error(`kubectl was asked for: ${command}`);
  return [
    ...(exists ? [listedDeployment(DEPLOYMENT, revisions.get(running) ?? null, deployment)] : []),
    ...[...revisions].map(([release, revision]) =>
      listedReplicaSet(DEPLOYMENT, release, revision, { status: { availableReplicas: release === running ? 2 : 0 } }),
    ),
  ];
}
