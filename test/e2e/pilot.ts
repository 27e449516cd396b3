import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { createPilotSite, type PilotSite, type PilotSiteOptions } from '../../demo/pilot-site.js';
import { playVerifier } from '../../demo/play-verifier.js';
import type { Answers } from '../evidence/complete-checkpoint.js';
import { QUICK_KUBECTL } from '../services/kubernetes/kubectl.js';
import { WarmCli } from './warm-cli.js';

const CLI = resolve('dist/bin/cutover.js');
/** Milliseconds: what a cluster takes longer for proves nothing more. */
const QUICK_ROLLOUTS = { observeMs: 5, rolloutMs: 20 };

/** This command finds a document of the package by the place of the built CLI. */
const PLACED = 'export';

export interface CliResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Added to the site's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A command that the CLI is started through: it gets the command line of the CLI as its last arguments. */
  readonly through?: readonly string[];
}

export interface PilotOptions extends PilotSiteOptions {
  /** One process makes all commands (see WarmCli). Default: each has one of its own, as for a person. */
  readonly warm?: boolean;
}

/** A pilot site in a temporary directory, and the built CLI as a process in it. */
export class Pilot {
  readonly #left: ChildProcess[] = [];

  private constructor(
    readonly directory: string,
    readonly site: PilotSite,
    private readonly warm: WarmCli | null,
  ) {}

  static async create({ warm = false, ...options }: PilotOptions = {}): Promise<Pilot> {
    if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build`);
    const directory = await mkdtemp(join(tmpdir(), 'cutover-e2e-'));
    const site = await createPilotSite(directory, options);
    await site.kubernetes.control({ timing: QUICK_ROLLOUTS });
    return new Pilot(directory, { ...site, env: { ...site.env, ...QUICK_KUBECTL } }, warm ? new WarmCli() : null);
  }

  /** Stops a driver, until it is gone on with or the site is no more; not within a write, where it would keep the database locked. */
  async stop(child: ChildProcess): Promise<void> {
    this.#left.push(child);
    await until('the driver is stopped between two writes', () => {
      child.kill('SIGSTOP');
      if (isWritable(join(this.site.repository, '.cutover/cutover.db'))) return true;
      child.kill('SIGCONT');
      return false;
    });
  }

  async dispose(): Promise<void> {
    for (const child of this.#left) child.kill('SIGKILL');
    await this.warm?.stop();
    await this.site.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Keeps repository, database, evidence and HOME as they are, for `restore`. */
  async save(): Promise<void> {
    for (const path of this.#saved()) await cp(path, this.#copyOf(path), { recursive: true, preserveTimestamps: true });
  }

  /** Brings back what `save` kept, and an empty bucket. */
  async restore(): Promise<void> {
    for (const path of this.#saved()) {
      await rm(path, { recursive: true, force: true });
      await cp(this.#copyOf(path), path, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    }
    this.site.s3.control({ bucket: { create: true, forget: true, versioning: 'Enabled' } });
  }

  /** The same, and a staging as on the first day: what `save` kept must know nothing of its deployments. */
  async restoreAll(): Promise<void> {
    await this.restore();
    await this.site.kubernetes.reset();
    await this.site.kubernetes.control({ timing: QUICK_ROLLOUTS });
  }

  #saved(): string[] {
    return [this.site.repository, this.site.env['HOME'] ?? ''];
  }

  #copyOf(path: string): string {
    return join(this.directory, 'saved', basename(path));
  }

  get evidenceRoot(): string {
    return this.site.evidenceRoot;
  }

  /** Runs to the end. */
  async cutover(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    const { env, through = [] } = options;
    if (this.warm !== null && through.length === 0 && args[0] !== PLACED)
      return this.warm.run(args, this.environment(env), this.site.repository);
    return finished(this.spawn(args, options));
  }

  /** Starts the CLI and leaves it running. */
  spawn(args: readonly string[], { env = {}, through = [] }: CliOptions = {}): ChildProcess {
    const [command, ...before] = [...through, process.execPath];
    return spawn(command ?? process.execPath, [...before, CLI, ...args], {
      cwd: this.site.repository,
      env: this.environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** The site's, with these changes: undefined takes a variable away. */
  environment(changes: CliOptions['env'] = {}): Record<string, string> {
    const all = Object.entries({ ...this.site.env, ...changes });
    return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  }

  /** What `cutover <args> --json` prints as one document. */
  async json<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
    const { stdout, stderr } = await this.cutover([...args, '--json'], options);
    try {
      return JSON.parse(stdout) as T;
    } catch (error) {
      throw new Error(`cutover ${args.join(' ')} --json printed no JSON: ${stdout || stderr}`, { cause: error });
    }
  }

  async runIds(): Promise<string[]> {
    if (!existsSync(this.evidenceRoot)) return [];
    return (await readdir(this.evidenceRoot)).filter((name) => /^\d{8}T\d{6}Z$/.test(name)).sort();
  }

  /** The newest run's evidence directory. */
  async runDirectory(): Promise<string> {
    const runId = (await this.runIds()).at(-1);
    if (runId === undefined) throw new Error(`no run below ${this.evidenceRoot}`);
    return join(this.evidenceRoot, runId);
  }

  async evidence(name: string): Promise<string> {
    return readFile(join(await this.runDirectory(), name), 'utf8');
  }

  /** Completes the checkpoint as the human would. */
  async verify(answers: Partial<Answers> = {}): Promise<void> {
    await playVerifier(await this.runDirectory(), answers);
  }
}

function isWritable(database: string): boolean {
  const db = new Database(database, { timeout: 0 });
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return false;
    throw error;
  } finally {
    db.close();
  }
}

export async function finished(child: ChildProcess): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolveResult, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolveResult({ exitCode, signal, stdout, stderr }));
  });
}

/** Waits until the condition holds, looking every 20 ms; fails after `timeoutMs` saying for what it waited. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
