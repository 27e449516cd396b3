import type { ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import { ActorError } from '../actor.js';
import { call, type S3Session } from './session.js';

/** The pages of ListObjectVersions below a prefix. A list that does not say where it ends is an error: it may hide a version. */
export async function* versionPages(session: S3Session, prefix: string): AsyncGenerator<ListObjectVersionsCommandOutput> {
  let page: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
  for (;;) {
    const facts = { prefix, 'key-marker': page.KeyMarker, 'version-id-marker': page.VersionIdMarker };
    const answer = await call(session, 'ListObjectVersions', facts, (options) =>
      session.client.listObjectVersions({ Bucket: session.bucket, Prefix: prefix, ...page }, options),
    );
    yield answer;
    const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = answer;
    if (IsTruncated === undefined) throw unreadableList(prefix, 'it does not say whether it is complete');
    if (!IsTruncated) return;
    const isStuck = NextKeyMarker === page.KeyMarker && NextVersionIdMarker === page.VersionIdMarker;
    if (NextKeyMarker === undefined || isStuck) throw unreadableList(prefix, 'it is cut off without saying where to go on');
    page = { KeyMarker: NextKeyMarker, ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }) };
  }
}

/** The id of a listed version; one without is an error. */
export function idOf(versionId: string | undefined, prefix: string): string {
  if (versionId === undefined) throw unreadableList(prefix, 'a version has no id');
  return versionId;
}

function unreadableList(prefix: string, fault: string): ActorError {
  return new ActorError(
    'S3_REJECTED',
    `The list of versions at ${prefix} cannot be used: ${fault}. Check that AWS_ENDPOINT_URL, if set, is a complete S3 service.`,
    { details: { key: prefix, fault } },
  );
}
