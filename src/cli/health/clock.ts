import { clockOffset } from '../../actors/clock-offset.js';
import { serviceUrls } from '../../actors/s3/service-urls.js';
import { judgeRegion, judgeStagingUrl } from '../../config/setting-rules.js';
import type { RunRequest } from '../../config/settings.js';
import type { Io } from '../io.js';
import { fault, orFault, type HealthFinding } from './finding.js';

/** Minutes. AWS refuses signatures beyond 15 (S3: RequestTimeTooSkewed); retain-until is computed from this machine's clock. */
const MOST_MINUTES = 5;

/** This machine's clock beside those of S3, STS and staging. */
export async function clockChecks({ variables }: RunRequest, io: Io): Promise<HealthFinding[]> {
  const [aws, staging] = await Promise.all([awsClocks(variables, io), stagingClock(variables, io)]);
  return [...aws, staging];
}

async function awsClocks({ AWS_REGION = '' }: RunRequest['variables'], io: Io): Promise<HealthFinding[]> {
  const region = judgeRegion(AWS_REGION);
  if (!('value' in region)) return [notCompared('S3', 'AWS_REGION'), notCompared('STS', 'AWS_REGION')];
  const { s3, sts } = await serviceUrls(region.value, io.env);
  return Promise.all([compare('S3', s3, io), compare('STS', sts, io)]);
}

async function stagingClock({ DPP_STAGING_BASE_URL = '' }: RunRequest['variables'], io: Io): Promise<HealthFinding> {
  const url = judgeStagingUrl(DPP_STAGING_BASE_URL);
  return 'value' in url ? compare('staging', `${url.value}/healthz`, io) : notCompared('staging', 'DPP_STAGING_BASE_URL');
}

async function compare(name: string, url: string, io: Io): Promise<HealthFinding> {
  return orFault(`clock (${name})`, io.signal, async () => {
    const seconds = Math.round((await clockOffset(url, () => io.now(), io.signal)) / 1000);
    const found = `this machine is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ${new URL(url).host}`;
    if (Math.abs(seconds) <= MOST_MINUTES * 60) return found;
    throw new Error(
      `${found}, more than ${MOST_MINUTES} minutes: AWS refuses signatures beyond 15, and retain-until would be wrong. ` +
        'Set the clock (timedatectl set-ntp true), or have the other one set.',
    );
  });
}

function notCompared(name: string, variable: string): HealthFinding {
  return fault(`clock (${name})`, `not compared: ${variable} is not set, or not valid. Set it, see above.`);
}
