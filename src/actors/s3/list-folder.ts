import { ActorError } from '../actor.js';
import { call, type S3Session } from './session.js';

/** The ids of what lies at a key. */
export interface VersionIds {
  readonly versions: readonly string[];
  readonly deleteMarkers: readonly string[];
}

/** What lies directly in a folder (a prefix that ends with a slash), by name: every version, and every delete marker. */
export async function listFolder(session: S3Session, folder: string): Promise<Map<string, VersionIds>> {
  const found = new Map<string, { versions: string[]; deleteMarkers: string[] }>();
  let page: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
  for (;;) {
    const facts = { prefix: folder, 'key-marker': page.KeyMarker, 'version-id-marker': page.VersionIdMarker };
    const answer = await call(session, 'ListObjectVersions', facts, (options) =>
      session.client.listObjectVersions({ Bucket: session.bucket, Prefix: folder, ...page }, options),
    );
    for (const [listed, kind] of [
      [answer.Versions ?? [], 'versions'] as const,
      [answer.DeleteMarkers ?? [], 'deleteMarkers'] as const,
    ]) {
      for (const { Key: key, VersionId: id } of listed) {
        if (key === undefined || id === undefined || !key.startsWith(folder))
          throw unreadable(folder, 'an entry has no key or id');
        const name = key.slice(folder.length);
        const entry = found.get(name) ?? { versions: [], deleteMarkers: [] };
        entry[kind].push(id);
        found.set(name, entry);
      }
    }
    if (answer.IsTruncated === undefined) throw unreadable(folder, 'it does not say whether it is complete');
    if (!answer.IsTruncated) return found;
    if (
      answer.NextKeyMarker === undefined ||
      (answer.NextKeyMarker === page.KeyMarker && answer.NextVersionIdMarker === page.VersionIdMarker)
    ) {
      throw unreadable(folder, 'it is cut off without saying where to go on');
    }
    page = {
      KeyMarker: answer.NextKeyMarker,
      ...(answer.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: answer.NextVersionIdMarker }),
    };
  }
}

function unreadable(folder: string, fault: string): ActorError {
  return new ActorError(
    'S3_REJECTED',
    `The list of versions below ${folder} cannot be used: ${fault}. Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.`,
    { details: { folder, fault } },
  );
}
