import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessOwner } from '../../../src/actors/process/run-process.js';
import { pretendKubectl } from '../pretended-command.js';
import { listedDeployment, listedReplicaSet } from './listed-objects.js';

/** Which release each deployment runs, and the revisions of its releases; a deployment that is not named does not exist. */
export type RolloutState = Readonly<
  Record<string, { readonly running: number; readonly revisions: Readonly<Record<number, number>> }>
>;

export const SERVER = 'https://k8s.staging.example.com';

/**
 * An owner whose kubectl goes from each state to the next with every undo, and calls every rollout finished. `script` is run first,
 * with the state's number in `$state`.
 */
export function pretendRollouts(folder: string, states: readonly RolloutState[], script = ''): ProcessOwner {
  const file = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
  file('state', 0);
  file('kubeconfig.json', {
    'current-context': 'dpp-staging',
    contexts: [{ name: 'dpp-staging' }],
    clusters: [{ cluster: { server: SERVER } }],
  });
  for (const [number, state] of states.entries()) {
    const deployments = Object.entries(state);
    file(`deployments,replicasets.${number}.json`, {
      items: [
        ...deployments.map(([name, { running, revisions }]) => listedDeployment(name, revisions[running] ?? null)),
        ...deployments.flatMap(([name, { running, revisions }]) =>
          Object.entries(revisions).map(([release, revision]) =>
            listedReplicaSet(name, Number(release), revision, {
              status: { availableReplicas: Number(release) === running ? 2 : 0 },
            }),
          ),
        ),
      ],
    });
  }
  return pretendKubectl(
    folder,
    `cd '${folder}' || exit 9
state=$(cat state)
${script}
case "$1 $2" in
  'get deployments,replicasets') echo look >>looks && cat "$2.$state.json" ;;
  'config view') cat kubeconfig.json ;;
  'rollout undo') echo $((state + 1)) >state && echo rolled back ;;
  'rollout status') echo rolled out ;;
  *) exit 9 ;;
esac`,
  );
}

/** How often its kubectl was asked what runs. */
export function looksAt(folder: string): number {
  return readFileSync(join(folder, 'looks'), 'utf8').trimEnd().split('\n').length;
}
