import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActorContext, ActorError } from '../../src/actors/actor.js';
import { createArchive } from '../../src/actors/create-archive.js';
import { hashArchive } from '../../src/actors/hash-archive.js';
import { publishSummary } from '../../src/actors/publish-summary.js';
import { uploadToWorm } from '../../src/actors/upload-to-worm.js';
import { verifyUpload } from '../../src/actors/verify-upload.js';
import type { ArchiveFacts, SummaryInput, UploadFacts, VerifyInput } from '../../src/config/step-contracts.js';
import type { ByteRange, EvidenceDir, EvidenceLog } from '../../src/evidence/evidence-dir.js';
import { parseManifest } from '../../src/evidence/manifest.js';
import {
  ARCHIVE_KEY,
  attested,
  failure,
  RETAIN_UNTIL,
  RUN_ID,
  s3For,
  sealingRun,
  settings,
  summary,
  uploadInput,
} from './sealing-context.js';
import type { SealingRun } from './sealing-context.js';
import { until } from './process/until.js';

/** Built from parts, so that no file of this repository looks as if it held one. */
const SECRET = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');
const FOLDER = ARCHIVE_KEY.replace(/evidence\.tar\.gz$/, '');

let s3: Awaited<ReturnType<typeof s3For>>;
let run: SealingRun;
let archive: ArchiveFacts;
beforeEach(async () => {
  s3 = await s3For();
  run = await sealingRun(s3.env);
  await writeFile(file('00_scope.txt'), 'Timestamp: now\n');
  await writeFile(file('30_rc_gates.txt'), 'gates passed\n');
});
afterEach(async () => {
  await s3.stop();
  await run.end();
});

const file = (name: string) => join(run.directory, name);
const text = (name: string) => readFile(file(name), 'utf8');
const makeArchive = async () => {
  await writeFile(file('57_secret_scan.json'), '{}\n');
  archive = await createArchive({ upToSeq: 6, signedFiles: null }, run.context());
};
/** What the attempts so far have reported, as the machine gives it to the next one. */
const uploads = () =>
  Object.fromEntries(run.reports.map(({ key, uploadId }) => [key, uploadId])) as Readonly<Record<string, string>>;
const upload = (overrides: Partial<ActorContext> = {}) =>
  uploadToWorm(uploadInput(archive, { uploads: uploads() }), run.context(overrides));
const verifyInput = (uploaded: UploadFacts, overrides: Partial<VerifyInput> = {}): VerifyInput => ({
  ...uploadInput(archive),
  upload: uploaded,
  upToSeq: 6,
  generatedAt: '2026-02-21T12:05:00Z',
  verdict: 'PASS',
  ...overrides,
});
const summaryInput = (uploaded: UploadFacts, overrides: Partial<SummaryInput> = {}): SummaryInput => ({
  ...verifyInput(uploaded),
  uploads: uploads(),
  verified: { lockMode: 'GOVERNANCE', retainUntil: RETAIN_UNTIL, contentVerifiedBy: 'checksum-sha256' },
  uploadLogSha256: null,
  summary: summary(),
  attested: attested(archive),
  signer: null,
  tail: { after: 6, upTo: 8 },
  ...overrides,
});

