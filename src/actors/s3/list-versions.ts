import type { S3Session } from './session.js';
import { idOf, versionPages } from './version-pages.js';

export interface ListedVersion {
  readonly versionId: string;
  /** Empty where the service tells none. */
  readonly etag: string;
}

/** What lies at a key: its versions, and the ids of delete markers. */
export interface KeyVersions {
  readonly versions: readonly ListedVersion[];
  readonly deleteMarkers: readonly string[];
}

/** Lists every version and delete marker of exactly this key, not of those that begin with it. */
export async function listVersions(session: S3Session, key: string): Promise<KeyVersions> {
  const versions: ListedVersion[] = [];
  const deleteMarkers: string[] = [];
  for await (const { Versions, DeleteMarkers, NextKeyMarker } of versionPages(session, key)) {
    const atKey = <Item extends { readonly Key?: string | undefined }>(items: readonly Item[] = []) =>
      items.filter((item) => item.Key === key);
    versions.push(...atKey(Versions).map(({ VersionId, ETag }) => ({ versionId: idOf(VersionId, key), etag: ETag ?? '' })));
    deleteMarkers.push(...atKey(DeleteMarkers).map(({ VersionId }) => idOf(VersionId, key)));
    // The key itself sorts before all that begin with it: once the list has left it, there is no more of it.
    if (NextKeyMarker !== undefined && NextKeyMarker !== key) break;
  }
  return { versions, deleteMarkers };
}
