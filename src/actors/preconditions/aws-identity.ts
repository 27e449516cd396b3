import type { Settings } from '../../config/settings.js';
import { callerIdentity, type CallerIdentity } from '../sts.js';
import { failed, orFailedCheck, passed, type Finding } from './precondition.js';

/** Runbook pre-condition 3: AWS is configured. STS is asked who we are, which proves the credentials and not only their names. */
export async function checkAwsIdentity(
  valid: Partial<Settings>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding<CallerIdentity>> {
  const name = '3. AWS identity';
  const { awsRegion, awsProfile } = valid;
  if (awsRegion === undefined || awsProfile === undefined) {
    return { checks: [failed(name, 'not asked: AWS_REGION or AWS_PROFILE is not valid', 'Set them, see above.')], facts: null };
  }
  return orFailedCheck(name, signal, async () => {
    const facts = await callerIdentity({ awsRegion, awsProfile }, env, signal);
    return { checks: [passed(name, `${facts.arn} in account ${facts.account}`)], facts };
  });
}
