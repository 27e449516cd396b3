import type { Account } from './account.js';

/** One request as it was met; it is logged on arrival and completed when it ends. */
export interface LoggedRequest {
  readonly id: string;
  /** ISO 8601, by this machine's clock. */
  readonly at: string;
  readonly method: string;
  /** `NotImplemented` for what the stand-in does not know. */
  operation: string;
  bucket: string;
  key: string;
  versionId: string | null;
  /** null as long as nothing was answered. */
  status: number | null;
  /** The error code that was answered, for HEAD too. */
  code: string | null;
  /** The fault that the request met. */
  fault: 'delay' | 'error' | 'hang' | 'reset' | 'lie' | null;
  ended: 'answered' | 'hung' | 'reset' | 'client went away' | null;
}

export interface ListedVersion {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE' | null;
  /** ISO 8601. */
  readonly retainUntil: string | null;
  readonly legalHold: boolean;
  readonly deleteMarker: boolean;
}

/** A multipart upload in progress. */
export interface ListedUpload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  /** Numbers of the parts that it has. */
  readonly parts: readonly number[];
}

/** All multipart uploads in progress, oldest first. */
export function listUploads(account: Account): ListedUpload[] {
  return [...account.buckets.values()].flatMap(({ name, uploads }) =>
    [...uploads.values()].map(({ key, uploadId, parts }) => ({ bucket: name, key, uploadId, parts: [...parts.keys()] })),
  );
}

/** All that is stored: by bucket and key, newest first. */
export function listVersions(account: Account): ListedVersion[] {
  return [...account.buckets.values()].flatMap((bucket) =>
    bucket.versions().map(({ key, versionId, size, sha256, retention, legalHold, deleteMarker }) => ({
      bucket: bucket.name,
      key,
      versionId,
      size,
      sha256,
      mode: retention?.mode ?? null,
      retainUntil: retention?.retainUntil.toISOString() ?? null,
      legalHold: legalHold ?? false,
      deleteMarker,
    })),
  );
}
