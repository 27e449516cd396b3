import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { EvidenceLog, WrittenFile } from './evidence-dir.js';
import { EvidenceError, toEvidenceError } from './evidence-error.js';
import type { Redactor } from './redaction.js';

/**
 * A log on the local disk: chunks are redacted in the order of the calls, and written in that order even when the caller
 * does not wait. After the first failed write every later call fails with the same `EvidenceError`.
 */
export class LocalEvidenceLog implements EvidenceLog {
  readonly #hash = createHash('sha256');
  #size = 0;
  #last: Promise<void> = Promise.resolve();
  #failure: EvidenceError | null = null;
  #closed: Promise<WrittenFile> | null = null;

  constructor(
    readonly file: string,
    private readonly handle: FileHandle,
    private readonly redactor: Redactor,
  ) {}

  /** Takes what the file holds already into the digest; only before the first write. */
  async goOnAfter(content: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of content) {
      this.#hash.update(chunk);
      this.#size += chunk.length;
    }
  }

  write(chunk: string | Uint8Array): Promise<void> {
    if (this.#closed !== null) {
      return Promise.reject(new EvidenceError('CLOSED', this.file, 'The log is closed', 'Open it again under a new attempt.'));
    }
    return this.#enqueue(this.redactor.push(chunk));
  }

  close(): Promise<WrittenFile> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  #enqueue(bytes: Uint8Array): Promise<void> {
    const written = this.#last.then(() => this.#append(bytes));
    this.#last = written.catch((error: unknown) => {
      this.#failure ??= toEvidenceError(error, 'write', this.file);
    });
    return written;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (bytes.length === 0) return;
    try {
      await this.handle.appendFile(bytes);
    } catch (error) {
      throw toEvidenceError(error, 'write', this.file);
    }
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }

  async #finish(): Promise<WrittenFile> {
    try {
      await this.#enqueue(this.redactor.flush());
      await this.handle.sync();
      const { size } = await this.handle.stat();
      if (size !== this.#size) {
        const what = `${this.#size} bytes of log were written, the file has ${size}`;
        throw new EvidenceError('CHANGED', this.file, what, 'Find out who else writes to it, then run the step again.');
      }
    } catch (error) {
      throw toEvidenceError(error, 'write', this.file);
    } finally {
      await this.handle.close();
    }
    return { sha256: this.#hash.digest('hex'), size: this.#size };
  }
}
