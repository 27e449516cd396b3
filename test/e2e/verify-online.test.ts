import { appendFile, cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { S3 } from '@aws-sdk/client-s3';
import type { Control } from '../services/s3/control.js';
import { Pilot } from './pilot.js';

interface Document {
  readonly verified: boolean;
  readonly checks: readonly { artefact: string; check: string; ok: boolean; expected: string; found: string }[];
}

const BUCKET = 'dpp-audit-worm-demo';
const ARCHIVE = 'evidence.tar.gz';
const SUMMARY = '90_result_summary.txt';

describe('cutover verify with the bucket', () => {
  let pilot: Pilot;
  let directory: string;
  let url: string;
  let copies = 0;

  beforeAll(async () => {
    pilot = await Pilot.create({ warm: true });
    expect(await pilot.cutover(['start'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 0 });
    directory = await pilot.runDirectory();
    const key = pilot.site.s3.state().versions.find((version) => version.key.endsWith(ARCHIVE))?.key ?? '';
    url = `s3://${BUCKET}/${key}`;
  }, 120_000);
  afterAll(() => pilot.dispose());

  const versionId = (name: string) => pilot.site.s3.state().versions.find(({ key }) => key.endsWith(name))?.versionId ?? '';
  const online = (path = directory) => pilot.json<Document>(['verify', path, '--online', '--bucket', BUCKET]);
  const failures = ({ checks }: Document) => checks.filter(({ ok }) => !ok);
  afterEach(() => pilot.site.s3.control({ clearFaults: true }));

  /** A copy of the run's directory, to be changed. */
  async function copy(): Promise<string> {
    copies += 1;
    const path = join(pilot.directory, `copy-${copies}`, directory.slice(-16));
    await mkdir(join(pilot.directory, `copy-${copies}`));
    await cp(directory, path, { recursive: true });
    return path;
  }

  test('each file that was sealed lies there in one version, the same as here, its lock in force for the days that are shown', async () => {
    const document = await online();
    expect([document.verified, failures(document)]).toEqual([true, []]);
    const about = (name: string) =>
      document.checks.filter(({ artefact, check }) => artefact === name && check.startsWith('in the bucket'));
    expect(about(ARCHIVE)).toEqual([
      {
        artefact: ARCHIVE,
        check: 'in the bucket, exactly one version',
        ok: true,
        expected: versionId(ARCHIVE),
        found: versionId(ARCHIVE),
      },
      {
        artefact: ARCHIVE,
        check: 'in the bucket, its lock is still in force',
        ok: true,
        expected: expect.stringMatching(/^GOVERNANCE until \S+Z or later$/),
        found: expect.stringMatching(/^GOVERNANCE until \S+Z \(36[45] days left\)$/),
      },
      {
        artefact: ARCHIVE,
        check: 'in the bucket, the same bytes as here',
        ok: true,
        expected: expect.any(String),
        found: expect.any(String),
      },
    ]);
    for (const name of [
      '60_evidence_seal_manifest.json',
      '65_attestation.dsse.json',
      '70_worm_upload_stdout.txt',
      '80_history_after_seal.ndjson',
      SUMMARY,
    ]) {
      expect(about(name)).toHaveLength(3);
    }
  });

  test('a link in the directory is a finding, and ends none of the other checks', async () => {
    const path = await copy();
    await symlink('/dev/null', join(path, 'x'));
    const document = await online(path);
    expect(failures(document)).toContainEqual(
      expect.objectContaining({ artefact: '(directory)', check: 'in the bucket, the same files as here' }),
    );
    expect(document.checks).toContainEqual(
      expect.objectContaining({ artefact: SUMMARY, check: 'in the bucket, the same bytes as here', ok: true }),
    );
  });

  test('the bucket alone is enough, by the URL of the archive, of that version or of the only one', async () => {
    for (const subject of [url, `${url}?versionId=${versionId(ARCHIVE)}`]) {
      const { exitCode, stdout } = await pilot.cutover(['verify', subject, '--db', join(pilot.directory, 'absent.db')]);
      expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^VERIFIED: run \S+, s3:/m)]);
    }
    const other = await pilot.json<Document>(['verify', `${url}?versionId=other`]);
    expect(failures(other)).toMatchObject([
      { check: 'the version that was asked for, as in the manifest', expected: versionId(ARCHIVE), found: 'other' },
    ]);
  });

  test('all files forged together here, which offline cannot tell, are found', async () => {
    const path = await copy();
    await appendFile(join(path, SUMMARY), 'x');
    expect(failures(await online(path))).toContainEqual(
      expect.objectContaining({ artefact: SUMMARY, check: 'in the bucket, the same bytes as here' }),
    );
  });

  describe('one thing in the bucket is not as it was sealed:', () => {
    const [lock, bytes] = ['in the bucket, its lock is still in force', 'in the bucket, the same bytes as here'];
    const forbidden = { status: 403, code: 'AccessDenied', message: 'no' };
    const always = (operation: string, fault: object) => ({ operation, times: 'always', ...fault });
    const head = (headers: object) => always('HeadObject', { lie: { headers } });
    const unlocked = { status: 404, code: 'NoSuchObjectLockConfiguration', message: 'no' };
    const hidden = head({ 'x-amz-object-lock-mode': null, 'x-amz-object-lock-retain-until-date': null });
    test.each([
      ['another lock mode', [head({ 'x-amz-object-lock-mode': 'COMPLIANCE' })], lock, 'COMPLIANCE until '],
      ['a lock that has ended', [head({ 'x-amz-object-lock-retain-until-date': '2020-01-01T00:00:00Z' })], lock, '(expired)'],
      ['a lock that nobody may see', [hidden, always('GetObjectRetention', { error: forbidden })], lock, 'AccessDenied'],
      ['no lock whatsoever', [hidden, always('GetObjectRetention', { error: unlocked })], lock, 'no lock'],
      ['bytes that cannot be read', [always('GetObject', { error: forbidden })], bytes, 'AccessDenied'],
      ['other bytes', [always('GetObject', { lie: { body: { flipByteAt: 3 } } })], bytes, ''],
    ])('%s', async (_what, faults, check, words) => {
      pilot.site.s3.control({ faults } as unknown as Control);
      const found = failures(await online());
      expect(new Set(found.map((failure) => failure.check))).toEqual(new Set([check]));
      for (const failure of found) expect(failure.found).toContain(words);
    });
  });

  test('a folder that is empty, a bucket that is not there, another bucket of the same three letters', async () => {
    const empty = await pilot.json<Document>(['verify', url.replace('phase6_4_cutover', 'elsewhere')]);
    expect(empty.verified).toBe(false);
    expect(failures(empty)).toContainEqual(expect.objectContaining({ artefact: ARCHIVE, found: 'evidence.tar.gz is missing' }));
    const absent = await pilot.cutover(['verify', directory, '--online', '--bucket', 'dpp-none']);
    expect([absent.exitCode, absent.stderr]).toEqual([1, expect.stringContaining('dpp-none')]);
  });

  test.each([
    [['latest', '--online'], '--online needs --bucket NAME'],
    [['latest', '--bucket', 'x'], '--bucket is for --online'],
    [['s3://bucket'], 'is not of the form s3://BUCKET'],
    [['s3://bucket/key'], 'is not of the form s3://BUCKET'],
    [['s3://bucket/a/evidence.tar.gz?version=1'], 'has the unknown parameter "version"'],
    [['s3://bucket/a/evidence.tar.gz', '--online', '--bucket', 'x'], 'neither --online nor --manifest'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, stderr } = await pilot.cutover(['verify', ...args]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining(message)]);
  });

  test('without AWS_REGION it is a usage error', async () => {
    const { exitCode, stderr } = await pilot.cutover(['verify', url], { env: { AWS_REGION: undefined } });
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('AWS_REGION is not set')]);
  });

  test('a second version, a delete marker and a file that was added are found, and nothing is read of the first two', async () => {
    const { s3, env } = pilot.site;
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3({ endpoint: s3.url, region: env['AWS_REGION'] ?? '', forcePathStyle: true, credentials });
    const at = (name: string) => ({ Bucket: BUCKET, Key: url.slice(`s3://${BUCKET}/`.length).replace(ARCHIVE, name) });
    await client.putObject({ ...at(SUMMARY), Body: 'VERDICT: PASS' });
    await client.putObject({ ...at('extra.txt'), Body: 'x' });
    await client.deleteObject(at('80_history_after_seal.ndjson'));
    client.destroy();
    const found = failures(await online()).map(({ artefact, check }) => `${artefact}: ${check}`);
    expect(found).toEqual([
      '80_history_after_seal.ndjson: in the bucket, exactly one version',
      '80_history_after_seal.ndjson: in the bucket, its lock is still in force',
      '80_history_after_seal.ndjson: in the bucket, the same bytes as here',
      `${SUMMARY}: in the bucket, exactly one version`,
      `${SUMMARY}: in the bucket, its lock is still in force`,
      `${SUMMARY}: in the bucket, the same bytes as here`,
      'extra.txt: in the bucket',
    ]);
  });
});
