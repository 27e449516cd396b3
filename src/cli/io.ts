import type { RunRequest, Settings, World } from '../config/settings.js';
import type { PreflightFacts } from '../config/step-contracts.js';
import type { Engine, EngineNotice } from '../engine/engine.js';
import type { EvidenceDir } from '../evidence/evidence-dir.js';
import type { KnownSecret } from '../evidence/known-secrets.js';
import type { Store } from '../store/store.js';

/** Where a command writes to. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** All that a command has of the world, so that a test calls it without a process. */
export interface Io {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
  /** The account of the operating system. */
  osUser(): string;
  now(): Date;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  delay(ms: number): Promise<void>;
  /** Aborted (reason: `InterruptedError`) by SIGINT, SIGTERM, SIGHUP; the handlers are there from the first look at it. */
  readonly signal: AbortSignal;
  /**
   * Asks the person at the terminal for a line; null where stdin is none. Gives null when the person leaves (Ctrl-D), and rejects with
   * `InterruptedError` for Ctrl-C.
   */
  readonly prompt: ((question: string) => Promise<string | null>) | null;
  readonly parts: Parts;
}

/** The heavy parts, loaded when a command needs them. */
export interface Parts {
  openWorkspace(options: WorkspaceOptions, io: Io): Promise<Workspace>;
  /** The preflight's checks alone; writes nothing. Throws the `ActorError` of the failed preflight. */
  checkPreconditions(request: RunRequest, io: Io, progress: (line: string) => void): Promise<PreflightFacts>;
}

export interface WorkspaceOptions {
  /** The database file, absolute. */
  readonly db: string;
  /** `create` makes the database; `write` and `read` never do. */
  readonly mode: 'create' | 'write' | 'read';
  readonly command: string;
  readonly notify: (notice: EngineNotice) => void;
}

/** The store with an engine on it. */
export interface Workspace {
  readonly engine: Engine;
  readonly store: Store;
  openEvidence(run: { readonly runId: string; readonly evidenceDir: string }): EvidenceDir;
  /**
   * Looks at the world as it is now: git, the RC runner, the kubeconfig (the cluster is not asked), AWS, and the key of the attestation
   * where that is not known.
   */
  observeWorld(settings: Settings, known: Pick<World, 'signerKeyId'> | null): Promise<World>;
  readonly knownSecrets: readonly KnownSecret[];
  /** Writes to the log in `.cutover/logs/`. */
  logError(error: unknown, runId: string | null): void;
  close(): Promise<void>;
}
