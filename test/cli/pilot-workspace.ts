import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ActorError, type Actor, type ActorContext } from '../../src/actors/actor.js';
import { computeRetention } from '../../src/actors/compute-retention.js';
import { createArchive } from '../../src/actors/create-archive.js';
import { processStartTime } from '../../src/actors/process/process-identity.js';
import { hashArchive } from '../../src/actors/hash-archive.js';
import { scanEvidence } from '../../src/actors/scan-evidence.js';
import type { Io, Workspace, WorkspaceOptions } from '../../src/cli/io.js';
import { pilotDefinition } from '../../src/cli/pilot-definition.js';
import { runProgram } from '../../src/cli/program.js';
import type { RunRequest, Settings, World } from '../../src/config/settings.js';
import type { StepContracts, SummaryInput } from '../../src/config/step-contracts.js';
import { createEngine } from '../../src/engine/create-engine.js';
import { checkpointTemplate } from '../../src/evidence/checkpoint-template.js';
import { EVIDENCE } from '../../src/evidence/layout.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';
import { resultSummary } from '../../src/evidence/result-summary.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { completeCheckpoint, SCREENSHOT, type Answers } from '../evidence/complete-checkpoint.js';

type Actors = Record<string, Actor<never, unknown>>;

/** What a command said and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The commands on the real store, engine, machine and evidence, in a directory of their own. The effects outside (cluster, S3) are
 * stand-ins that a test replaces one by one; the clock stands still unless `at` is set.
 */
export class PilotWorkspace {
  readonly directory = mkdtempSync(join(tmpdir(), 'cutover-cli-'));
  readonly db = join(this.directory, '.cutover', 'cutover.db');
  readonly env: NodeJS.ProcessEnv = { ...VARIABLES, USER: 'operator' };
  at = new Date('2026-02-21T12:00:01Z');
  world: World = WORLD;
  /** The account of the operating system. */
  osUser = 'operator';
  prompt: Io['prompt'] = null;
  interruption = new AbortController();
  readonly actors: Actors = { ...(standIns(() => this.world) as unknown as Actors) };

  async cutover(...argv: string[]): Promise<Said> {
    let stdout = '';
    let stderr = '';
    const io: Io = {
      stdout: { write: (text) => void (stdout += text) },
      stderr: { write: (text) => void (stderr += text) },
      // As of a process of its own: what a command puts into it, the next one does not see.
      env: { ...this.env },
      cwd: this.directory,
      osUser: () => this.osUser,
      now: () => this.at,
      delay: (ms) => {
        this.at = new Date(this.at.getTime() + ms);
        return Promise.resolve();
      },
      signal: this.interruption.signal,
      prompt: this.prompt,
      parts: {
        openWorkspace: (options, io) => this.open(options, io),
        checkPreconditions: (request) => Promise.resolve(preflightFacts(request)),
      },
    };
    return { code: await runProgram(argv, io), stdout, stderr };
  }

  /** The run's evidence directory, absolute. */
  evidence(runId = '20260221T120001Z', ...path: string[]): string {
    return join(this.directory, 'dpp/evidence/phase6_4_cutover', runId, ...path);
  }

  /** What the human does between the two runs. */
  completeForm(runId = '20260221T120001Z', answers: Partial<Answers> = {}): void {
    const form = this.evidence(runId, EVIDENCE.checkpoint);
    writeFileSync(this.evidence(runId, EVIDENCE.screenshots, SCREENSHOT), '%PDF-1.7');
    writeFileSync(form, completeCheckpoint(readFileSync(form, 'utf8'), { screenshots: [SCREENSHOT], ...answers }));
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true });
  }

  private async open({ db, mode, notify }: WorkspaceOptions, io: Io): Promise<Workspace> {
    const store = await openSqliteStore(db, { mode });
    const openEvidence: Workspace['openEvidence'] = ({ evidenceDir }) =>
      openEvidenceDir(evidenceDir, { root: dirname(evidenceDir), redactor: () => createRedactor() });
    const engine = createEngine({
      definition: { ...pilotDefinition, actors: this.actors },
      store,
      openEvidence,
      env: io.env,
      now: () => io.now(),
      redact: (event) => event,
      holder: {
        user: 'operator',
        host: 'jumphost',
        machineId: 'm',
        bootId: 'b',
        pid: process.pid,
        startTime: processStartTime(process.pid),
      },
      notify,
      signal: io.signal,
    });
    return {
      engine,
      store,
      openEvidence,
      observeWorld: () => Promise.resolve(this.world),
      knownSecrets: [],
      logError: () => {},
      close: () => store.close(),
    };
  }
}

/** An effect that fails as an expected failure does. */
export function failing(code: string, message: string): Actor<never, unknown> {
  return () => Promise.reject(new ActorError(code, message));
}

export const VARIABLES = {
  AWS_PROFILE: 'dpp-admin',
  AWS_REGION: 'ap-northeast-2',
  DPP_WORM_BUCKET: 'dpp-audit-worm-test',
  DPP_WORM_PREFIX: 'evidence/cutover',
  DPP_WORM_RETENTION_DAYS: '365',
  DPP_STAGING_BASE_URL: 'https://staging.api.dpp.example.com',
};

