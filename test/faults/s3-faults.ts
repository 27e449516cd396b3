import type { S3 } from '@aws-sdk/client-s3';
import type { Control, Fault } from '../services/s3/control.js';
import type { FaultPilot } from './fault-pilot.js';

type GivenFault = NonNullable<Control['faults']>[number];
export type S3Operation =
  | 'HeadBucket'
  | 'GetBucketVersioning'
  | 'GetObjectLockConfiguration'
  | 'ListObjectVersions'
  | 'PutObject'
  | 'ListMultipartUploads'
  | 'ListParts'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'HeadObject'
  | 'GetObject'
  | 'GetObjectRetention'
  | 'GetCallerIdentity';

/** Errors as S3 and STS answer them. Source: "Error responses" in the S3 API reference, "Common errors" of STS. */
export const ERRORS = {
  '400 InvalidRequest': { status: 400, code: 'InvalidRequest', message: 'The request is not valid.' },
  '400 ExpiredToken': { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' },
  '403 AccessDenied': { status: 403, code: 'AccessDenied', message: 'Access Denied' },
  '409 ConditionalRequestConflict': { status: 409, code: 'ConditionalRequestConflict', message: 'A conflicting operation.' },
  '412 PreconditionFailed': {
    status: 412,
    code: 'PreconditionFailed',
    message: 'At least one of the pre-conditions did not hold',
  },
  '500 InternalError': { status: 500, code: 'InternalError', message: 'We encountered an internal error. Please try again.' },
  '501 NotImplemented': { status: 501, code: 'NotImplemented', message: 'A header you provided implies functionality.' },
  '503 SlowDown': { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' },
} as const satisfies Record<string, Fault['error']>;
export type ErrorName = keyof typeof ERRORS;

/** What the stand-in for S3 and STS is to do, as an `inject`. */
export function s3Control(document: Control): (pilot: FaultPilot) => void {
  return ({ site }) => site.s3.control(document);
}

export function s3Fault(operation: S3Operation, fault: Omit<GivenFault, 'operation'>): (pilot: FaultPilot) => void {
  return s3Control({ faults: [{ operation, ...fault }] });
}

/** On a call about one object of the run. A list of versions has no key but a prefix: there, `nth` says which one is meant. */
export function objectFault(
  operation: S3Operation,
  name: string,
  fault: Omit<GivenFault, 'operation' | 'key'>,
): (pilot: FaultPilot) => void {
  return s3Fault(operation, operation === 'ListObjectVersions' ? fault : { ...fault, key: `*/${name}` });
}

/** The same on the archive. */
export function archiveFault(operation: S3Operation, fault: Omit<GivenFault, 'operation' | 'key'>): (pilot: FaultPilot) => void {
  return objectFault(operation, 'evidence.tar.gz', fault);
}

/** The answer of ListObjectVersions with one item, of somebody else. */
export function versionList(item: 'Version' | 'DeleteMarker', key: string): string {
  const listed = `<${item}><Key>${key}</Key><VersionId>of-somebody-else</VersionId></${item}>`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?><ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<IsTruncated>false</IsTruncated>${listed}</ListVersionsResult>`
  );
}

/** A third party puts an object into the bucket. */
export function putForeign(pilot: FaultPilot, name: string): Promise<void> {
  return asThirdParty(pilot, name, (client, at) => client.putObject({ ...at, Body: 'of somebody else' }));
}

/** A third party deletes what is not there: a delete marker comes to the key. */
export function deleteForeign(pilot: FaultPilot, name: string): Promise<void> {
  return asThirdParty(pilot, name, (client, at) => client.deleteObject(at));
}

/** A third party begins an upload, and sends a part of it. */
export function beginForeignUpload(pilot: FaultPilot, name: string): Promise<void> {
  return asThirdParty(pilot, name, async (client, at) => {
    const { UploadId } = await client.createMultipartUpload(at);
    await client.uploadPart({ ...at, UploadId, PartNumber: 1, Body: 'of somebody else' });
  });
}

/** And gives it up again. */
export function abortForeignUpload(pilot: FaultPilot, name: string): Promise<void> {
  return asThirdParty(pilot, name, async (client, at) => {
    const uploads = pilot.site.s3.state().uploads.filter(({ key }) => key === at.Key);
    for (const { uploadId } of uploads) await client.abortMultipartUpload({ ...at, UploadId: uploadId });
  });
}

/** Its versions are not locked, so that they can be removed for good. */
export function removeForeign(pilot: FaultPilot, name: string): Promise<void> {
  return asThirdParty(pilot, name, async (client, at) => {
    const versions = pilot.site.s3.state().versions.filter(({ key }) => key === at.Key);
    for (const { versionId } of versions) await client.deleteObject({ ...at, VersionId: versionId });
  });
}

async function asThirdParty(
  pilot: FaultPilot,
  name: string,
  act: (client: S3, at: { readonly Bucket: string; readonly Key: string }) => Promise<unknown>,
): Promise<void> {
  const sdk = await import('@aws-sdk/client-s3');
  const { s3, env } = pilot.site;
  const { AWS_REGION: region = '', DPP_WORM_BUCKET: bucket = '' } = env;
  const client = new sdk.S3({ endpoint: s3.url, region, forcePathStyle: true, credentials: s3.credentials });
  try {
    await act(client, { Bucket: bucket, Key: await pilot.objectKey(name) });
  } finally {
    client.destroy();
  }
}
