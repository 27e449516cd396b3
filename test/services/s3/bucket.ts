import { randomBytes } from 'node:crypto';
import type { Checksum } from './checksums.js';
import type { Upload } from './multipart-upload.js';
import { assertDeletable, type DefaultRetention, type Locked, type Retention } from './retention.js';

/** A file with bytes of an object, or of a part of one. */
export interface StoredPiece {
  readonly file: string;
  readonly size: number;
}

/** One version of an object, or a delete marker. The bytes lie in the `pieces`, one after the other; everything else is here. */
export interface StoredVersion extends Locked {
  readonly key: string;
  /** `null` (the four letters) in a bucket without versioning, as S3 calls it. */
  readonly versionId: string;
  readonly deleteMarker: boolean;
  readonly storedAt: Date;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Hex, of the stored bytes; for tests, never answered. */
  readonly sha256: string;
  readonly pieces: readonly StoredPiece[];
  readonly checksum: Checksum | undefined;
  /** Content-Type, Content-Encoding, x-amz-meta-* ... as they will be answered. */
  readonly headers: Readonly<Record<string, string>>;
  retention: Retention | undefined;
  legalHold: boolean | undefined;
}

export type NewVersion = Omit<StoredVersion, 'versionId' | 'deleteMarker'>;

export interface BucketOptions {
  readonly name: string;
  readonly region: string;
  /** Account id. */
  readonly owner: string;
  readonly versioning?: 'Enabled' | 'Suspended' | undefined;
  readonly objectLock?: { readonly defaultRetention?: DefaultRetention | undefined } | undefined;
}

/** A bucket: for each key its versions, newest first. */
export class Bucket {
  readonly name: string;
  region: string;
  /** Account id; `x-amz-expected-bucket-owner` is compared with it. */
  owner: string;
  /** undefined: never enabled, which is not the same as `Suspended`. */
  versioning: 'Enabled' | 'Suspended' | undefined;
  objectLock: { readonly defaultRetention?: DefaultRetention | undefined } | undefined;

  /** Multipart uploads in progress, by their ids. */
  readonly uploads = new Map<string, Upload>();

  private readonly history = new Map<string, StoredVersion[]>();
  private readonly changes = new Map<string, number>();

  constructor(options: BucketOptions) {
    this.name = options.name;
    this.region = options.region;
    this.owner = options.owner;
    this.objectLock = options.objectLock;
    // Object Lock works on versions only, so S3 enables versioning with it.
    this.versioning = options.objectLock ? 'Enabled' : options.versioning;
  }

  /** Everything that is stored, whatever its lock. */
  forget(): void {
    this.history.clear();
    this.changes.clear();
    this.uploads.clear();
  }

  /** The newest version or delete marker of the key. */
  current(key: string): StoredVersion | undefined {
    return this.history.get(key)?.[0];
  }

  version(key: string, versionId: string): StoredVersion | undefined {
    return this.history.get(key)?.find((version) => version.versionId === versionId);
  }

  isLatest(version: StoredVersion): boolean {
    return this.current(version.key) === version;
  }

  /** Counts what happened to the key, so that a conditional write notices what came between its start and its end. */
  changesOf(key: string): number {
    return this.changes.get(key) ?? 0;
  }

  /** Adds a version; without versioning it replaces the one named `null`, and that one is returned in `replaced`. */
  put(version: NewVersion): { stored: StoredVersion; replaced: StoredVersion | undefined } {
    return this.push({ ...version, versionId: this.nextVersionId(), deleteMarker: false });
  }

  /** DELETE without a version id: a delete marker on top, or, in a bucket that never had versioning, the end of the object. */
  deleteCurrent(key: string, now: Date): { marker: StoredVersion | undefined; removed: StoredVersion | undefined } {
    if (this.versioning === undefined) return { marker: undefined, removed: this.remove(key, 'null') };
    const { stored, replaced } = this.push(deleteMarker(key, this.nextVersionId(), now));
    return { marker: stored, removed: replaced };
  }

  /** DELETE of one version for good; throws 403 when a lock forbids it. Undefined: there was no such version, which S3 does not mind. */
  deleteVersion(key: string, versionId: string, now: Date, bypassGovernance: boolean): StoredVersion | undefined {
    const version = this.version(key, versionId);
    if (!version) return undefined;
    assertDeletable(version, now, bypassGovernance);
    return this.remove(key, versionId);
  }

  /** All versions whose key starts with `prefix`: by key in UTF-8 order, then newest first. */
  versions(prefix = ''): StoredVersion[] {
    return [...this.history.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap((key) => this.history.get(key) ?? []);
  }

  private push(version: StoredVersion): { stored: StoredVersion; replaced: StoredVersion | undefined } {
    const replaced = version.versionId === 'null' ? this.remove(version.key, 'null') : undefined;
    this.history.set(version.key, [version, ...(this.history.get(version.key) ?? [])]);
    this.countChange(version.key);
    return { stored: version, replaced };
  }

  private remove(key: string, versionId: string): StoredVersion | undefined {
    const removed = this.version(key, versionId);
    if (!removed) return undefined;
    const rest = this.history.get(key)?.filter((version) => version !== removed) ?? [];
    if (rest.length > 0) this.history.set(key, rest);
    else this.history.delete(key);
    this.countChange(key);
    return removed;
  }

  private nextVersionId(): string {
    return this.versioning === 'Enabled' ? newVersionId() : 'null';
  }

  private countChange(key: string): void {
    this.changes.set(key, this.changesOf(key) + 1);
  }
}

/** 32 letters, digits, `_` and `.`, as S3's look; they mean nothing and have no order. */
function newVersionId(): string {
  return randomBytes(24).toString('base64').replaceAll('+', '_').replaceAll('/', '.');
}

function deleteMarker(key: string, versionId: string, now: Date): StoredVersion {
  return {
    key,
    versionId,
    deleteMarker: true,
    storedAt: now,
    size: 0,
    etag: '',
    sha256: '',
    pieces: [],
    checksum: undefined,
    headers: {},
    retention: undefined,
    legalHold: undefined,
  };
}
