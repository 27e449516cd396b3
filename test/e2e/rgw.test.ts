import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Check } from '../../src/config/step-contracts.js';
import { parseManifest, type Manifest } from '../../src/evidence/manifest.js';
import { refusal } from '../services/s3/client.js';
import type { CliResult, Pilot } from './pilot.js';
import { RgwSite, SEALED } from './rgw-site.js';

const BUCKET = 'dpp-audit-worm-test';

describe('against a real S3 server with Object Lock', () => {
  let site: RgwSite;
  let pilot: Pilot;
  beforeAll(async () => {
    site = await RgwSite.start();
    pilot = await site.pilotIn(BUCKET);
  }, 60_000);
  afterAll(async () => {
    await pilot?.dispose();
    await site?.stop();
  });

  describe('cutover preflight', () => {
    beforeAll(async () => {
      await site.rgw.createBucket('no-lock', { objectLock: false });
      await site.rgw.createBucket('suspended', { objectLock: false });
      await site.s3.putBucketVersioning({ Bucket: 'suspended', VersioningConfiguration: { Status: 'Suspended' } });
    });

    test('passes on a good bucket, and stores nothing in it', async () => {
      expect(await pilot.cutover(['preflight'])).toMatchObject({ exitCode: 0 });
      expect(await site.stored(BUCKET)).toEqual([]);
    });

    const strangers = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };
    test.each<[string, RegExp[], (url: string) => Record<string, string>]>([
      [
        'a bucket without Object Lock',
        [/versioning Enabled, found none/, /no Object Lock/],
        () => ({ DPP_WORM_BUCKET: 'no-lock' }),
      ],
      ['suspended versioning', [/versioning Enabled, found Suspended/], () => ({ DPP_WORM_BUCKET: 'suspended' })],
      ['a missing bucket', [/no such bucket/], () => ({ DPP_WORM_BUCKET: 'not-there' })],
      ['an unknown key', [/InvalidAccessKeyId/], () => strangers],
      ['a server that cannot tell who asks', [/STS GetCallerIdentity .*405/], (url) => ({ AWS_ENDPOINT_URL_STS: url })],
    ])('refuses %s, and so does run', async (_what, said, variables) => {
      const env = variables(site.rgw.url);
      const { exitCode, stdout } = await pilot.cutover(['preflight', '--json'], { env });
      const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
      expect({ exitCode, ok }).toEqual({ exitCode: 1, ok: false });
      const failed = checks.filter((check) => !check.ok);
      // Only the AWS identity and the bucket, and each says what to do.
      expect(failed.filter(({ name, advice }) => !/^[35]\. /.test(name) || advice === null)).toEqual([]);
      for (const words of said) expect(failed.map(({ message }) => message)).toContainEqual(expect.stringMatching(words));
      expect(await pilot.cutover(['run'], { env })).toMatchObject({ exitCode: 1 });
    });
  });

  describe('the whole pilot cutover, sealed under COMPLIANCE', () => {
    const env = { DPP_WORM_OBJECT_LOCK_MODE: 'COMPLIANCE' };
    let first: CliResult;
    let second: CliResult;
    let manifest: Manifest;
    beforeAll(async () => {
      first = await pilot.cutover(['run'], { env });
      await pilot.verify();
      second = await sealOnly();
      manifest = parseManifest(await pilot.evidence('60_evidence_seal_manifest.json'));
    }, 120_000);

    const sealOnly = async () =>
      pilot.cutover(['run', '--seal-only'], { env: { ...env, EVIDENCE_DIR: await pilot.runDirectory() } });
    /** Of everything in the bucket, what identifies it for the SDK. */
    const versions = async () =>
      (await site.stored(BUCKET)).map(({ name, key, versionId }) => ({
        name,
        version: { Bucket: BUCKET, Key: key, VersionId: versionId },
      }));

    test('pauses with exit code 2, then passes with exit code 0', () => {
      expect(first).toMatchObject({ exitCode: 2 });
      expect(second).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^VERDICT: PASS$/m) });
    });

    test('leaves exactly one version of the archive and of each file beside it, locked as long as was asked for', async () => {
      expect((await site.stored(BUCKET)).map(({ name }) => name)).toEqual(SEALED);
      for (const { version } of await versions()) {
        const { Retention } = await site.s3.getObjectRetention(version);
        expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: new Date(manifest.retain_until) });
      }
    });

    test('says in the manifest what S3 says, and that the content was proven by a download', async () => {
      const archive = (await site.stored(BUCKET)).find(({ name }) => name === 'evidence.tar.gz');
      expect(manifest).toMatchObject({
        version_id: archive?.versionId,
        s3_key: archive?.key,
        content_verified_by: 'download',
        verified_lock_mode: 'COMPLIANCE',
        verified_retain_until: manifest.retain_until,
      });
      expect(Date.parse(manifest.retain_until) - Date.parse(manifest.generated_at)).toBe(365 * 86_400_000);
    });

    test("S3 gives back the archive that the manifest's digest is of, and the files as they lie on disk", async () => {
      for (const { name, version } of await versions()) {
        const bytes = Buffer.from((await (await site.s3.getObject(version)).Body?.transformToByteArray()) ?? []);
        if (name === 'evidence.tar.gz') expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.sha256);
        else expect(bytes.toString()).toBe(await pilot.evidence(name));
      }
    });

    test('resume and --seal-only afterwards say so, and upload nothing more', async () => {
      const before = await site.stored(BUCKET);
      expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^Verdict +PASS$/m),
      });
      expect(await sealOnly()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('There is nothing to go on with.') });
      expect(await site.stored(BUCKET)).toEqual(before);
    });

    test('is not deleted from S3 by anyone, not even with a bypass', async () => {
      for (const { version } of await versions()) {
        const deletion = site.s3.deleteObject({ ...version, BypassGovernanceRetention: true });
        expect(await refusal(deletion)).toMatchObject({ status: 403, code: 'AccessDenied' });
      }
      expect((await site.stored(BUCKET)).map(({ name }) => name)).toEqual(SEALED);
    });
  });
});
