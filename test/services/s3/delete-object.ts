import { bypasses } from './object-lock.js';
import type { OperationContext } from './operation.js';
import { assertVersionId } from './read-object.js';
import type { Reply } from './reply.js';
import { removePieces } from './stored-file.js';

/** DeleteObject: without a version id it puts a delete marker on top, which no lock forbids; with one it ends the version, unless locked. */
export async function deleteObject(context: OperationContext): Promise<Reply> {
  const { account, request, bucket } = context;
  const { key, versionId } = request;
  if (versionId === undefined) {
    const { marker, removed } = bucket.deleteCurrent(key, account.now());
    await removePieces(removed);
    const headers = marker && { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId };
    return { status: 204, headers: headers ?? {} };
  }
  assertVersionId(versionId);
  const removed = bucket.deleteVersion(key, versionId, account.now(), bypasses(context));
  await removePieces(removed);
  return {
    status: 204,
    headers: { 'x-amz-version-id': versionId, ...(removed?.deleteMarker && { 'x-amz-delete-marker': 'true' }) },
  };
}
