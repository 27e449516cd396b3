import type { RunRequest } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import type { Io } from '../io.js';
import { preconditionChecks } from '../precondition-checks.js';
import { clockChecks } from './clock.js';
import { fault, good, type HealthFinding } from './finding.js';

/** What the site grants: the preflight's own checks of AWS, cluster, bucket and their variables; and whose clock is right. */
export async function siteChecks(request: RunRequest, io: Io): Promise<HealthFinding[]> {
  const checks = await preconditionChecks(request, io);
  return [...checks.filter(isOfTheSite).map(asFinding), ...(await clockChecks(request, io))];
}

/** Left out: branch, commits, worktree, RC runner and scripts, which are a cutover's; and kubectl itself, which is the machine's. */
function isOfTheSite({ name }: Check): boolean {
  return /^(?:[3-7]\. |ENV AWS_)/.test(name) && name !== '4. kubectl';
}

function asFinding({ name, ok, message, advice }: Check): HealthFinding {
  return ok ? good(name, message) : fault(name, advice === null ? message : `${message}. ${advice}`);
}
