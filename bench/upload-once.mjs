import { join } from 'node:path';
import { hashArchive } from '../dist/src/actors/hash-archive.js';
import { uploadToWorm } from '../dist/src/actors/upload-to-worm.js';
import { verifyUpload } from '../dist/src/actors/verify-upload.js';
import { indexEvidence, writeArchive } from '../dist/src/evidence/archive.js';
import { openEvidenceDir } from '../dist/src/evidence/local-evidence-dir.js';
import { createRedactor } from '../dist/src/evidence/redaction.js';

/**
 * Seals the evidence directory argv[2] in the S3 service at argv[3] with the actors of sealing, in a process of its own; prints the seconds of
 * each step, the most memory it had, in MB, and the number of parts.
 */
const [, , directory, url] = process.argv;
const evidence = openEvidenceDir(directory, { root: join(directory, '..'), redactor: () => createRedactor() });
const { signal } = new AbortController();
const nothing = () => Promise.resolve();
const context = {
  runId: '20260101T000000Z',
  step: 'sealing',
  attempt: 1,
  signal,
  evidence,
  env: { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'stand-in-access-key', AWS_SECRET_ACCESS_KEY: 'stand-in-secret-key' },
  now: () => new Date(),
  openLog: (name, options = {}) => evidence.openLog(name, options),
  report: nothing,
  childStarted: nothing,
  childEnded: nothing,
  progress: () => undefined,
};
const settings = { awsRegion: 'ap-northeast-2', awsProfile: null, bucket: 'worm', lockMode: 'GOVERNANCE', retentionDays: 30 };
const steps = {};
const timed = async (step, work) => {
  const began = performance.now();
  const result = await work();
  steps[step] = (performance.now() - began) / 1000;
  return result;
};

const written = await timed('archive', async () => writeArchive(evidence, await indexEvidence(evidence, signal), signal));
const archive = { ...written, files: 1, chainHead: '0'.repeat(64) };
await timed('hash', () => hashArchive({ archive }, context));
const generatedAt = '2026-01-01T00:00:00Z';
const input = {
  settings,
  bucketOwner: '000000000000',
  key: 'evidence/cutover/phase6_4_cutover/20260101T000000Z/evidence.tar.gz',
  archive,
  retainUntil: '2099-01-01T00:00:00Z',
  uploads: {},
};
const upload = await timed('upload', () => uploadToWorm(input, context));
await timed('verify', () => verifyUpload({ ...input, upload, upToSeq: 1, generatedAt, verdict: 'PASS' }, context));
const parts = Number(upload.checksum.split('-').at(-1));
console.log(JSON.stringify({ steps, maxMb: process.resourceUsage().maxRSS / 1024, parts }));
