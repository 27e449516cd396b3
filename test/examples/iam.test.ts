import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { S3 } from '@aws-sdk/client-s3';
import { createS3Client } from '../../src/actors/s3/client.js';
import { Pilot } from '../e2e/pilot.js';
import { actionsOf, iamPolicy, without, type IamPolicy } from './iam-policy.js';

const ANY = 'any-bucket';

let pilot: Pilot;
let bucket: string;
beforeAll(async () => {
  pilot = await Pilot.create({ warm: true });
  bucket = pilot.site.env['DPP_WORM_BUCKET'] ?? '';
});
afterAll(() => pilot.dispose());

const grant = (policy: IamPolicy | null) => pilot.site.s3.control({ policy });

describe('examples/iam/write-role.json', () => {
  const preflight = async (env: Record<string, string> = {}) => {
    const { exitCode, stdout } = await pilot.cutover(['preflight'], { env });
    return { exitCode, stdout, failed: stdout.split('\n').filter((line) => line.startsWith('FAIL')) };
  };

  test('allows neither to delete what is stored, nor to lift a lock, nor anything by a wildcard', () => {
    for (const action of actionsOf(iamPolicy('write-role', ANY)))
      expect(action).toMatch(/^s3:(?:(?:Get|List|Put)[A-Za-z]+|AbortMultipartUpload)$/);
    expect(actionsOf(iamPolicy('write-role', ANY)).filter((action) => /Put/.test(action))).toEqual([
      's3:PutObject',
      's3:PutObjectRetention',
    ]);
  });

  test('is all that the pilot needs, from the preflight to the verified seal', async () => {
    grant(iamPolicy('write-role', bucket));
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    const env = { EVIDENCE_DIR: await pilot.runDirectory() };
    const sealed = await pilot.cutover(['run', '--seal-only'], { env });
    expect(sealed.stdout).toContain('VERDICT: PASS');
    expect(sealed.exitCode).toBe(0);
  }, 60_000);

  test.each(actionsOf(iamPolicy('write-role', ANY)))(
    'without %s the preflight fails, and asks for it by name',
    async (action) => {
      grant(without(action, iamPolicy('write-role', bucket)));
      const { exitCode, stdout, failed } = await preflight();
      expect(failed.length).toBeGreaterThan(0);
      for (const line of failed) expect(line).toMatch(/FAIL +5\. /);
      expect(stdout.slice(stdout.indexOf('What to do:'))).toMatch(new RegExp(`Allow [^.]*${action}\\b`));
      expect(exitCode).toBe(1);
    },
  );

  test('does not reach beyond its prefix', async () => {
    grant(iamPolicy('write-role', bucket));
    const { exitCode, failed } = await preflight({ DPP_WORM_PREFIX: 'elsewhere' });
    expect(failed.join('\n')).toContain('permission to store a locked object');
    expect(exitCode).toBe(1);
  });
});

describe('examples/iam/audit-role.json', () => {
  let client: S3;
  let at: { readonly Bucket: string; readonly Key: string; readonly VersionId: string };
  beforeAll(async () => {
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = pilot.site.s3.credentials;
    client = await createS3Client(
      { awsRegion: pilot.site.env['AWS_REGION'] ?? '', awsProfile: null },
      { AWS_ENDPOINT_URL: pilot.site.s3.url, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY },
      { owner: null },
    );
    // What the run above has sealed.
    const sealed = pilot.site.s3.state().versions.find(({ key }) => key.endsWith('/evidence.tar.gz'));
    if (sealed === undefined) throw new Error('nothing was sealed');
    at = { Bucket: bucket, Key: sealed.key, VersionId: sealed.versionId };
  });
  afterAll(() => client.destroy());

  /** What docs/auditor-guide.md asks S3 for; throws with the first thing that is refused or not told. */
  const audit = async () => {
    const { Versions = [] } = await client.listObjectVersions({ Bucket: bucket, Prefix: at.Key });
    expect(Versions.map(({ VersionId }) => VersionId)).toEqual([at.VersionId]);
    expect(await client.headObject(at)).toMatchObject({ ObjectLockMode: 'GOVERNANCE' });
    expect((await client.getObjectRetention(at)).Retention?.Mode).toBe('GOVERNANCE');
    expect((await (await client.getObject(at)).Body?.transformToByteArray())?.length).toBeGreaterThan(1000);
  };

  test('is all that an audit needs', async () => {
    grant(iamPolicy('audit-role', bucket));
    await expect(audit()).resolves.toBeUndefined();
  });

  test.each(actionsOf(iamPolicy('audit-role', ANY)))('without %s the audit does not get to its end', async (action) => {
    grant(without(action, iamPolicy('audit-role', bucket)));
    await expect(audit()).rejects.toThrow();
  });

  test('changes nothing: not an object, not a lock', async () => {
    grant(iamPolicy('audit-role', bucket));
    const before = pilot.site.s3.state().versions;
    const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: new Date('2099-01-01T00:00:00Z') };
    const attempts = [
      () => client.putObject({ Bucket: bucket, Key: `${at.Key}.2`, Body: 'x' }),
      () => client.putObjectRetention({ ...at, Retention }),
      () => client.deleteObject(at),
      () => client.deleteObject({ Bucket: bucket, Key: at.Key }),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(pilot.site.s3.state().versions).toEqual(before);
  });

  test('does not do for a cutover', async () => {
    grant(iamPolicy('audit-role', bucket));
    expect(await pilot.cutover(['preflight'])).toMatchObject({ exitCode: 1 });
  });
});
