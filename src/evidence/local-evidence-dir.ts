import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { digestOf } from './digest-of.js';
import type { ByteRange, EvidenceDir, EvidenceEntry, EvidenceLog, WrittenFile } from './evidence-dir.js';
import { EvidenceError, notRegular, toEvidenceError } from './evidence-error.js';
import { LocalEvidenceLog } from './local-evidence-log.js';
import type { Redactor } from './redaction.js';
import { requireRealDirectory, resolveSafely } from './safe-path.js';

export interface LocalEvidenceOptions {
  /** The evidence root: it gets the `.gitignore` that keeps every run, and nothing else, out of `git status`. */
  readonly root: string;
  /** Makes the redactor of one log. */
  readonly redactor: () => Redactor;
}

/** The evidence directory of a run on the local file system. Touches nothing until a method is called. Errors: `EvidenceError`. */
export function openEvidenceDir(path: string, options: LocalEvidenceOptions): EvidenceDir {
  return new LocalEvidenceDir(resolve(path), resolve(options.root), options.redactor);
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const DEFAULT_MAX_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

class LocalEvidenceDir implements EvidenceDir {
  constructor(
    readonly path: string,
    private readonly root: string,
    private readonly redactor: () => Redactor,
  ) {}

  async create(): Promise<void> {
    await attempt('write', this.path, async () => {
      await mkdir(this.path, { recursive: true });
      await mkdir(this.root, { recursive: true });
      await ignoreInGit(this.root);
      await syncDirectory(this.root);
      await syncDirectory(dirname(this.path));
    });
  }

  async exists(name: string): Promise<boolean> {
    return (await resolveSafely(this.path, name)).found !== null;
  }

  async write(name: string, content: string | Uint8Array): Promise<WrittenFile> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const path = await this.#writable(name);
    const partial = await this.#writable(`${name}.partial`);
    return attempt('write', name, async () => {
      const handle = await open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(partial, path);
      await syncDirectory(dirname(path));
      return { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
    });
  }

  async openLog(name: string, options: { readonly append?: boolean } = {}): Promise<EvidenceLog> {
    const path = await this.#writable(name);
    const before = options.append === true && (await this.exists(name)) ? this.#chunks(name) : null;
    return attempt('write', name, async () => {
      const flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | (before === null ? O_TRUNC : O_APPEND);
      const log = new LocalEvidenceLog(name, await open(path, flags, 0o644), this.redactor());
      if (before !== null) await log.goOnAfter(before);
      await syncDirectory(dirname(path));
      return log;
    });
  }

  async read(name: string, maxBytes: number = DEFAULT_MAX_BYTES): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#chunks(name)) {
      size += chunk.length;
      if (size > maxBytes) {
        const todo = 'Read it as a stream, or find out why it has grown.';
        throw new EvidenceError('TOO_LARGE', name, `The evidence file has more than ${maxBytes} bytes`, todo);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  stream(name: string, range?: ByteRange): Readable {
    return Readable.from(this.#chunks(name, range), { objectMode: false });
  }

  async rename(from: string, to: string): Promise<void> {
    const source = await this.#present(from);
    const { path: target, found } = await resolveSafely(this.path, to);
    if (found !== null) {
      throw new EvidenceError('EXISTS', to, 'Evidence is never overwritten by a rename', `Choose another name for ${from}.`);
    }
    await attempt('write', to, async () => {
      await rename(source, target);
      await syncDirectory(dirname(target));
      if (dirname(source) !== dirname(target)) await syncDirectory(dirname(source));
    });
  }

  async makeDirectory(name: string): Promise<void> {
    const { path, found } = await resolveSafely(this.path, name);
    if (found?.isFile() === true) throw notRegular(name, 'a file where a folder is wanted');
    if (found !== null) return;
    await attempt('write', name, async () => {
      await mkdir(path);
      await syncDirectory(dirname(path));
    });
  }

  async list(): Promise<EvidenceEntry[]> {
    const entries: EvidenceEntry[] = [];
    await requireRealDirectory(this.path);
    await this.#collect('', entries);
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  digest(name: string): Promise<WrittenFile> {
    return digestOf(this.#chunks(name));
  }

  async #writable(name: string): Promise<string> {
    const { path, found } = await resolveSafely(this.path, name);
    if (found?.isDirectory() === true) throw notRegular(name, 'a folder');
    return path;
  }

  async #present(name: string): Promise<string> {
    const { path, found } = await resolveSafely(this.path, name);
    if (found === null) throw toEvidenceError(Object.assign(new Error('no such file'), { code: 'ENOENT' }), 'read', name);
    return path;
  }

  async *#chunks(name: string, { start, end }: ByteRange = { start: 0, end: Infinity }): AsyncGenerator<Buffer> {
    const path = await this.#writable(name);
    // O_NONBLOCK: a FIFO put here after the look at it must not hang the reader; it is refused by the fstat below.
    const handle = await attempt('read', name, () => open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    try {
      const stats = await attempt('read', name, () => handle.stat());
      if (!stats.isFile()) throw notRegular(name, 'a special file');
      for (let position = start; position < end;) {
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position));
        const { bytesRead } = await attempt('read', name, () => handle.read(buffer, 0, buffer.length, position));
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }

  async #collect(folder: string, into: EvidenceEntry[]): Promise<void> {
    const shown = folder === '' ? '.' : folder;
    const children = await attempt('read', shown, () => readdir(join(this.path, folder), { withFileTypes: true }));
    for (const child of children) {
      const name = folder === '' ? child.name : `${folder}/${child.name}`;
      if (child.name.includes('�')) {
        throw new EvidenceError('UNSAFE_NAME', name, 'The name of an evidence file is not UTF-8', 'Rename the file.');
      }
      const stats = await attempt('read', name, () => this.#look(name));
      if (stats === null) continue;
      if (stats.isDirectory()) await this.#collect(name, into);
      else if (stats.isFile()) into.push({ name, size: stats.size });
      else throw notRegular(name, stats.isSymbolicLink() ? 'a symbolic link' : 'a special file');
    }
  }

  /** Null for the temporary file of a write that ended between the listing and this look: it was never evidence. */
  async #look(name: string): Promise<Stats | null> {
    try {
      return await lstat(join(this.path, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && name.endsWith('.partial')) return null;
      throw error;
    }
  }
}

/** Itself and the runs, each a directory or what was put in its place: what else is untracked in the root must be seen. */
const IGNORED = `/.gitignore\n/${'[0-9]'.repeat(8)}T${'[0-9]'.repeat(6)}Z\n`;

/** Without it, the runbook's pre-condition 8 would fail the second run. */
async function ignoreInGit(root: string): Promise<void> {
  try {
    await writeFile(join(root, '.gitignore'), IGNORED, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A rename or a new name is durable only when its directory is synced as well. */
async function syncDirectory(path: string): Promise<void> {
  const handle: FileHandle = await open(path, O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt<T>(doing: 'read' | 'write', file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toEvidenceError(error, doing, file);
  }
}
