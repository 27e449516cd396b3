import { execFile, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { recordedLogDifferences } from '../../src/cli/recorded-logs.js';
import { openEvidenceDir } from '../../src/evidence/local-evidence-dir.js';
import { createRedactor } from '../../src/evidence/redaction.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { finished, Pilot, type CliResult } from '../e2e/pilot.js';
import type { FaultCase } from './fault-case.js';

const exec = promisify(execFile);

/** Digest (SHA-256, hex) and size in bytes of each file of evidence. */
export type Evidence = ReadonlyMap<string, number>;

/** A pilot site on which one thing at a time goes wrong, and is mended again. */
export class FaultPilot {
  #changes: Record<string, string | undefined> = {};
  #through: readonly string[] = [];
  #background: { readonly child: ChildProcess; readonly ended: Promise<CliResult> } | null = null;
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(private readonly pilot: Pilot) {}

  static async create(): Promise<FaultPilot> {
    return new FaultPilot(await Pilot.create({ warm: true }));
  }

  async dispose(): Promise<void> {
    await this.killBackground();
    await Promise.all(this.#stops.map((stop) => stop()));
    await this.pilot.dispose();
  }

  /** Has a server of a case's own stopped with the site. */
  stopWithSite(server: { stop(): Promise<void> }): void {
    this.#stops.push(() => server.stop());
  }

  get site() {
    return this.pilot.site;
  }

  /** The temporary directory of the site; the repository and HOME are below it. */
  get directory(): string {
    return this.pilot.directory;
  }

  get repository(): string {
    return this.pilot.site.repository;
  }

  get home(): string {
    return this.pilot.site.env['HOME'] ?? '';
  }

  /**
   * Runs a command with the site's environment and the variables that were changed; `meanwhile` acts while it runs. It has a process of
   * its own wherever the process matters: for what is done to it while it runs, and for limits and permissions.
   */
  async cutover(args: readonly string[], meanwhile?: FaultCase['meanwhile']): Promise<CliResult> {
    if (meanwhile !== undefined) return this.process(args, meanwhile);
    return this.pilot.cutover(args, { env: this.#changes, through: this.#through });
  }

  /** The same by the built CLI, as a person starts it. */
  async process(args: readonly string[], meanwhile?: FaultCase['meanwhile']): Promise<CliResult> {
    const command = this.pilot.spawn(args, { env: this.#changes, through: this.#through });
    const result = finished(command);
    try {
      await meanwhile?.(this, command);
    } catch (error) {
      command.kill('SIGKILL');
      await result;
      throw error;
    }
    return result;
  }

  /** Starts a command that goes on while others are made, at the latest until the site is no more. */
  startInBackground(args: readonly string[]): void {
    const child = this.pilot.spawn(args, { env: this.#changes });
    this.#background = { child, ended: finished(child) };
  }

  get backgroundPid(): number | undefined {
    return this.#background?.child.pid;
  }

  /** Kills that command, as a crash would. */
  async killBackground(): Promise<void> {
    this.#background?.child.kill('SIGKILL');
    await this.#background?.ended;
    this.#background = null;
  }

  /** For the commands that follow, until `clearFaults`; undefined takes the variable away. */
  setVariable(name: string, value: string | undefined): void {
    this.#changes[name] = value;
  }

  /** Starts the CLI, and so its children, with a limit to the size of the files that they write: a write beyond it fails (EFBIG). */
  limitFileSize(kibibytes: number): void {
    this.#through = ['sh', '-c', `ulimit -f ${kibibytes * 2}; exec "$@"`, 'sh'];
  }

  /** Starts the CLI so that permission bits bind it, which they do not for root. */
  bindByPermissions(): void {
    this.#through = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'] : [];
  }

  git(...args: string[]): Promise<{ stdout: string }> {
    return exec('git', args, { cwd: this.repository });
  }

  /** The real kubectl in a third party's hands, on the site's staging. */
  kubectl(...args: string[]): Promise<{ stdout: string }> {
    return exec('kubectl', args, { env: this.site.env });
  }

  get kubeconfig(): string {
    return this.site.env['KUBECONFIG'] ?? '';
  }

  /** Runs the file's text through `change`: an editor's work. */
  async rewrite(path: string, change: (text: string) => string): Promise<void> {
    const before = await this.read(path);
    const after = change(before);
    if (after === before) throw new Error(`nothing was changed in ${path}`);
    await writeFile(path, after);
  }

  /** A file of the repository, or any by its absolute path. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await writeFile(resolve(this.repository, path), content);
  }

  async writeScript(path: string, script: string | Uint8Array): Promise<void> {
    await this.write(path, script);
    await chmod(resolve(this.repository, path), 0o755);
  }

  /**
   * Puts a shell script before the real command on the PATH; `"$REAL" "$@"` in it calls the real one.
   * Source of the idea: a broken installation, a wrapper, another version that comes first.
   */
  async shadow(command: string, script: string): Promise<void> {
    const bin = join(this.directory, 'bin');
    await mkdir(bin, { recursive: true });
    const file = join(bin, command);
    await writeFile(file, `#!/bin/sh\nREAL='${this.#find(command)}'\n${script}\n`);
    await chmod(file, 0o755);
    this.setVariable('PATH', [bin, this.site.env['PATH']].join(delimiter));
  }

  /** A PATH on which everything is but this command. */
  async without(command: string): Promise<void> {
    const bin = join(this.directory, `without-${command}`);
    await mkdir(bin);
    const seen = new Set([command]);
    for (const folder of this.#path()) {
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        if (seen.has(name)) continue;
        seen.add(name);
        await symlink(join(folder, name), join(bin, name));
      }
    }
    this.setVariable('PATH', bin);
  }

  /** Takes back every changed variable and every fault of the stand-ins. */
  async clearFaults(): Promise<void> {
    this.#changes = {};
    this.#through = [];
    const { kubernetes, s3, staging } = this.site;
    s3.control({ clearFaults: true, deny: [], credentials: 'valid', clockOffsetSeconds: 0 });
    staging.control({ clearFaults: true });
    await kubernetes.control([{ down: false }, { clearFaults: true }, { crd: true }, { stuck: [] }]);
  }

  /** The newest run's evidence directory, or null before there is one. */
  async runDirectory(): Promise<string | null> {
    return (await this.pilot.runIds()).length === 0 ? null : this.pilot.runDirectory();
  }

  /** The ids of all runs, the oldest first. */
  runIds(): Promise<string[]> {
    return this.pilot.runIds();
  }

  /** What a file holds; nothing when there is none. */
  async read(path: string): Promise<string> {
    return existsSync(path) ? readFile(path, 'utf8') : '';
  }

  /** A file of the newest run's evidence. */
  async evidenceFile(name: string): Promise<string> {
    return join(await this.pilot.runDirectory(), name);
  }

  /** The bucket's key of an object of the newest run. */
  async objectKey(name: string): Promise<string> {
    return `${this.site.env['DPP_WORM_PREFIX']}/phase6_4_cutover/${basename(await this.pilot.runDirectory())}/${name}`;
  }

  get database(): string {
    return join(this.repository, '.cutover/cutover.db');
  }

  /** What `cutover doctor` would say of the database and of each run's logs, without a process of its own for each of hundreds of cases. */
  async recordFaults(): Promise<string[]> {
    // Before the first run there is no record.
    if (!existsSync(this.database)) return [];
    const store = await openSqliteStore(this.database, { mode: 'read' });
    try {
      const faults = [...(await store.check()).faults];
      for (const { runId, evidenceDir } of await store.listRuns()) {
        const evidence = openEvidenceDir(evidenceDir, { root: dirname(evidenceDir), redactor: () => createRedactor() });
        const differences = await recordedLogDifferences(await store.attempts(runId), evidence);
        faults.push(...differences.map(({ file, message }) => `${file}: ${message}`));
      }
      return faults;
    } finally {
      await store.close();
    }
  }

  /** Replaces a part of an evidence file, which must be there. */
  async edit(name: string, from: string, to: string): Promise<void> {
    const file = await this.evidenceFile(name);
    const text = await readFile(file, 'utf8');
    if (!text.includes(from)) throw new Error(`${name} does not hold ${JSON.stringify(from)}`);
    await writeFile(file, text.replace(from, to));
  }

  /** Completes the checkpoint as the human would. */
  verify(): Promise<void> {
    return this.pilot.verify();
  }

  /** Every file below the evidence root, of all runs, whatever its name is now: nothing recorded may get lost. */
  evidence(): Evidence {
    return new Map(this.#evidenceFiles().map((file) => [sha256(readFileSync(file)), statSync(file).size]));
  }

  /** Of what was there, the digests of what is there no more: neither as a file nor as the beginning of one, as a log grows. */
  lost(recorded: Evidence): string[] {
    const now = this.evidence();
    const gone = [...recorded].filter(([digest]) => !now.has(digest));
    const files = gone.length === 0 ? [] : this.#evidenceFiles().map((file) => readFileSync(file));
    return gone
      .filter(([digest, size]) => !files.some((bytes) => bytes.length > size && sha256(bytes.subarray(0, size)) === digest))
      .map(([digest]) => digest);
  }

  #evidenceFiles(): string[] {
    if (!existsSync(this.pilot.evidenceRoot)) return [];
    return readdirSync(this.pilot.evidenceRoot, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((file) => join(file.parentPath, file.name));
  }

  /** The files of the repository, with evidence and database, in which these bytes stand. */
  filesWith(text: string): string[] {
    return readdirSync(this.repository, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file).includes(text));
  }

  /** Keeps repository, database, evidence and HOME as they are, for `restore`. */
  save(): Promise<void> {
    return this.pilot.save();
  }

  /** Brings back what `save` kept, and an empty bucket; no fault remains. */
  async restore(): Promise<void> {
    await this.clearFaults();
    await this.pilot.restore();
    await this.#unshadow();
  }

  /** The same, and a staging as on the first day. */
  async restoreAll(): Promise<void> {
    await this.clearFaults();
    await this.pilot.restoreAll();
    await this.#unshadow();
  }

  async #unshadow(): Promise<void> {
    await rm(join(this.directory, 'bin'), { recursive: true, force: true });
  }

  #path(): string[] {
    return (this.site.env['PATH'] ?? '').split(delimiter);
  }

  #find(command: string): string {
    const found = this.#path()
      .map((folder) => join(folder, command))
      .find((file) => existsSync(file));
    if (found === undefined) throw new Error(`${command} is not on the PATH: ${this.site.env['PATH']}`);
    return found;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
