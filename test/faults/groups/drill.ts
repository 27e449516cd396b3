import assert from 'node:assert/strict';
import type { ControlCommand } from '../../services/kubernetes/control.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';
import { commitScript } from '../rc-runner.js';
import {
  deploy,
  FORBIDDEN,
  image,
  nothingIsLeftBehind,
  patch,
  runsWhatRanBefore,
  settled,
  SOON,
  undos,
} from '../staging-rollouts.js';

const SCRIPT = 'dpp/tools/rollback_drill.sh';

/** A deployment as the drill can't use it: found before anything is touched. */
function notPossible(
  how: string,
  inject: (pilot: FaultPilot) => unknown,
  obstacle: string,
  advice: string,
  mend: (pilot: FaultPilot) => unknown,
): FaultCase {
  return {
    what: 'deployment dpp-worker',
    how,
    inject,
    mend,
    says: [`DRILL_NOT_POSSIBLE: The rollback drill cannot begin, nothing was touched:`, obstacle, advice],
    holds: (pilot) => assert.equal(undos(pilot).join(' '), '', 'deployments were touched'),
  };
}

/** A drill that is disturbed, and is compensated: what ran before runs again when the command ends. */
function compensated(what: string, how: string, commands: ControlCommand | ControlCommand[], says: FaultCase['says']): FaultCase {
  return {
    what,
    how,
    inject: ({ site }) => site.kubernetes.control(commands),
    says,
    holds: runsWhatRanBefore,
  };
}

async function deployAnew(pilot: FaultPilot, saved: string): Promise<void> {
  await pilot.site.kubernetes.control({ put: JSON.parse(saved) as Record<string, unknown> });
  await settled(pilot);
  await deploy(pilot, 'dpp-worker', '1.3.0');
}

async function forgetOldRevision(pilot: FaultPilot): Promise<void> {
  const { stdout } = await pilot.kubectl('get', 'replicasets', '-o', 'json');
  const { items } = JSON.parse(stdout) as { items: { metadata: { name: string }; spec: { replicas: number } }[] };
  const old = items.filter(({ metadata, spec }) => metadata.name.startsWith('dpp-worker') && spec.replicas === 0);
  await pilot.kubectl('delete', 'replicasets', ...old.map(({ metadata }) => metadata.name));
}

function script(how: string, text: string, says: FaultCase['says']): FaultCase {
  return {
    what: `the repository's own \`${SCRIPT}\``,
    how,
    inject: async (pilot) => {
      await commitScript(pilot, SCRIPT, text);
      pilot.setVariable('CUTOVER_ROLLBACK_DRILL_SCRIPT', SCRIPT);
    },
    says,
    holds: runsWhatRanBefore,
  };
}

/** The deployment that is deleted, as JSON. */
let saved = '';

export const DRILL_NOT_POSSIBLE: FaultGroup = {
  title: 'Step 3: the drill cannot begin',
  stage: 'step',
  cases: [
    notPossible(
      'one revision only',
      forgetOldRevision,
      'deployment dpp-worker has no earlier revision than 2 with another pod template: there is nothing to roll back to',
      'deploy another release first, and see that spec.revisionHistoryLimit is not 0',
      (pilot) => deploy(pilot, 'dpp-worker', '1.2.0'),
    ),
    notPossible(
      'missing',
      async (pilot) => {
        saved = (await pilot.kubectl('get', 'deployment', 'dpp-worker', '-o', 'json')).stdout;
        await pilot.kubectl('delete', 'deployment', 'dpp-worker');
      },
      'deployment dpp-worker is not in namespace dpp-staging',
      'deploy it, or correct DPP_K8S_NAMESPACE',
      (pilot) => deployAnew(pilot, saved),
    ),
    notPossible(
      'scaled to 0',
      (pilot) => pilot.kubectl('scale', 'deployment/dpp-worker', '--replicas=0'),
      'deployment dpp-worker is not settled: it is scaled to 0 pods, nothing would be proven',
      'see kubectl rollout status deployment/dpp-worker, and wait for it or mend it',
      async (pilot) => {
        await pilot.kubectl('scale', 'deployment/dpp-worker', '--replicas=2');
        await settled(pilot);
      },
    ),
    notPossible(
      'paused',
      (pilot) => pilot.kubectl('rollout', 'pause', 'deployment/dpp-worker'),
      'deployment dpp-worker is not settled: it is paused',
      'see kubectl rollout status deployment/dpp-worker, and wait for it or mend it',
      (pilot) => pilot.kubectl('rollout', 'resume', 'deployment/dpp-worker'),
    ),
    notPossible(
      'in the middle of a rollout of its own',
      ({ site }) =>
        site.kubernetes.control([
          { stuck: ['dpp-worker'] },
          { setImage: { deployment: 'dpp-worker', image: image('dpp-worker', '1.2.0') } },
        ]),
      'deployment dpp-worker is not settled: of 2 wanted pods 1 are updated and 0 of these available; 3 pods exist',
      'see kubectl rollout status deployment/dpp-worker, and wait for it or mend it',
      settled,
    ),
  ],
};

export const DRILL: FaultGroup = {
  title: 'Step 3: the drill is disturbed',
  stage: 'run',
  cases: [
    compensated(
      'undo of dpp-worker',
      'its pods never get ready',
      [SOON, { stuck: ['dpp-worker'] }],
      [
        'DRILL_NOT_AVAILABLE: Deployment dpp-worker did not get to dpp-worker-',
        'exceeded its progress deadline',
        'kubectl describe deployment/dpp-worker, and kubectl get events',
      ],
    ),
    compensated('undo of dpp-worker', '403', patch('dpp-worker', { ...FORBIDDEN, times: 1 }), [
      'KUBECTL_FORBIDDEN: kubectl rollout undo deployment/dpp-worker --to-revision=1',
      'Ask for the missing permission in this namespace',
    ]),
    compensated('undo of dpp-worker', '500', patch('dpp-worker', { status: 500, times: 1 }), [
      'KUBECTL_FAILED: kubectl rollout undo deployment/dpp-worker --to-revision=1',
    ]),
    compensated(
      'undo of dpp-api',
      'takes effect, but its answer is lost',
      patch('dpp-api', { do: 'reset', afterEffect: true, times: 1 }),
      ['kubectl rollout undo deployment/dpp-api --to-revision=1'],
    ),
    script('fails', '#!/bin/sh\necho "drill failed"\nexit 5\n', [
      'DRILL_SCRIPT_FAILED',
      'ended with exit 5; expected exit 0; all deployments are restored.',
      'Read its output in 50_rollback_drill.txt',
    ]),
    script('leaves dpp-api rolled back', '#!/bin/sh\nkubectl -n dpp-staging rollout undo deployment/dpp-api\n', [
      'DRILL_SCRIPT_FAILED',
      'left dpp-api rolled back; all deployments are restored.',
      'mend the script or unset CUTOVER_ROLLBACK_DRILL_SCRIPT',
    ]),
  ].map((fault) => ({ ...fault, holdsInTheEnd: nothingIsLeftBehind })),
};
