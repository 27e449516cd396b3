import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PILOT_SITE } from '../../src/config/site.js';
import type { ActorContext, ActorError } from '../../src/actors/actor.js';
import type { UploadRecord } from '../../src/actors/s3/locked-object.js';
import type { LockedObject } from '../../src/actors/s3/multipart-upload.js';
import { compositeChecksum } from '../../src/actors/s3/parts.js';
import type { Settings } from '../../src/config/settings.js';
import type { ArchiveFacts, AttestedFacts, ResultSummary, UploadInput } from '../../src/config/step-contracts.js';
import type { EvidenceLog } from '../../src/evidence/evidence-dir.js';
import { genesisHash, recordHash } from '../../src/evidence/hash-chain.js';
import type { HistoryRecord } from '../../src/evidence/history-record.js';
import { knownSecrets } from '../../src/evidence/known-secrets.js';
import { attemptLogName } from '../../src/evidence/layout.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';
import { CRITERIA, SIGN_OFF_ROLES } from '../../src/evidence/result-summary.js';
import { startS3, type RunningS3, type S3Options } from '../services/s3/server.js';

export const RUN_ID = '20260221T120000Z';
export const BUCKET = 'dpp-audit-worm-test';
export const ARCHIVE_KEY = `evidence/cutover/phase6_4_cutover/${RUN_ID}/evidence.tar.gz`;
export const RETAIN_UNTIL = '2099-02-21T12:05:00Z';
/** The account of the stand-in. */
export const OWNER = '000000000000';

/** A run whose evidence lies in a directory of its own. */
export interface SealingRun {
  readonly directory: string;
  readonly reports: { readonly type: string; readonly [fact: string]: unknown }[];
  readonly progress: string[];
  readonly history: HistoryRecord[];
  /** The context of the next attempt; an earlier attempt's log is kept aside as the engine does. */
  context(overrides?: Partial<ActorContext>): ActorContext;
  end(): Promise<void>;
}

export async function sealingRun(env: NodeJS.ProcessEnv = {}): Promise<SealingRun> {
  const root = await mkdtemp(join(tmpdir(), 'cutover-sealing-'));
  const directory = join(root, RUN_ID);
  const known = knownSecrets(env);
  const evidence = openEvidenceDir(directory, { root, redactor: () => createRedactor({ known }) });
  await evidence.create();
  const run = { reports: [] as SealingRun['reports'], progress: [] as string[], history: chainOf(8) };
  let attempt = 0;
  return {
    directory,
    ...run,
    context(overrides = {}) {
      attempt += 1;
      return {
        runId: RUN_ID,
        step: 'sealing',
        attempt,
        signal: new AbortController().signal,
        evidence,
        env,
        now: () => new Date('2026-02-21T12:05:00.700Z'),
        async openLog(name, options): Promise<EvidenceLog> {
          if (options?.append !== true && (await evidence.exists(name))) {
            await evidence.rename(name, attemptLogName(name, attempt - 1));
          }
          return evidence.openLog(name, options ?? {});
        },
        report: (event) => Promise.resolve(void run.reports.push(event)),
        childStarted: () => Promise.resolve(),
        childEnded: () => Promise.resolve(),
        progress: (line) => void run.progress.push(line),
        async *history({ after, upTo }) {
          yield* run.history.filter(({ seq }) => seq > after && seq <= upTo);
        },
        ...overrides,
      };
    },
    end: () => rm(root, { recursive: true }),
  };
}

/** Bytes as one object of one part, under a lock. */
export function inOnePart(content: Buffer): Omit<LockedObject, 'key'> {
  const digest = (algorithm: string) => createHash(algorithm).update(content).digest('hex');
  const [sha256, size] = [digest('sha256'), content.length];
  const parts = [{ number: 1, start: 0, size, sha256, md5: digest('md5') }];
  const lock = { mode: 'GOVERNANCE', retainUntil: RETAIN_UNTIL } as const;
  return { size, sha256, composite: compositeChecksum(parts), parts, ...lock, body: () => Readable.from([content]) };
}

/** The record that a run keeps of its uploads from attempt to attempt; `before` is waited for before one is on it. */
export function recordOfUploads() {
  const uploads = new Map<string, string>();
  return (key: string, before: () => Promise<void> = () => Promise.resolve()): UploadRecord => ({
    uploadId: uploads.get(key) ?? null,
    begun: async (uploadId) => {
      await before();
      uploads.set(key, uploadId);
    },
  });
}