export const WORLD: World = {
  gitHead: '0123456789abcdef0123456789abcdef01234567',
  gitBranch: 'phase6-preflight',
  gitStatus: 'clean',
  rcRunnerSha256: 'b'.repeat(64),
  kubeContext: 'staging',
  kubeServer: 'https://127.0.0.1:6443',
  awsAccount: '000000000000',
  awsArn: 'arn:aws:iam::000000000000:user/operator',
  awsRegion: 'ap-northeast-2',
  bucket: 'dpp-audit-worm-test',
  awsEndpointUrl: null,
  awsEndpointUrlS3: null,
  awsEndpointUrlSts: null,
  signerKeyId: null,
  settingsSha256: 'a'.repeat(64),
};

function settingsOf({ directory, evidenceRoot, commitsOk, contextOk, site, variables }: RunRequest): Settings {
  return {
    directory,
    evidenceRoot,
    branches: ['phase6-preflight', 'main'],
    requiredCommits: [],
    commitsOk,
    contextOk,
    awsProfile: 'dpp-admin',
    awsRegion: 'ap-northeast-2',
    bucket: 'dpp-audit-worm-test',
    bucketOwner: null,
    prefix: 'evidence/cutover',
    keyFolder: site.keyFolder,
    lockMode: 'GOVERNANCE',
    retentionDays: 365,
    stagingBaseUrl: 'https://staging.api.dpp.example.com',
    namespace: 'dpp-staging',
    binaryConfigMapKeys: [],
    rcRunner: join(directory, 'runner.sh'),
    deployments: ['dpp-api'],
    stagingDryRunScript: null,
    rollbackDrillScript: null,
    signWith: null,
    tsaUrl: null,
    changeTicket: variables.CUTOVER_CHANGE_TICKET ?? null,
  };
}

export function preflightFacts(request: RunRequest, world = WORLD): StepContracts['checkPreconditions']['output'] {
  const checks = [{ name: '1. branch', ok: true, message: 'phase6-preflight', advice: null }];
  return { checks, settings: settingsOf(request), world, environment: `${world.kubeServer}/dpp-staging`, signer: null };
}

type StandIns = { [A in keyof StepContracts]: Actor<StepContracts[A]['input'], StepContracts[A]['output']> };

const replicaSet = (name: string, revision: number) => ({ uid: name, name, podTemplateHash: name, images: ['api:1'], revision });
const PLAN = { deployments: [{ name: 'dpp-api', original: replicaSet('dpp-api-new', 2), target: replicaSet('dpp-api-old', 1) }] };
const DRILLED = {
  deployments: [{ name: 'dpp-api', uid: 'dpp-api-old', podTemplateHash: 'dpp-api-old', revision: 3, undone: true }],
};

const standIns = (observed: () => World): StandIns => ({
  checkPreconditions: async ({ request }, context) => {
    await write(context, EVIDENCE.preflight, '{}\n');
    return preflightFacts(request, observed());
  },
  captureScope: async (_input, context) => {
    await write(context, EVIDENCE.scope, 'scope\n');
    return { file: EVIDENCE.scope };
  },
  runRcGates: async (_input, context) => {
    await write(context, EVIDENCE.rcGates, 'gate 1 ok\ngate 2 ok\n');
    return { runner: 'runner.sh', exitCode: 0, durationMs: 5, outputBytes: 20 };
  },
  runStagingDryRun: async (_input, context) => {
    await write(context, EVIDENCE.stagingDryRun, 'healthz 200\n');
    return { checks: [], configMaps: 3, secretProviderClasses: 1 };
  },
  drillAppRollback: async (_input, context) => {
    await context.report({ type: 'DRILL_PLANNED', plan: PLAN });
    await write(context, EVIDENCE.rollbackDrill, 'undone\n');
    return DRILLED;
  },
  restoreStaging: async (_input, context) => {
    await write(context, EVIDENCE.rollbackDrill, 'restored\n', true);
    return DRILLED;
  },
  prepareCheckpoint: async (input, { evidence, runId }) => {
    await evidence.write(EVIDENCE.checkpoint, checkpointTemplate({ runId, ...input }));
    await evidence.makeDirectory(EVIDENCE.screenshots);
    return { file: EVIDENCE.checkpoint, directory: EVIDENCE.screenshots };
  },
  scanEvidence,
  createArchive,
  hashArchive,
  computeRetention,
  uploadToWorm: async ({ key }, context) => {
    await context.report({ type: 'UPLOAD_BEGUN', key, uploadId: 'upload-1' });
    return { versionId: 'version-1', etag: 'etag-1', adopted: false, checksum: 'checksum-1' };
  },
  verifyUpload: ({ retainUntil }) =>
    Promise.resolve({ lockMode: 'GOVERNANCE', retainUntil, contentVerifiedBy: 'checksum-sha256' }),
  publishSummary: async ({ summary }: SummaryInput, { evidence }) => {
    await evidence.write(EVIDENCE.summary, resultSummary(summary));
    return { verdict: summary.verdict, objects: [] };
  },
});

async function write(context: ActorContext, name: string, text: string, append = false): Promise<void> {
  const log = await context.openLog(name, { append });
  await log.write(text);
  await log.close();
}

/** A directory for a file that a test gives to a command. */
export function fileIn(directory: string, name: string, content: string): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}
