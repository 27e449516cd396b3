import type { ControlCommand } from '../../services/kubernetes/control.js';
import type { Command, FaultCase, FaultGroup } from '../fault-case.js';
import { deploy, FORBIDDEN, image, nothingIsLeftBehind, patch, SOON } from '../staging-rollouts.js';

const NEW_RUN: Command = { args: ['run'], exitCode: 2 };
const RESTORE = ['replay', 'latest', '--from', 'restoringStaging', '--reason', 'the cause is mended'];
const LEAVE_BEHIND = ['abandon', 'latest', '--acknowledge-left-behind', '--reason', 'the third party keeps its release'];

/** A staging that could not be restored: `leftBehind` is named, and the way out is a command. */
function leftBehind(
  what: string,
  how: string,
  commands: ControlCommand | ControlCommand[],
  says: FaultCase['says'],
  goesOn: readonly Command[],
  mend?: FaultCase['mend'],
): FaultCase {
  return { what, how, inject: ({ site }) => site.kubernetes.control(commands), says, goesOn, ...(mend && { mend }) };
}

const onRolloutOf = (deployment: string, then: object): ControlCommand => ({ onRolloutOf: deployment, then });
const thirdParty = (deployment: string) => ({ setImage: { deployment, image: image(deployment, '9.9.9') } });

export const RESTORING: FaultGroup = {
  title: 'Step 3: staging is not restored',
  stage: 'run',
  cases: [
    leftBehind(
      'undo of dpp-worker',
      'the cluster dies at that moment, dpp-api rolled back already',
      patch('dpp-worker', { do: 'down', times: 1 }),
      [
        'KUBECTL_UNREACHABLE',
        'dpp-api, dpp-worker, dpp-reaper left behind, 0 of 3 deployments restored',
        '--from restoringStaging',
      ],
      [{ args: RESTORE, exitCode: 1 }, NEW_RUN],
    ),
    leftBehind(
      'dpp-worker',
      'a third party deploys it before its turn',
      onRolloutOf('dpp-api', thirdParty('dpp-worker')),
      [
        'RESTORE_THIRD_PARTY',
        'Somebody else has changed deployment dpp-worker.',
        'dpp-worker left behind, 2 of 3 deployments restored',
        'the run can go on when one of the two known ones runs again',
      ],
      [{ args: RESTORE, exitCode: 1 }, NEW_RUN],
      (pilot) => deploy(pilot, 'dpp-worker', '1.1.0'),
    ),
    leftBehind(
      'dpp-api',
      'a third party deploys it after the undo',
      onRolloutOf('dpp-api', thirdParty('dpp-api')),
      [
        'RESTORE_THIRD_PARTY',
        'Somebody else has changed deployment dpp-api.',
        'dpp-api left behind, 2 of 3 deployments restored',
        '--acknowledge-left-behind',
      ],
      [{ args: LEAVE_BEHIND, exitCode: 0 }, NEW_RUN],
    ),
    leftBehind(
      'dpp-api',
      'a third party deploys it while it is restored',
      [onRolloutOf('dpp-api', {}), onRolloutOf('dpp-api', thirdParty('dpp-api'))],
      [
        'RESTORE_THIRD_PARTY',
        'Somebody else has changed deployment dpp-api.',
        'dpp-api left behind, 2 of 3 deployments restored',
      ],
      [{ args: LEAVE_BEHIND, exitCode: 0 }, NEW_RUN],
    ),
    leftBehind(
      'restoring dpp-api',
      'its pods never get ready',
      [onRolloutOf('dpp-api', {}), onRolloutOf('dpp-api', { ...SOON, stuck: ['dpp-api'] })],
      [
        'RESTORE_FAILED',
        'dpp-api left behind, 2 of 3 deployments restored',
        'dpp-api: Deployment dpp-api did not get to dpp-api-',
        '--from restoringStaging',
      ],
      [{ args: RESTORE, exitCode: 2 }],
    ),
    leftBehind(
      'restoring dpp-worker',
      '403',
      patch('dpp-worker', { ...FORBIDDEN, nth: 2, times: 1 }),
      [
        'RESTORE_FAILED',
        'dpp-worker left behind, 2 of 3 deployments restored',
        'kubectl rollout undo deployment/dpp-worker',
        '--from restoringStaging',
      ],
      [{ args: RESTORE, exitCode: 2 }],
    ),
    leftBehind(
      'restoring dpp-api',
      'the cluster dies at that moment',
      patch('dpp-api', { do: 'down', nth: 2, times: 1 }),
      ['RESTORE_FAILED', 'dpp-api, dpp-worker, dpp-reaper left behind, 0 of 3 deployments restored', '--from restoringStaging'],
      [{ args: ['abandon', 'latest', '--reason', 'release postponed'], exitCode: 0 }, NEW_RUN],
    ),
  ].map((fault) => ({ ...fault, holdsInTheEnd: nothingIsLeftBehind })),
};
