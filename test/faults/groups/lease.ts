import { until } from '../../e2e/pilot.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

/** Another process seals the run, and is in the middle of its upload. */
async function sealInBackground(pilot: FaultPilot): Promise<void> {
  const before = uploads(pilot);
  pilot.site.s3.control({ faults: [{ operation: 'UploadPart', key: 'evidence.tar.gz', hang: true }] });
  pilot.startInBackground(['run', '--seal-only']);
  await until('the upload has begun', () => uploads(pilot) > before);
}

function uploads({ site }: FaultPilot): number {
  return site.s3.state().requests.filter(({ operation, key }) => operation === 'UploadPart' && key.endsWith('/evidence.tar.gz'))
    .length;
}

function held(args: readonly string[]): FaultCase {
  return {
    what: 'lease',
    how: 'another process drives the run',
    inject: sealInBackground,
    mend: (pilot) => pilot.killBackground(),
    args,
    exitCode: 75,
    says: ['is driven by ', 'Watch it with: cutover watch '],
    shows: (pilot) => [`(pid ${pilot.backgroundPid}, last heartbeat `],
  };
}

export const LEASE: FaultGroup = {
  title: 'One driver for a run',
  stage: 'seal',
  cases: [
    held(['run', '--seal-only']),
    held(['resume', '<run>']),
    held(['retry', '<run>']),
    held(['replay', '<run>', '--from', 'drillingAppRollback', '--reason', 'again']),
    held(['seal', '<run>', '--verdict', 'FAIL', '--reason', 'kept']),
  ],
};