describe('uploadToWorm and verifyUpload', () => {
  beforeEach(makeArchive);

  test('the archive in the bucket is the archive on disk, and the manifest says what was read back', async () => {
    const uploaded = await upload();
    expect(run.reports).toEqual([{ type: 'UPLOAD_BEGUN', key: ARCHIVE_KEY, uploadId: expect.any(String) }]);
    expect(await verifyUpload(verifyInput(uploaded), run.context())).toMatchObject({ contentVerifiedBy: 'checksum-sha256' });
    expect(s3.state().versions).toMatchObject([
      { key: ARCHIVE_KEY, sha256: archive.sha256, size: archive.size, mode: 'GOVERNANCE' },
    ]);
    expect(parseManifest(await text('60_evidence_seal_manifest.json'))).toEqual({
      schema_version: 1,
      run_id: RUN_ID,
      verdict: 'PASS',
      generated_at: '2026-02-21T12:05:00Z',
      tarball_path: 'evidence.tar.gz',
      tarball_size_bytes: archive.size,
      sha256: archive.sha256,
      s3_bucket: 'dpp***',
      s3_key: ARCHIVE_KEY,
      version_id: uploaded.versionId,
      etag: uploaded.etag,
      lock_mode: 'GOVERNANCE',
      retention_days: 365,
      retain_until: RETAIN_UNTIL,
      verified_lock_mode: 'GOVERNANCE',
      verified_retain_until: RETAIN_UNTIL,
      content_verified_by: 'checksum-sha256',
      seal_seq: 6,
      chain_head: run.history[5]?.hash,
    });
    const log = await text('70_worm_upload_stdout.txt');
    expect(log).not.toContain('"0":');
    for (const shown of ['create-multipart-upload', 'upload-part', 'head-object', uploaded.versionId, 'request_id', RETAIN_UNTIL])
      expect(log).toContain(shown);
    expect(log).not.toMatch(/REDACTED|Signature|stand-in/);
    // Of the upload, then of the read-back, a line each.
    const [, begun, verified] = log.split(/^(?=\$ s3api (?:create-multipart-upload|head-object) )/m);
    expect([begun, verified].map((part) => part?.split('\n').length)).toEqual([11, 5]);
    expect(run.progress).toEqual([`Uploading evidence.tar.gz: ${archive.size} of ${archive.size} bytes`]);
  });

  test('a lost answer leaves its log, and the retry ends with exactly one version of one upload', async () => {
    s3.control({ faults: [{ operation: 'UploadPart', at: 'after', reset: true }] });
    expect(await failure(upload())).toMatchObject({ transient: true });
    const uploaded = await upload();
    expect(s3.state()).toMatchObject({ versions: [{ versionId: uploaded.versionId }], uploads: [] });
    expect(run.reports).toHaveLength(1);
    expect((await readdir(run.directory)).filter((name) => name.startsWith('70_'))).toHaveLength(2);
    await verifyUpload(verifyInput(uploaded), run.context());
  });

  test('when the report cannot be committed, nothing is sent', async () => {
    await expect(upload({ report: () => Promise.reject(new Error('lease lost')) })).rejects.toThrow('lease lost');
    expect(s3.state().requests.filter(({ operation }) => operation === 'UploadPart')).toEqual([]);
  });

  test('an archive that changed on disk is not uploaded: it is kept aside, and made again byte by byte', async () => {
    const recorded = await readFile(file('evidence.tar.gz'));
    await appendFile(file('evidence.tar.gz'), 'x');
    await upload();
    expect(await readFile(file('evidence.tar.gz'))).toEqual(recorded);
    expect(await readdir(run.directory)).toContainEqual(expect.stringMatching(/^evidence\.tar\.gz\.changed-[0-9a-f]{12}$/));
  });

  test('an archive that is lost together with a piece of its evidence is not uploaded', async () => {
    await rm(file('evidence.tar.gz'));
    await appendFile(file('30_rc_gates.txt'), 'x');
    expect((await failure(upload())).code).toBe('ARCHIVE_CHANGED');
    expect(s3.state().requests).toEqual([]);
    expect(run.reports).toEqual([]);
  });

  test('an archive that cannot be read while it is sent fails, and nothing is stored', async () => {
    const gone = readBy((evidence, name, range) => evidence.stream(range === undefined ? name : 'no-such-file', range));
    await expect(upload({ evidence: gone })).rejects.toMatchObject({ name: 'EvidenceError', code: 'MISSING' });
    expect(s3.state().versions).toEqual([]);
  });

  test('an archive that changed after it was looked at is not uploaded', async () => {
    const changed = readBy((evidence) => evidence.stream('30_rc_gates.txt'));
    expect((await failure(upload({ evidence: changed }))).code).toBe('ARCHIVE_CHANGED');
    expect(s3.state().requests).toEqual([]);
  });

  test('the file is let go of when the upload is stopped', async () => {
    s3.control({ faults: [{ operation: 'UploadPart', hang: true }] });
    const streams: Readable[] = [];
    const watched = readBy((evidence, name, range) => {
      const stream = evidence.stream(name, range);
      streams.push(stream);
      return stream;
    });
    const abort = new AbortController();
    const stopped = expect(upload({ evidence: watched, signal: abort.signal })).rejects.toThrow('lease lost');
    await until(() => s3.state().requests.some(({ operation }) => operation === 'UploadPart'), 'the part is on its way');
    abort.abort(new Error('lease lost'));
    await stopped;
    await until(() => streams.every((stream) => stream.destroyed), 'the file is closed');
    // Once to be digested, once to be sent.
    expect(streams).toHaveLength(2);
  });

  test('the log of the upload goes on with the read-back, and both close it', async () => {
    const counting = () => {
      const context = run.context();
      const openLog: ActorContext['openLog'] = async (name, options) => {
        const log = await context.openLog(name, options);
        return { write: (text) => log.write(text), close: () => ((closed += 1), log.close()) } as EvidenceLog;
      };
      return { ...context, openLog };
    };
    let closed = 0;
    const uploaded = await uploadToWorm(uploadInput(archive), counting());
    expect(closed).toBe(1);
    s3.control({ faults: [{ operation: 'HeadObject', error: { status: 503, code: 'SlowDown', message: 'slow' } }] });
    await failure(verifyUpload(verifyInput(uploaded), counting()));
    expect(closed).toBe(2);
    s3.control({ faults: [{ operation: 'ListObjectVersions', error: { status: 503, code: 'SlowDown', message: 'slow' } }] });
    await failure(uploadToWorm(uploadInput(archive), counting()));
    expect(closed).toBe(3);
  });

  test('a verification that fails writes no manifest', async () => {
    const uploaded = await upload();
    s3.control({ faults: [{ operation: 'HeadObject', lie: { headers: { 'x-amz-object-lock-mode': 'COMPLIANCE' } } }] });
    expect((await failure(verifyUpload(verifyInput(uploaded), run.context()))).code).toBe('WORM_VERIFY_FAILED');
    expect(await readdir(run.directory)).not.toContain('60_evidence_seal_manifest.json');
    await verifyUpload(verifyInput(uploaded), run.context());
    expect(await readdir(run.directory)).toContain('60_evidence_seal_manifest.json');
  });

  test.each([
    ['expired credentials', () => s3.control({ credentials: 'expired' }), 'S3_CREDENTIALS_EXPIRED', 'aws sso login', false],
    ['a wrong clock', () => s3.control({ clockOffsetSeconds: 7200 }), 'S3_CLOCK_SKEW', 'timedatectl', false],
    ['a missing bucket', () => s3.control({ bucket: { remove: true } }), 'S3_NO_SUCH_BUCKET', 'DPP_WORM_BUCKET', false],
    ['no permission', () => s3.control({ deny: ['s3:PutObjectRetention'] }), 'S3_ACCESS_DENIED', 's3:PutObjectRetention', false],
    ['a service that is down', () => s3.stop(), 'S3_UNREACHABLE', 'AWS_ENDPOINT_URL', true],
  ])('%s: the error says so and what to do', async (_what, trouble, code, advice, transient) => {
    await Promise.resolve(trouble());
    const error = await failure(upload());
    expect(error).toMatchObject({ code, transient });
    expect(error.message).toContain(advice);
    if (code === 'S3_UNREACHABLE') s3 = await s3For();
  });

  test('missing credentials and a wrong region are told before anything is stored', async () => {
    const env = { AWS_ENDPOINT_URL_S3: s3.env['AWS_ENDPOINT_URL_S3'] };
    const nobody = { ...uploadInput(archive), settings: settings({ awsProfile: 'a-profile-that-nobody-has' }) };
    expect((await failure(uploadToWorm(nobody, run.context({ env })))).code).toBe('S3_CREDENTIALS_MISSING');
    const elsewhere = { ...uploadInput(archive), settings: settings({ awsRegion: 'eu-west-1' }) };
    const error = await failure(uploadToWorm(elsewhere, run.context()));
    expect(error).toMatchObject({ code: 'S3_WRONG_REGION', transient: false });
    expect(error.message).toContain('AWS_REGION=ap-northeast-2');
  });
});

