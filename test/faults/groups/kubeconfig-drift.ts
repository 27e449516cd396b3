import { join } from 'node:path';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const ELSEWHERE = 'http://127.0.0.1:9';
const OR_ACCEPT = '--accept-drift';

function drift(how: string, inject: FaultCase['inject'], says: FaultCase['says'], mend?: FaultCase['mend']): FaultCase {
  return { what: 'kubeconfig', how, inject, says, ...(mend && { mend }) };
}

const edit = (change: (text: string) => string) => (pilot: FaultPilot) => pilot.rewrite(pilot.kubeconfig, change);
const restoreKubeconfig = (pilot: FaultPilot) => pilot.site.kubernetes.writeKubeconfig(pilot.kubeconfig);
const leadingElsewhere = (text: string) => text.replace(/server: .*/, `server: ${ELSEWHERE}`);

/** A second file with the same names in it; kubectl takes each entry from the first file that has it. */
async function anotherFileFirst(pilot: FaultPilot): Promise<void> {
  const other = join(pilot.home, 'other-kubeconfig');
  await pilot.write(other, leadingElsewhere(await pilot.read(pilot.kubeconfig)));
  pilot.setVariable('KUBECONFIG', `${other}:${pilot.kubeconfig}`);
}

export const KUBECONFIG_DRIFT: FaultGroup = {
  title: 'At the pause: the cluster is another one',
  stage: 'gate',
  cases: [
    drift('another file with the same context name comes first in KUBECONFIG', anotherFileFirst, [
      'kubeServer',
      ELSEWHERE,
      OR_ACCEPT,
    ]),
    drift('the context leads to another server', edit(leadingElsewhere), ['kubeServer', ELSEWHERE, OR_ACCEPT], restoreKubeconfig),
    drift(
      'another context is current',
      edit((text) => text.replaceAll('dpp-staging', 'eu-staging')),
      ['kubeContext  dpp-staging', 'eu-staging', OR_ACCEPT],
      restoreKubeconfig,
    ),
    drift(
      'no current context',
      edit((text) => text.replace(/^current-context:.*\n/m, '')),
      ['The kubeconfig has no current context.', 'kubectl config use-context NAME'],
      restoreKubeconfig,
    ),
    {
      what: 'kubectl',
      how: 'no longer installed',
      inject: (pilot) => pilot.without('kubectl'),
      says: ['kubectl cannot be run: kubectl is not on the PATH', 'Install it, or extend the PATH.'],
    },
  ],
};
