import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { finished, type Pilot } from './pilot.js';
import { startRelay, type Moment, type Relay } from './relay.js';
import { RgwSite, SEALED } from './rgw-site.js';

const BUCKET = 'dpp-audit-worm-test';

/** The pilot is brought to the pause once; each test seals from there, into an empty bucket. */
describe('sealing under GOVERNANCE in a real S3 server', () => {
  let site: RgwSite;
  let relay: Relay;
  let pilot: Pilot;
  let runId: string;
  const paused = () => join(pilot.directory, 'paused');

  beforeAll(async () => {
    site = await RgwSite.start();
    relay = await startRelay(site.rgw.url);
    pilot = await site.pilotIn(BUCKET, relay.url);
    expect(await pilot.cutover(['start'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    runId = (await pilot.runIds()).at(-1) ?? '';
    await cp(pilot.site.repository, paused(), { recursive: true, preserveTimestamps: true });
  }, 120_000);
  afterAll(async () => {
    await pilot?.dispose();
    await relay?.stop();
    await site?.stop();
  });
  beforeEach(async () => {
    await site.empty(BUCKET);
    await rm(pilot.site.repository, { recursive: true });
    await cp(paused(), pilot.site.repository, { recursive: true, preserveTimestamps: true });
  });

  const names = async () => (await site.stored(BUCKET)).map(({ name }) => name);

  /** What an attempt leaves that was killed while it uploaded the archive. */
  const KEPT_LOG = '70_worm_upload_stdout.attempt-1.txt';

  test.each<[string, Moment, string[], string[]]>([
    ['evidence.tar.gz', 'half sent', [], [KEPT_LOG, ...SEALED].sort()],
    ['evidence.tar.gz', 'stored', ['evidence.tar.gz'], [KEPT_LOG, ...SEALED].sort()],
    ['60_evidence_seal_manifest.json', 'half sent', ['evidence.tar.gz'], SEALED],
    ['90_result_summary.txt', 'stored', SEALED, SEALED],
  ])(
    'kill -9 with %s %s, then resume: it passes with exactly one version of everything',
    async (name, at, left, sealed) => {
      const held = relay.holdUpload(name, at);
      const child = pilot.spawn(['resume', runId]);
      const ended = finished(child);
      await Promise.race([held, ended]);
      child.kill('SIGKILL');
      expect(await ended).toMatchObject({ signal: 'SIGKILL' });
      const before = await site.stored(BUCKET);
      expect(before.map((version) => version.name)).toEqual(left);

      expect(await pilot.cutover(['resume', runId])).toMatchObject({ exitCode: 0 });
      expect(await names()).toEqual(sealed);
      expect(await site.stored(BUCKET)).toEqual(expect.arrayContaining(before));
      expect(await pilot.evidence('90_result_summary.txt')).toContain('VERDICT: PASS');
    },
    60_000,
  );

  test('where something lies at the key of the archive already, it is refused, and nothing is uploaded', async () => {
    const Key = `evidence/cutover/phase6_4_cutover/${runId}/evidence.tar.gz`;
    await site.s3.putObject({ Bucket: BUCKET, Key, Body: 'a foreign archive' });
    const before = await site.stored(BUCKET);
    const { exitCode, stdout, stderr } = await pilot.cutover(['resume', runId]);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain('S3_KEY_OCCUPIED');
    expect(await site.stored(BUCKET)).toEqual(before);
  }, 60_000);
});
