import type { RunVariable, Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import { askForTimestamp } from '../attestation/timestamp-authority.js';
import { passed } from '../check.js';
import { invalid, notAsked, orFailedCheck, type Finding } from './precondition.js';

const NAME = 'ENV timestamp authority';
const NEEDED: readonly RunVariable[] = ['CUTOVER_TSA_URL'];
const PROBE = Buffer.from('May this be stamped? Asked by the preflight.\n');

/** The authority stamps, and its token is verified: after the pause it would be too late to find that it doesn't. */
export async function checkTimestampAuthority(
  { tsaUrl }: Partial<Settings>,
  variables: readonly Check[],
  signal: AbortSignal,
): Promise<Finding<Record<never, never>>> {
  const wrong = invalid(variables, NEEDED);
  if (wrong.length > 0) return notAsked(NAME, wrong);
  if (tsaUrl === null || tsaUrl === undefined) {
    return { checks: [passed(NAME, 'none: the attestation will have no timestamp')], facts: {} };
  }
  return orFailedCheck(NAME, signal, async () => {
    const { timestamp } = await askForTimestamp(tsaUrl, PROBE, signal);
    return { checks: [passed(NAME, `${timestamp.authority}, at ${timestamp.at}`)], facts: {} };
  });
}
