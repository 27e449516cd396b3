import { ActorError } from '../actor.js';
import { call, type S3Session } from './session.js';

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
  let page: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
  for (;;) {
    const facts = { prefix: key, 'key-marker': page.KeyMarker, 'version-id-marker': page.VersionIdMarker };
    const answer = await call(session, 'ListObjectVersions', facts, (options) =>
      session.client.listObjectVersions({ Bucket: session.bucket, Prefix: key, ...page }, options),
    );
    const atKey = <Item extends { readonly Key?: string | undefined }>(items: readonly Item[] = []) =>
      items.filter((item) => item.Key === key);
    versions.push(
      ...atKey(answer.Versions).map(({ VersionId, ETag }) => ({ versionId: idOf(VersionId, key), etag: ETag ?? '' })),
    );
    deleteMarkers.push(...atKey(answer.DeleteMarkers).map(({ VersionId }) => idOf(VersionId, key)));
    if (answer.IsTruncated === undefined) throw unreadableList(key, 'it does not say whether it is complete');
    if (!answer.IsTruncated) return { versions, deleteMarkers };
    if (answer.NextKeyMarker === undefined) throw unreadableList(key, 'it is cut off without saying where to go on');
    // The key itself sorts before all that begin with it: once the list has left it, there is no more of it.
    if (answer.NextKeyMarker !== key) return { versions, deleteMarkers };
    page = {
      KeyMarker: answer.NextKeyMarker,
      ...(answer.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: answer.NextVersionIdMarker }),
    };
  }
}

function idOf(versionId: string | undefined, key: string): string {
  if (versionId === undefined) throw unreadableList(key, 'a version has no id');
  return versionId;
}

function unreadableList(key: string, fault: string): ActorError {
  return new ActorError(
    'S3_REJECTED',
    `The list of versions at ${key} cannot be used: ${fault}. Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.`,
    { details: { key, fault } },
  );
}
