import { Readable } from 'node:stream';
import { digestOf } from '../../evidence/digest-of.js';
import type { EvidenceEntry, EvidenceSource, WrittenFile } from '../../evidence/evidence-dir.js';
import { EvidenceError } from '../../evidence/evidence-error.js';
import { ActorError } from '../actor.js';
import { s3Error } from './errors.js';
import { listFolder, type VersionIds } from './list-folder.js';
import { readRetention } from './retention.js';
import { call, type Answer, type S3Session } from './session.js';

/** The lock of a version as S3 shows it. */
export interface ShownLock {
  readonly mode: string | undefined;
  readonly retainUntil: Date | undefined;
  readonly legalHold: boolean;
}

/**
 * A sealed run's folder in the bucket, read version by version. Of a name with more than one version, or with a delete marker,
 * nothing is read: nobody could say which of them was sealed. What S3 refuses or does not answer is an `EvidenceError`.
 */
export class LockedFolder implements EvidenceSource {
  private constructor(
    private readonly session: S3Session,
    private readonly folder: string,
    readonly versions: ReadonlyMap<string, VersionIds>,
  ) {}

  /** `folder` ends with a slash. Errors: those of S3 and its list. */
  static async open(session: S3Session, folder: string): Promise<LockedFolder> {
    return new LockedFolder(session, folder, await listFolder(session, folder));
  }

  exists(name: string): Promise<boolean> {
    return Promise.resolve(this.versions.has(name));
  }

  list(): Promise<EvidenceEntry[]> {
    const names = [...this.versions.keys()].sort();
    return Promise.resolve(names.map((name) => ({ name, size: this.versions.get(name)?.size ?? 0 })));
  }

  stream(name: string): Readable {
    return Readable.from(this.#chunks(name), { objectMode: false });
  }

  async read(name: string, maxBytes = 1024 * 1024): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#chunks(name)) {
      size += chunk.length;
      if (size > maxBytes)
        throw new EvidenceError('TOO_LARGE', name, `The object has more than ${maxBytes} bytes`, 'Look at it by hand.');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  digest(name: string): Promise<WrittenFile> {
    return digestOf(this.#chunks(name));
  }

  /** HeadObject hides the lock from callers who may not see it; then GetObjectRetention is asked, and says that there is none, or why. */
  async lock(name: string): Promise<ShownLock> {
    const head = await this.#head(name);
    const legalHold = head.ObjectLockLegalHoldStatus === 'ON';
    if (head.ObjectLockMode !== undefined && head.ObjectLockRetainUntilDate !== undefined) {
      return { mode: head.ObjectLockMode, retainUntil: head.ObjectLockRetainUntilDate, legalHold };
    }
    const lock = await this.#given(name, readRetention(this.session, this.folder + name, this.#version(name)));
    return { mode: lock?.mode, retainUntil: lock?.retainUntil, legalHold };
  }

  #head(name: string) {
    return this.#ask(name, 'HeadObject', (version, options) => this.session.client.headObject(version, options));
  }

  async *#chunks(name: string): AsyncGenerator<Buffer, void, undefined> {
    const { Body } = await this.#ask(name, 'GetObject', (version, options) => this.session.client.getObject(version, options));
    try {
      for await (const chunk of Body as Readable) yield chunk as Buffer;
    } catch (error) {
      this.session.signal.throwIfAborted();
      const { bucket, region } = this.session;
      throw unreadable(name, s3Error(error, { operation: 'GetObject', bucket, key: this.folder + name, region }));
    }
  }

  async #ask<T extends Answer>(
    name: string,
    operation: string,
    request: (
      version: { Bucket: string; Key: string; VersionId: string },
      options: { readonly abortSignal: AbortSignal },
    ) => Promise<T>,
  ): Promise<T> {
    const key = this.folder + name;
    const versionId = this.#version(name);
    const version = { Bucket: this.session.bucket, Key: key, VersionId: versionId };
    const facts = { key, 'version-id': versionId };
    return this.#given(
      name,
      call(this.session, operation, facts, (options) => request(version, options)),
    );
  }

  async #given<T>(name: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ActorError) throw unreadable(name, error);
      throw error;
    }
  }

  #version(name: string): string {
    const { versions, deleteMarkers } = this.versions.get(name) ?? { versions: [], deleteMarkers: [] };
    const [only, ...others] = versions;
    if (only !== undefined && others.length === 0 && deleteMarkers.length === 0) return only;
    if (only === undefined && deleteMarkers.length === 0) {
      throw new EvidenceError('MISSING', name, 'There is no such object in the bucket', 'Find out who removed it.');
    }
    const what = `There are ${versions.length} versions and ${deleteMarkers.length} delete markers in the bucket`;
    throw new EvidenceError('CHANGED', name, what, 'Find out who wrote or deleted there; exactly one version was sealed.');
  }
}

function unreadable(name: string, error: ActorError): EvidenceError {
  return new EvidenceError('READ_FAILED', name, `S3 did not give it (${error.message})`, 'Check credentials, region and bucket.');
}
