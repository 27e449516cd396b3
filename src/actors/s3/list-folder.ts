import type { S3Session } from './session.js';
import { idOf, versionPages } from './version-pages.js';

/** The ids of what lies at a key. */
export interface VersionIds {
  /** Bytes, of the version that is listed last. */
  readonly size: number;
  readonly versions: readonly string[];
  readonly deleteMarkers: readonly string[];
}

/** What lies below a folder (a prefix that ends with a slash), by name: every version, and every delete marker. */
export async function listFolder(session: S3Session, folder: string): Promise<Map<string, VersionIds>> {
  const found = new Map<string, { size: number; versions: string[]; deleteMarkers: string[] }>();
  for await (const { Versions = [], DeleteMarkers = [] } of versionPages(session, folder)) {
    for (const [listed, kind] of [[Versions, 'versions'] as const, [DeleteMarkers, 'deleteMarkers'] as const]) {
      for (const { Key = '', VersionId, ...rest } of listed) {
        // A service that lists what was not asked for shows it under its whole key: nothing of ours has such a name.
        const name = Key.startsWith(folder) ? Key.slice(folder.length) : Key;
        const entry = found.get(name) ?? { size: 0, versions: [], deleteMarkers: [] };
        if ('Size' in rest) entry.size = rest.Size ?? 0;
        entry[kind].push(idOf(VersionId, folder));
        found.set(name, entry);
      }
    }
  }
  return found;
}
