import type { LockMode } from '../../config/settings.js';
import { codeOf, s3Error } from './errors.js';
import { call, send, type S3Session } from './session.js';

/** The lock of a version, as S3 tells it. */
export interface Lock {
  readonly mode: string | undefined;
  readonly retainUntil: Date | undefined;
}

/** Asks for the lock of one version; null when it has none. One that may not be looked at is an error. */
export async function readRetention(session: S3Session, key: string, versionId: string): Promise<Lock | null> {
  try {
    const { Retention } = await send(session, 'GetObjectRetention', { key, 'version-id': versionId }, (options) =>
      session.client.getObjectRetention({ Bucket: session.bucket, Key: key, VersionId: versionId }, options),
    );
    return { mode: Retention?.Mode, retainUntil: Retention?.RetainUntilDate };
  } catch (error) {
    session.signal.throwIfAborted();
    // S3 says the first, Ceph the second.
    if (/^(?:NoSuchObjectLockConfiguration|ObjectLockConfigurationNotFoundError)$/.test(codeOf(error))) return null;
    throw s3Error(error, { operation: 'GetObjectRetention', bucket: session.bucket, key, region: session.region });
  }
}

/** Puts one version under a lock. The same lock a second time changes nothing. */
export async function putRetention(
  session: S3Session,
  { key, mode, retainUntil }: { readonly key: string; readonly mode: LockMode; readonly retainUntil: string },
  versionId: string,
): Promise<void> {
  const facts = { key, 'version-id': versionId, mode, 'retain-until-date': retainUntil };
  const input = {
    Bucket: session.bucket,
    Key: key,
    VersionId: versionId,
    Retention: { Mode: mode, RetainUntilDate: new Date(retainUntil) },
  };
  await call(session, 'PutObjectRetention', facts, (options) => session.client.putObjectRetention(input, options));
}