/** A stand-in for S3, and the environment that leads to it. */
export async function s3For(options: Partial<S3Options> = {}): Promise<RunningS3 & { readonly env: NodeJS.ProcessEnv }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cutover-s3-'));
  const s3 = await startS3({ bucket: BUCKET, dataDir, ...options });
  const env = {
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
  };
  const stop = async () => {
    await s3.stop();
    await rm(dataDir, { recursive: true });
  };
  return { ...s3, env, stop };
}

export function settings(overrides: Partial<Settings> = {}): Settings {
  return {
    directory: '/repository',
    evidenceRoot: '/repository/dpp/evidence/phase6_4_cutover',
    branches: ['main'],
    requiredCommits: ['abc1234'],
    commitsOk: null,
    contextOk: null,
    awsProfile: 'dpp-admin',
    awsRegion: 'ap-northeast-2',
    bucket: BUCKET,
    bucketOwner: null,
    prefix: 'evidence/cutover',
    keyFolder: 'phase6_4_cutover',
    lockMode: 'GOVERNANCE',
    retentionDays: 365,
    stagingBaseUrl: 'https://staging.api.dpp.example.com',
    namespace: 'dpp-staging',
    binaryConfigMapKeys: [],
    rcRunner: '/repository/dpp/tools/rc.sh',
    deployments: ['dpp-api'],
    stagingDryRunScript: null,
    rollbackDrillScript: null,
    signWith: null,
    tsaUrl: null,
    changeTicket: null,
    ...overrides,
  };
}

export function uploadInput(archive: ArchiveFacts, overrides: Partial<UploadInput> = {}): UploadInput {
  const facts = { key: ARCHIVE_KEY, archive, retainUntil: RETAIN_UNTIL, uploads: {} };
  return { settings: settings(), bucketOwner: OWNER, ...facts, ...overrides };
}

export function summary(): ResultSummary {
  const [operator, ...others] = Object.values(SIGN_OFF_ROLES);
  return {
    title: PILOT_SITE.title,
    timestamp: '2026-02-21T12:06:00Z',
    evidenceDir: `dpp/evidence/phase6_4_cutover/${RUN_ID}`,
    gitHead: 'a'.repeat(40),
    changeTicket: null,
    criteria: Object.values(CRITERIA).map((name) => ({ name, result: 'PASS', fact: 'on record' })),
    exceptions: [],
    signatures: [
      { role: operator ?? '', name: 'operator@example.com', date: '2026-02-21', signature: 'automated' },
      ...others.map((role) => ({ role, name: 'verifier@example.com', date: '2026-02-21', signature: 'asserted' })),
    ],
    lockMode: 'GOVERNANCE',
    policy: 'none: separation of duties not enforced',
    attestation: '65_attestation.dsse.json (not signed)',
    verdict: 'PASS',
  };
}

export function attested({ sha256, size, chainHead }: ArchiveFacts): AttestedFacts {
  return {
    service: 'dpp',
    changeTicket: null,
    run: { id: RUN_ID, startedAt: '2026-02-21T12:00:00.000Z', operator: 'operator@host', machineVersion: '1' },
    verdict: 'PASS',
    attestedAt: '2026-02-21T12:06:00Z',
    environment: 'https://k8s.staging.example.com:6443/dpp-staging',
    commit: { head: 'a'.repeat(40), branch: 'main', status: 'clean' },
    steps: [],
    signOffs: [],
    exceptions: [],
    archive: { sha256, size },
    chain: { genesis: genesisHash(RUN_ID), sealed: { seq: 6, hash: chainHead } },
    lock: { key: ARCHIVE_KEY, versionId: 'v1', mode: 'GOVERNANCE', retainUntil: RETAIN_UNTIL, bypassable: true },
    signedBy: null,
    timestampedBy: null,
  };
}

/** A valid chain of that many transitions. */
export function chainOf(length: number): HistoryRecord[] {
  const records: HistoryRecord[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const record = {
      run_id: RUN_ID,
      seq,
      at: '2026-02-21T12:00:00.000Z',
      event: { type: 'STEP', n: seq },
      from: seq === 1 ? null : 'a',
      to: 'a',
      who: { user: 'operator', host: 'host', email: null, level: 'engine' as const },
      machine_version: '1',
      snapshot: { value: 'a', seq },
      prev_hash: records.at(-1)?.hash ?? genesisHash(RUN_ID),
    };
    records.push({ ...record, hash: recordHash(record) });
  }
  return records;
}

/** The error with which an actor failed; throws when it did not fail as actors do. */
export async function failure(attempt: Promise<unknown>): Promise<ActorError & { readonly transient: boolean }> {
  try {
    await attempt;
  } catch (error) {
    if ((error as Error).name === 'ActorError') {
      return Object.assign(error as ActorError, { transient: (error as ActorError).options.transient === true });
    }
    throw error;
  }
  throw new Error('the attempt was to fail');
}
