import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { checkAwsIdentity } from '../../../src/actors/preconditions/aws-identity.js';
import { checkBucket } from '../../../src/actors/preconditions/bucket.js';
import type { Settings } from '../../../src/config/settings.js';
import type { Check } from '../../../src/config/step-contracts.js';
import { startS3, type RunningS3 } from '../../services/s3/server.js';
import { createTestContext, type TestContext } from '../actor-context.js';

const BUCKET = 'dpp-audit-worm-staging';
const VALID = {
  awsProfile: null,
  awsRegion: 'ap-northeast-2',
  bucket: BUCKET,
  prefix: 'evidence/cutover',
  keyFolder: 'phase6_4_cutover',
  lockMode: 'GOVERNANCE',
  retentionDays: 365,
} satisfies Partial<Settings>;

let s3: RunningS3;
let context: TestContext;
beforeAll(async () => {
  const data = await createTestContext();
  s3 = await startS3({ bucket: BUCKET, dataDir: join(data.folder, 'data'), region: 'ap-northeast-2', account: '000000000000' });
  context = {
    ...data,
    env: {
      AWS_ENDPOINT_URL: s3.url,
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    },
  };
});
afterAll(async () => {
  await s3.stop();
  await context.remove();
});
beforeEach(() => s3.control({ credentials: 'valid', bucket: { versioning: 'Enabled' } }));
afterEach(() => s3.control({ credentials: 'valid', bucket: { versioning: 'Enabled' } }));

/** All settings that are valid but this one. */
const without = (name: string): Partial<Settings> => Object.fromEntries(Object.entries(VALID).filter(([key]) => key !== name));

const wrong = (name: string): Check => ({ name, ok: false, message: 'is not set', advice: null });
const right = (name: string): Check => ({ name, ok: true, message: 'set', advice: null });
const notAsked = (name: string, which: string) => ({
  checks: [
    {
      name,
      ok: false,
      message: `not asked: ${which.replace(/( is| are)$/, '$1 not valid')}`,
      advice: 'Mend what is said of it below.',
    },
  ],
  facts: null,
});

describe('3. the AWS identity', () => {
  const check = (valid: Partial<Settings> = VALID, variables: readonly Check[] = []) =>
    checkAwsIdentity(valid, variables, context.env, context.signal);
  const arn = 'arn:aws:sts::000000000000:assumed-role/dpp-admin/operator';

  test('is who STS says we are', async () => {
    expect(await check()).toEqual({
      checks: [{ name: '3. AWS identity', ok: true, message: `${arn} in account 000000000000`, advice: null }],
      facts: { account: '000000000000', arn },
    });
  });

  test.each([
    ['awsRegion', 'AWS_REGION'],
    ['awsProfile', 'AWS_PROFILE'],
    ['', 'AWS_ENDPOINT_URL'],
    ['', 'AWS_ENDPOINT_URL_STS'],
  ])('is not asked for without a valid %s %s', async (setting, variable) => {
    expect(await check(without(setting), [wrong(variable), right('DPP_WORM_BUCKET')])).toEqual(
      notAsked('3. AWS identity', `${variable} is`),
    );
  });

  test('is asked for when only variables that do not concern it are wrong', async () => {
    expect((await check(VALID, [wrong('DPP_WORM_BUCKET'), right('AWS_REGION')])).facts).toMatchObject({ arn });
  });

  test('names every variable for which it is not asked', async () => {
    const checks = [wrong('AWS_REGION'), wrong('AWS_PROFILE')];
    expect(await check({}, checks)).toEqual(notAsked('3. AWS identity', 'AWS_REGION and AWS_PROFILE are'));
  });

  test('is not proven by credentials that have expired', async () => {
    s3.control({ credentials: 'expired' });
    expect(await check()).toEqual({
      checks: [
        {
          name: '3. AWS identity',
          ok: false,
          message: expect.stringMatching(/^AWS_CREDENTIALS_EXPIRED: /),
          advice: expect.any(String),
        },
      ],
      facts: null,
    });
  });
});

describe('5. the WORM bucket', () => {
  const check = (valid: Partial<Settings> = VALID, variables: readonly Check[] = []) =>
    checkBucket(valid, variables, context, () => Promise.resolve('000000000000'));

  test('passes with a check for all that sealing will need, and whatever else is set', async () => {
    const { checks, facts } = await check();
    expect(facts).toBeNull();
    expect(checks.every(({ name, ok }) => ok && name.startsWith('5. '))).toBe(true);
    expect(checks.length).toBeGreaterThan(5);
    expect((await check({ ...VALID, namespace: 'dpp-staging' })).checks).toEqual(checks);
  });

  test('fails with what the bucket lacks', async () => {
    s3.control({ bucket: { versioning: 'Suspended' } });
    const failed = (await check()).checks.filter(({ ok }) => !ok);
    expect(failed).toMatchObject([{ name: '5. WORM bucket versioning' }]);
  });

  test.each(Object.keys(VALID))('is not asked without a valid %s', async (name) => {
    const { checks } = await check(without(name), [wrong('AWS_REGION')]);
    expect(checks).toEqual(notAsked('5. WORM bucket', 'AWS_REGION is').checks);
  });

  test.each([
    'AWS_REGION',
    'AWS_PROFILE',
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_S3',
    'DPP_WORM_BUCKET',
    'DPP_WORM_PREFIX',
    'DPP_WORM_OBJECT_LOCK_MODE',
    'DPP_WORM_RETENTION_DAYS',
  ])('is not asked while %s is wrong', async (variable) => {
    expect(await check(VALID, [wrong(variable)])).toEqual(notAsked('5. WORM bucket', `${variable} is`));
  });

  test('is asked in the region that is set', async () => {
    const { checks } = await check({ ...VALID, awsRegion: 'eu-west-1' });
    expect(checks.some(({ ok }) => !ok)).toBe(true);
  });
});
