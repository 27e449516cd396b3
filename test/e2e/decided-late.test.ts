import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Pilot } from './pilot.js';

const exec = promisify(execFile);
const MANIFEST = '60_evidence_seal_manifest.json';
const SUMMARY = '90_result_summary.txt';
const LATE =
  'The last decision came when a part of the evidence beside the archive could be locked already: it is in the history of the database only';

describe('a run whose archive is locked, and whose result summary is not yet', () => {
  let pilot: Pilot;
  beforeAll(async () => {
    pilot = await Pilot.create({ warm: true });
    expect(await pilot.cutover(['run'])).toMatchObject({ exitCode: 2 });
    await pilot.verify();
    await pilot.save();
  }, 60_000);
  beforeEach(async () => {
    pilot.site.s3.control({ clearFaults: true });
    await pilot.restore();
  });
  afterAll(() => pilot.dispose());

  /** Fails where S3 refuses this of an object beside the archive; after that S3 refuses nothing more. */
  async function failAt(operation: 'CreateMultipartUpload' | 'HeadObject', key: string): Promise<void> {
    const error = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
    pilot.site.s3.control({ faults: [{ operation, key, times: 'always', error }] });
    expect(await pilot.cutover(['resume', 'latest'])).toMatchObject({ exitCode: 1 });
    expect(await pilot.json(['status', 'latest'])).toMatchObject({ failure: { step: 'summarizing' } });
    pilot.site.s3.control({ clearFaults: true });
  }

  const moveHead = () =>
    exec('git', ['commit', '--quiet', '--allow-empty', '--message', 'overnight'], { cwd: pilot.site.repository });
  const retry = (...more: string[]) => pilot.cutover(['retry', 'latest', ...more]);
  const isVerified = async () => expect(await pilot.cutover(['verify', 'latest'])).toMatchObject({ exitCode: 0 });

  test('has what is decided then in its locked evidence, as long as nothing lies beside the archive', async () => {
    await failAt('CreateMultipartUpload', MANIFEST);
    await moveHead();
    const { exitCode, stderr } = await retry('--accept-drift', 'an empty commit');
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain(LATE);
    expect(await pilot.evidence(SUMMARY)).toMatch(/drift accepted \(gitHead: .*an empty commit/);
    expect(await pilot.evidence('80_history_after_seal.ndjson')).toContain('"reason":"an empty commit"');
    await isVerified();
  }, 60_000);

  test('says of what is decided later that it is in the history of the database only', async () => {
    await failAt('CreateMultipartUpload', SUMMARY);
    await moveHead();
    expect(await retry('--accept-drift', 'an empty commit')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(LATE),
    });
    expect(await pilot.evidence(SUMMARY)).not.toContain('an empty commit');
    await isVerified();
  }, 60_000);

  test('is not abandoned once its verdict may be locked: it is finished', async () => {
    await failAt('HeadObject', SUMMARY);
    const { run, next } = await pilot.json<{ run: string; next: { command: string }[] }>(['status', 'latest']);
    expect(next.filter(({ command }) => command.includes('abandon'))).toEqual([]);
    expect(await pilot.cutover(['abandon', 'latest', '--reason', 'postponed'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        `The result summary of run ${run} may be locked already, and says PASS: the bucket would say something else than the database. Finish it: cutover retry ${run}`,
      ),
    });
    expect(await retry()).toMatchObject({ exitCode: 0 });
    await isVerified();
  }, 60_000);

  test('can be abandoned before that', async () => {
    await failAt('CreateMultipartUpload', SUMMARY);
    expect(await pilot.cutover(['abandon', 'latest', '--reason', 'postponed'])).toMatchObject({ exitCode: 0 });
  }, 60_000);
});
