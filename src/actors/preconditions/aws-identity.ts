import type { RunVariable, Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import { callerIdentity, type CallerIdentity } from '../sts.js';
import { passed } from '../check.js';
import { invalid, notAsked, orFailedCheck, type Finding } from './precondition.js';

const NEEDED: readonly RunVariable[] = ['AWS_REGION', 'AWS_PROFILE', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_STS'];

/** Runbook pre-condition 3: AWS is configured. STS is asked who we are, which proves the credentials and not only their names. */
export async function checkAwsIdentity(
  { awsRegion, awsProfile }: Partial<Settings>,
  variables: readonly Check[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding<CallerIdentity>> {
  const name = '3. AWS identity';
  const wrong = invalid(variables, NEEDED);
  if (wrong.length > 0 || awsRegion === undefined || awsProfile === undefined) return notAsked(name, wrong);
  return orFailedCheck(name, signal, async () => {
    const facts = await callerIdentity({ awsRegion, awsProfile }, env, signal);
    return { checks: [passed(name, `${facts.arn} in account ${facts.account}`)], facts };
  });
}