describe('publishSummary', () => {
  let uploaded: UploadFacts;
  let uploadLogSha256: string;
  beforeEach(async () => {
    await makeArchive();
    await hashArchive({ archive }, run.context());
    s3.control({ faults: [{ operation: 'UploadPart', error: { status: 503, code: 'SlowDown', message: 'slow' } }] });
    await failure(upload());
    uploaded = await upload();
    await verifyUpload(verifyInput(uploaded), run.context());
    uploadLogSha256 = await digest('70_worm_upload_stdout.txt');
  });

  const digest = async (name: string) =>
    createHash('sha256')
      .update(await readFile(file(name)))
      .digest('hex');
  const publish = (overrides: Partial<SummaryInput> = {}) =>
    publishSummary(summaryInput(uploaded, { uploadLogSha256, ...overrides }), run.context());
  const stored = () => s3.state().versions.map(({ key }) => key.replace(FOLDER, ''));

  test('locks manifest, logs, history and summary beside the archive, and then shows the summary', async () => {
    const facts = await publish();
    const names = facts.objects.map(({ name }) => name);
    expect(names).toHaveLength(6);
    expect(names).toEqual([
      '60_evidence_seal_manifest.json',
      expect.stringMatching(/^70_worm_upload_stdout\.attempt-\d+\.txt$/),
      '70_worm_upload_stdout.txt',
      '80_history_after_seal.ndjson',
      '65_attestation.dsse.json',
      '90_result_summary.txt',
    ]);
    for (const { name, key, versionId, sha256 } of facts.objects) {
      expect(key).toBe(`${FOLDER}${name}`);
      expect(
        createHash('sha256')
          .update(await readFile(file(name)))
          .digest('hex'),
      ).toBe(sha256);
      expect(s3.state().versions.find((version) => version.versionId === versionId)).toMatchObject({
        key,
        sha256,
        mode: 'GOVERNANCE',
        retainUntil: '2099-02-21T12:05:00.000Z',
      });
    }
    expect(stored()).toHaveLength(7);
    const lockedLines = facts.objects.map(({ name, versionId }) => `Locked ${name} (version ${versionId})`);
    expect(run.progress.slice(-6)).toEqual(lockedLines);
    expect(await text('90_result_summary.txt')).toContain('VERDICT: PASS');
    expect(await readdir(run.directory)).not.toContain('90_result_summary.txt.partial');
    const tail = (await text('80_history_after_seal.ndjson')).trimEnd().split('\n');
    expect(tail.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([7, 8]);
    expect(facts.verdict).toBe('PASS');
  });

  test('an empty history after the seal is no object', async () => {
    const { objects } = await publish({ tail: { after: 6, upTo: 6 } });
    expect(objects.map(({ name }) => name)).not.toContain('80_history_after_seal.ndjson');
    expect(await readdir(run.directory)).not.toContain('80_history_after_seal.ndjson');
  });

  test('after a crash at any request for the first or the last of them the retry ends with one version of each, and the summary shown only then', async () => {
    const before = s3.state().requests.length;
    await publish();
    const requests = s3.state().requests.length - before;
    const expected = stored().filter((name) => name !== 'evidence.tar.gz');
    // All are put by the same code: what is before and behind them counts.
    const each = requests / 5;
    const disturbed = Array.from({ length: requests }, (_, index) => index + 1).filter(
      (nth) => nth <= each || nth > requests - each,
    );
    for (const nth of disturbed) {
      await rm(file('90_result_summary.txt'), { force: true });
      s3.control({ bucket: { forget: true }, clearFaults: true, faults: [{ nth, reset: true, at: 'after' }] });
      run.reports.splice(0);
      const lost = await publish().catch((error: unknown) => error as ActorError);
      // The answer to a completion is looked up at once; every other one by the next attempt.
      const wasCompletion =
        s3.state().requests.findLast(({ ended }) => ended === 'reset')?.operation === 'CompleteMultipartUpload';
      expect('verdict' in lost || lost.options.transient).toBe(true);
      expect('verdict' in lost).toBe(wasCompletion);
      expect((await readdir(run.directory)).includes('90_result_summary.txt')).toBe(wasCompletion);
      await publish();
      expect(stored()).toEqual(expected);
      expect(s3.state().uploads).toEqual([]);
    }
  });

  test('every lost answer to a part is taken up by the retry', async () => {
    for (let nth = 1; nth <= 6; nth += 1) {
      s3.control({ faults: [{ operation: 'UploadPart', at: 'after', reset: true }] });
      await failure(publish());
    }
    await publish();
    expect(stored()).toHaveLength(7);
  });

  test('a retry after the summary was shown adopts all and changes nothing', async () => {
    const first = await publish();
    expect(await publish()).toEqual(first);
    expect((await readdir(run.directory)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  test('a summary that says something else is left as it is', async () => {
    await writeFile(file('90_result_summary.txt'), 'VERDICT: PASS, trust me\n');
    expect(await failure(publish())).toMatchObject({
      code: 'SUMMARY_EXISTS',
      message:
        `90_result_summary.txt in ${run.directory} says something else than the recorded facts; it was left as it is. ` +
        'Find out who wrote it, keep it under another name, then: cutover retry <run>',
      options: { details: { file: '90_result_summary.txt' } },
      transient: false,
    });
    expect(await readdir(run.directory)).not.toContain('90_result_summary.txt.partial');
    expect(await text('90_result_summary.txt')).toBe('VERDICT: PASS, trust me\n');
    expect(stored()).toEqual(['evidence.tar.gz']);
  });

  test('a secret in the log of the upload is not uploaded', async () => {
    const name = '70_worm_upload_stdout.txt';
    await appendFile(file(name), `\n${SECRET}\n`);
    const error = await failure(publish({ uploadLogSha256: await digest(name) }));
    expect(error.code).toBe('SECRET_FOUND');
    expect(error.message).toContain(`${name}:`);
    expect(stored()).toEqual(['evidence.tar.gz']);
    expect(await readdir(run.directory)).not.toContain('90_result_summary.txt');
  });

  test('a secret in the statement of the attestation is not uploaded, though the file has it in base64 only', async () => {
    const statement = { ...attested(archive), environment: `https://${SECRET}/dpp-staging` };
    const error = await failure(publish({ attested: statement }));
    expect([error.code, error.message]).toEqual([
      'SECRET_FOUND',
      expect.stringContaining('65_attestation.dsse.json:1 (aws-access-key'),
    ]);
    expect(error.message).not.toContain(SECRET);
    expect(stored()).toEqual(['evidence.tar.gz']);
    const [{ file: found, line, kind }] = error.options.details?.['findings'] as [{ file: string; line: number; kind: string }];
    const accepted = [{ file: found, line, kind, sha256: await digest(found), by: 'supervisor', reason: 'an example' }];
    const input = summaryInput(uploaded, { uploadLogSha256, attested: statement });
    const { objects } = await publishSummary({ ...input, scan: { accepted, held: null } }, run.context());
    expect(objects.map(({ name }) => name)).toContain('65_attestation.dsse.json');
  });

  test.each([
    ['is missing', 'missing', () => rm(file('60_evidence_seal_manifest.json'))],
    ['was edited', 'changed', () => appendFile(file('60_evidence_seal_manifest.json'), '\n')],
  ])('a manifest that %s is written anew from what is on record, and that is locked', async (_what, why, change) => {
    const recorded = await digest('60_evidence_seal_manifest.json');
    await change();
    const { objects, manifestWas } = await publish();
    expect(manifestWas).toBe(why);
    expect(await digest('60_evidence_seal_manifest.json')).toBe(recorded);
    expect(objects[0]).toMatchObject({ name: '60_evidence_seal_manifest.json', sha256: recorded });
  });

  test('a manifest that says what is on record is left alone', async () => {
    expect(await publish()).not.toHaveProperty('manifestWas');
  });

  test.each([
    [
      'is missing',
      () => rm(file('70_worm_upload_stdout.txt')),
      'UPLOAD_LOG_MISSING',
      /^70_worm_upload_stdout\.txt is not in .*\. Restore it: what S3 answered has to be locked beside the archive\.$/,
    ],
    [
      'was edited',
      () => appendFile(file('70_worm_upload_stdout.txt'), 'x'),
      'EVIDENCE_CHANGED',
      /is not what the upload left behind: SHA-256 [0-9a-f]{64} recorded, [0-9a-f]{64} found\. Restore it as it was, then: cutover retry <run>$/,
    ],
  ])('an upload log that %s is not locked, nor is anything else', async (_what, change, code, message) => {
    await change();
    const error = await failure(publish());
    expect(error).toMatchObject({ code, options: { details: { file: '70_worm_upload_stdout.txt' } }, transient: false });
    expect(error.message).toMatch(message);
    expect(stored()).toEqual(['evidence.tar.gz']);
  });

  test('an upload log without a digest on record is not locked', async () => {
    expect((await failure(publish({ uploadLogSha256: null }))).message).toContain('SHA-256 (none) recorded');
  });

  test('of the folder only the logs of the upload are locked, and none that is still written', async () => {
    await mkdir(file('70_folder'));
    for (const name of ['70_folder/a.txt', '70_half.txt.partial', 'a70_worm.txt', '71_other.txt'])
      await writeFile(file(name), 'x');
    await publish();
    expect(stored().filter((name) => /70_folder|70_half|a70|71_/.test(name))).toEqual([]);
    expect(stored()).toHaveLength(7);
  });

  test('a lock that is not what was asked for fails, and no summary is shown', async () => {
    const headers = { 'x-amz-object-lock-retain-until-date': '2030-01-01T00:00:00.000Z' };
    s3.control({ faults: [{ operation: 'HeadObject', key: '90_result_summary.txt', lie: { headers } }] });
    expect((await failure(publish())).code).toBe('WORM_VERIFY_FAILED');
    expect(await readdir(run.directory)).not.toContain('90_result_summary.txt');
  });
});

/** The evidence, read by other streams. */
function readBy(stream: (evidence: EvidenceDir, name: string, range?: ByteRange) => Readable): EvidenceDir {
  return new Proxy(run.context().evidence, {
    get(target, property) {
      if (property === 'stream') return (name: string, range?: ByteRange) => stream(target, name, range);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
