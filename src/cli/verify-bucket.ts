import { posix } from 'node:path';
import type { LockedFolder } from '../actors/s3/locked-folder.js';
import type { EvidenceSource } from '../evidence/evidence-dir.js';
import { EVIDENCE } from '../evidence/layout.js';
import { redactedBucket } from '../evidence/manifest.js';
import { failed, isUnknown, same, type VerifyCheck } from '../evidence/verify/check.js';
import type { EvidenceToVerify, Verification } from '../evidence/verify/verify-evidence.js';
import { UsageError } from './errors.js';
import type { Io } from './io.js';

/** An archive in a bucket. */
export interface S3Subject {
  readonly bucket: string;
  /** The folder of the run, with its slash. */
  readonly folder: string;
  readonly versionId: string | null;
}

/** `s3://BUCKET/KEY?versionId=ID`, its key that of an evidence.tar.gz; null when the text is no S3 URL at all. */
export function s3SubjectIn(text: string): S3Subject | null {
  if (!text.startsWith('s3://')) return null;
  const [, bucket, key, query] = /^s3:\/\/([^/?]+)\/([^?]+)(?:\?(.*))?$/.exec(text) ?? [];
  const parameters = new URLSearchParams(query ?? '');
  if (bucket === undefined || key === undefined || posix.basename(key) !== EVIDENCE.archive) {
    throw new UsageError(`${JSON.stringify(text)} is not of the form s3://BUCKET/.../${EVIDENCE.archive}?versionId=ID.`);
  }
  const unknown = [...parameters.keys()].find((name) => name !== 'versionId');
  if (unknown !== undefined)
    throw new UsageError(`${JSON.stringify(text)} has the unknown parameter ${JSON.stringify(unknown)}.`);
  return { bucket, folder: `${posix.dirname(key)}/`, versionId: parameters.get('versionId') };
}

/** Opens the folder of a run in a bucket, with the credentials of the environment or of AWS_PROFILE. Reads only. */
export async function withFolder<T>(
  bucket: string,
  folder: string,
  io: Io,
  work: (folder: LockedFolder) => Promise<T>,
): Promise<T> {
  const region = io.env['AWS_REGION'];
  if (region === undefined || region === '') throw new UsageError('AWS_REGION is not set. Export the region of the bucket.');
  const { createS3Client } = await import('../actors/s3/client.js');
  const { LockedFolder: Folder } = await import('../actors/s3/locked-folder.js');
  const owner = io.env['CUTOVER_BUCKET_OWNER'] || null;
  const client = await createS3Client({ awsRegion: region, awsProfile: io.env['AWS_PROFILE'] ?? null }, io.env, { owner });
  try {
    const session = { client, bucket, region, signal: io.signal, log: () => Promise.resolve() };
    return await work(await Folder.open(session, folder));
  } finally {
    client.destroy();
  }
}

/** The archive as it lies in the bucket, with all that was locked beside it. */
export function evidenceIn(folder: LockedFolder): EvidenceToVerify {
  const file = (name: string) => ({ directory: folder, name });
  return {
    directory: null,
    beside: folder,
    archive: file(EVIDENCE.archive),
    manifest: file(EVIDENCE.manifest),
    archiveDigest: null,
  };
}

/** Which version was asked for. */
export function versionAskedFor({ manifest }: Verification, versionId: string | null): VerifyCheck[] {
  if (versionId === null) return [];
  const expected = isUnknown(manifest) ? manifest : manifest.version_id;
  return [same(EVIDENCE.archive, 'the version that was asked for, as in the manifest', expected, versionId)];
}

/** What lies in the bucket, compared with the files here (null: they are the bucket's own). */
export async function bucketChecks(
  { manifest }: Verification,
  { folder, here, bucket }: { readonly folder: LockedFolder; readonly here: EvidenceSource | null; readonly bucket: string },
  io: Io,
): Promise<VerifyCheck[]> {
  const { lockChecks } = await import('../actors/s3/lock-checks.js');
  const named = isUnknown(manifest) ? manifest : manifest.s3_bucket;
  return [
    same(EVIDENCE.manifest, 'the bucket', named, redactedBucket(bucket)),
    ...(await lockChecks(folder, manifest, { here, now: io.now() })),
  ];
}

/** A local run against its copy in the bucket, which the manifest leads to. */
export async function onlineChecks(
  verification: Verification,
  here: EvidenceSource,
  bucket: string,
  io: Io,
): Promise<VerifyCheck[]> {
  const { manifest } = verification;
  if (isUnknown(manifest)) return [failed(EVIDENCE.manifest, 'where the run lies in the bucket', manifest, 'not looked at')];
  const path = `${posix.dirname(manifest.s3_key)}/`;
  return withFolder(bucket, path, io, (folder) => bucketChecks(verification, { folder, here, bucket }, io));
}
